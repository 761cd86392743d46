// Nothing but the sink writes to a terminal: the lint rule that holds it is tried on every way round it.
import { Linter } from 'eslint';
import { describe, expect, it } from 'vitest';

type Entry = Linter.Config & { readonly files?: readonly string[]; readonly ignores?: readonly string[] };
// By its address: the config is JavaScript, and has no types.
const { default: config } = (await import(new URL('../eslint.config.js', import.meta.url).href)) as {
  default: readonly Entry[];
};
const entry = config.find(({ rules }) => rules?.['no-restricted-syntax'] !== undefined);

const complaints = (code: string): number =>
  new Linter().verify(code, [{ rules: entry!.rules!, languageOptions: { sourceType: 'module' } }]).length;

describe('the rule on output', () => {
  it.each([
    "process.stdout.write('x')",
    "process.stderr.write('x')",
    "globalThis.process.stdout.write('x')",
    'const { stdout } = process',
    "import { stdout } from 'node:process'",
    "import process from 'process'",
    "import tty from 'node:tty'",
    "console.log('x')",
    "console.error('x')",
    "fs.writeSync(1, 'x')",
    "writeSync(2, 'x')",
    "writeFileSync('/dev/stdout', 'x')",
    "createWriteStream('/dev/tty')",
    "spawn('ls', [], { stdio: 'inherit' })",
    "spawn('ls', [], { stdio: ['ignore', 'inherit', 'pipe'] })",
  ])('refuses %s', (code) => {
    expect(complaints(code)).toBeGreaterThan(0);
  });

  it.each(["terminal.out('x')", 'process.exitCode = 1; process.stdin.resume()', "join(folder, 'console.log')"])(
    'takes %s',
    (code) => {
      expect(complaints(code)).toBe(0);
    },
  );

  it('holds for both commands and what they share, but for their one sink', () => {
    expect(entry?.files).toEqual(expect.arrayContaining(['web/**/*.ts', 'relay/**/*.ts', 'shared/**/*.ts']));
    const sinks = entry!.ignores!.filter((path) => !/test|bench/.test(path));
    expect(sinks).toEqual([
      'web/cli/terminal.ts',
      'relay/command/process-terminal.ts',
      // A child of the tests' virtual host: its output is a pipe.
      'relay/simulator/virtual/device-probe.ts',
    ]);
  });
});
