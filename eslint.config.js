import js from '@eslint/js';
import regexp from 'eslint-plugin-regexp';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';
import house from './e2e/house/fence.js';

const SINK = 'Text for a terminal goes through the one sink (shared/text/terminal.ts), which escapes it.';
/** Ways to write to a terminal past the sink. */
const PRINTING = [
  "MemberExpression[object.name='process'][property.name=/^(stdout|stderr)$/]",
  "MemberExpression[object.property.name='process'][property.name=/^(stdout|stderr)$/]",
  "VariableDeclarator[init.name='process'] Property[key.name=/^(stdout|stderr)$/]",
  'ImportDeclaration[source.value=/^(node:)?(process|console|tty)$/]',
  "MemberExpression[object.name='console']",
  'CallExpression[callee.property.name=/^(writeSync|writeFileSync|appendFileSync|write)$/][arguments.0.raw=/^[12]$/]',
  'CallExpression[callee.name=/^(writeSync|writeFileSync|appendFileSync|write|createWriteStream)$/][arguments.0.raw=/^([12]$|..dev.(std|tty|fd))/]',
  "Property[key.name='stdio'] Literal[value='inherit']",
].map((selector) => ({ selector, message: SINK }));

export default ts.config(
  { ignores: ['node_modules/', 'dist/', '.tsbuild/', 'test-results/', 'playwright-report/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte'],
    extends: [...ts.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['vite.config.ts', 'rooms.d.ts'] },
        extraFileExtensions: ['.svelte'],
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  ...svelte.configs.recommended,
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly' } },
  },
  // Who may import whom: rooms.js.
  { files: ['**/*.ts', '**/*.svelte'], plugins: { house }, rules: { 'house/rooms': 'error' } },
  {
    files: ['web/**/*.ts', 'web/**/*.svelte', 'relay/**/*.ts', 'shared/**/*.ts'],
    // Each command's own streams; a child process whose output is a pipe; benches and tests print for developers.
    ignores: [
      'web/cli/terminal.ts',
      'relay/command/process-terminal.ts',
      'relay/simulator/virtual/device-probe.ts',
      'relay/bench/**',
      '**/testing/**',
      '**/testing.ts',
      '**/*-testing.ts',
      '**/*.test.ts',
    ],
    rules: { 'no-restricted-syntax': ['error', ...PRINTING] },
  },
  // Regular expressions that read what others wrote take time in proportion to it. e2e/linear tries the parsers.
  {
    files: ['**/*.ts', '**/*.svelte'],
    ignores: ['**/*.test.ts', '**/*.spec.ts', '**/testing/**'],
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential', ignoreSticky: true }],
    },
  },
  {
    files: ['**/*.ts', '**/*.svelte'],
    ignores: ['shared/sev/seal/secret-packet.ts', 'shared/sev/seal/secret-packet.test.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/packet-crypto.ts'],
              allowTypeImports: true,
              message: 'Packets are sealed by sealSecret, which asks for a Release.',
            },
          ],
        },
      ],
    },
  },
);
