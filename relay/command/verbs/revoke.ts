// `sev-relay revoke NAME`: ends a pairing. A relay that runs drops its clients.
import { revokePairing } from '../../serve/pairing.ts';
import { defaultStatePath, openSharedState } from '../../state/state.ts';
import { type Command, type Flags, helpOf, HELP_FLAG, readCommandLine } from '../flags.ts';
import { print } from '../process-terminal.ts';
import { STATE_FLAG } from './pair.ts';
import { PAIRINGS } from './words.ts';

export const REVOKE_COMMAND = {
  usage: 'sev-relay revoke NAME [OPTIONS]',
  summary: 'Ends a pairing: its code is refused from now on, and a relay that runs drops its clients.',
  words: [1, 1],
  flags: { state: STATE_FLAG, help: HELP_FLAG },
} as const satisfies Command<Flags>;

export function run(args: readonly string[]): Promise<number> {
  const { values, words } = readCommandLine(args, REVOKE_COMMAND);
  if (values.help) return Promise.resolve(print(helpOf(REVOKE_COMMAND)));
  const name = words[0]!;
  revokePairing(openSharedState(values.state ?? defaultStatePath()), name);
  return Promise.resolve(print(`${PAIRINGS.revoked(name)}\n`));
}
