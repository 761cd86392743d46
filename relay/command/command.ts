// The command line of `sev-relay` as a whole: which command, its help, and what comes back as exit code.
import { SevError } from '../../shared/errors.ts';
import { visibleLine } from '../../shared/text/visible.ts';
import { VERSION } from '../../shared/version.ts';
import { print, terminal } from './process-terminal.ts';
import { VERBS } from './verbs.ts';

/** Neither 0 nor 1 nor 3, which are answers of `check`. */
export const NO_ANSWER = 2;

/**
 * Runs one command line.
 * @param args without node and the script
 * @returns 0 done, 1 the host or the platform refused, 2 wrong use or an unforeseen failure; `check` says its own
 */
export async function runRelayCommand(args: readonly string[]): Promise<number> {
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

/** What went wrong, and what to do; 2 for a wrong command line, 1 for a host that refused. */
function explain(error: unknown): number {
  if (!(error instanceof SevError)) return explainUnforeseen(error);
  const place = error.at ? ` (${visibleLine(error.at)})` : '';
  terminal.err(`${error.code}${place}: ${visibleLine(error.sentence)}\nNext: ${visibleLine(error.next)}\n`);
  return error.code === 'RELAY_USAGE' ? 2 : 1;
}

/** What the system refused is told by its name; anything else is a fault of this program, and its trace tells where. */
export function explainUnforeseen(error: unknown): number {
  const { code, syscall, path, stack } = error as NodeJS.ErrnoException;
  if (code !== undefined && syscall !== undefined)
    return explain(new SevError('RELAY_FILE', { at: path ?? syscall, because: `The system said ${code}.` }));
  terminal.err(`sev-relay failed in a way that it did not expect.\n${stack ?? String(error)}\n`);
  return NO_ANSWER;
}
