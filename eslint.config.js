import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import ts from 'typescript-eslint';

/** Who may import whom: DESIGN.md, "Parts, and what never touches what". */
const fence = (files, group, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

export default ts.config(
  { ignores: ['node_modules/', 'dist/', '.tsbuild/', 'test-results/', 'playwright-report/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte'],
    extends: [...ts.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ['vite.config.ts'] }, extraFileExtensions: ['.svelte'] },
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
  fence(['shared/**/*.ts'], ['**/web/**', '**/relay/**', 'node:*'], 'shared is pure: no web, no relay, no Node.'),
  fence(['relay/**/*.ts'], ['**/web/**'], 'The relay and the web app meet only in shared.'),
  fence(
    ['web/**/*.ts', 'web/**/*.svelte'],
    ['**/relay/{command,serve,state,sources,host,simulator,testing}/**'],
    'The relay and the web app meet only in shared.',
  ),
  fence(
    ['shared/simulator/**/*.ts'],
    ['**/verify/**', '**/decide/**', '**/session/**', '**/seal/**', '**/web/**', '**/relay/**', 'node:*'],
    'What makes and what checks must not share a mistake.',
  ),
  // A rule of its own, because of two settings of one rule for one file only the last counts.
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
