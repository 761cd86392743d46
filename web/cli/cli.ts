// The command line as a whole: which verb, its help, and what comes back as exit code.
import { VERSION } from '../../shared/version.ts';
import { type Streams, Terminal } from '../../shared/text/terminal.ts';
import { usage } from './usage.ts';
import { explain } from './verb.ts';
import { VERBS } from './verbs.ts';

/**
 * Runs one command line of `sev-verifier`.
 *
 * @param args without node and the script
 * @returns 0 verified or done, 1 refused or mismatch, 2 wrong use or unreadable input; `validate` has codes of its own
 */
export async function runCommand(args: readonly string[], streams: Streams): Promise<number> {
  const terminal = new Terminal(streams);
  const [first = 'serve', ...rest] = args;
  if (['help', '--help', '-h'].includes(first)) return printHelp(terminal);
  if (first === '--version') return printVersion(terminal);
  const [name, options] = first.startsWith('-') ? ['serve', args] : [first, rest];
  const entry = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (entry === undefined) return refuseVerb(name, options, terminal);
  try {
    const { run } = await entry.load();
    return await run(options, terminal);
  } catch (error) {
    return explain(error, options.includes('--json'), terminal);
  }
}

/** A person gets the verbs to choose from with it; a script gets JSON. */
function refuseVerb(name: string, options: readonly string[], terminal: Terminal): number {
  const verbs = Object.keys(VERBS).join(', ');
  const error = usage('', `“${name.slice(0, 40)}” is no verb of sev-verifier.`, `Use one of: ${verbs}.`);
  return explain(error, options.includes('--json'), terminal);
}

function printVersion(terminal: Terminal): number {
  terminal.out(`sev-verifier ${VERSION}\n`);
  return 0;
}

function printHelp(terminal: Terminal): number {
  const lines = Object.entries(VERBS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);
  const text = [
    'Usage: sev-verifier [VERB] [OPTIONS]',
    '',
    "The guest owner's side of AMD SEV and SEV-ES. Without a verb, it serves the web app.",
    '',
    ...lines,
    '',
    'Each verb explains itself with --help, and speaks JSON with --json. Numbers are decimal or 0x….',
    'Exit codes: 0 verified or done, 1 refused or mismatch, 2 wrong use or unreadable input (validate: its own).',
    '--version prints the version.',
    '',
  ].join('\n');
  terminal.out(text);
  return 0;
}
