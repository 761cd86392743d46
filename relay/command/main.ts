#!/usr/bin/env node
// `sev-relay`: the host operator's command. Without a verb it serves.
import { SevError } from '../../shared/errors.ts';
import { VERBS } from './verbs.ts';
import { VERSION } from '../../shared/version.ts';

/** Neither 0 nor 1 nor 3, which are answers of `check`. */
const NO_ANSWER = 2;

// A reader such as `head` may go before everything was said: that is no fault of ours. A relay serves on whoever reads;
// the other commands must not end as if their answer had been written.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return;
  process.stderr.write(`The answer cannot be written. The system says ${code}.\n`);
  if (!isServing(process.argv.slice(2))) process.exit(NO_ANSWER);
});
// Log lines that nobody takes any more are lost, and nothing else.
process.stderr.on('error', () => undefined);
process.exitCode = await main(process.argv.slice(2));

function isServing([first = 'serve', ...rest]: readonly string[]): boolean {
  const isVerb = first === 'serve' || first.startsWith('-');
  return isVerb && ![first, ...rest].some((word) => word === '--help' || word === '--version');
}

async function main(args: readonly string[]): Promise<number> {
  const [first = 'serve', ...rest] = args;
  if (first === '--version') return print(`sev-relay ${VERSION}\n`);
  if (first === 'help' || (['--help', '-h'].includes(first) && rest.length === 0)) return print(await overview());
  const [name, options] = first.startsWith('-') ? ['serve', args] : [first, rest];
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  try {
    if (verb === undefined)
      throw new SevError('RELAY_USAGE', { because: `“${name.slice(0, 40)}” is no command of sev-relay.` });
    const { run } = await verb.load();
    return await run(options);
  } catch (error) {
    return explain(error);
  }
}

async function overview(): Promise<string> {
  const [{ helpOf }, { SERVE_COMMAND }] = await Promise.all([import('./flags.ts'), import('./options.ts')]);
  const lines = Object.entries(VERBS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  return `${helpOf(SERVE_COMMAND)}\nCommands:\n${lines.join('\n')}\n\nEach explains itself with --help.\n`;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** What went wrong, and what to do; 2 for a wrong command line, 1 for a host that refused. */
function explain(error: unknown): number {
  if (!(error instanceof SevError)) return explainUnforeseen(error);
  const place = error.at ? ` (${error.at})` : '';
  process.stderr.write(`${error.code}${place}: ${error.sentence}\nNext: ${error.next}\n`);
  return error.code === 'RELAY_USAGE' ? 2 : 1;
}

/** What the system refused is told by its name; anything else is a fault of this program, and its trace tells where. */
function explainUnforeseen(error: unknown): number {
  const { code, syscall, path, stack } = error as NodeJS.ErrnoException;
  if (code !== undefined && syscall !== undefined)
    return explain(new SevError('RELAY_FILE', { at: path ?? syscall, because: `The system said ${code}.` }));
  process.stderr.write(`sev-relay failed in a way that it did not expect.\n${stack ?? String(error)}\n`);
  return NO_ANSWER;
}
