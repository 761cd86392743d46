// `sev-relay pairings`: who has a code, what it reaches, and until when. The codes themselves are not kept.
import { isExpired, type Pairing, readPairings } from '../../serve/pairing.ts';
import { defaultStatePath, openSharedState } from '../../state/state.ts';
import { type Command, type Flags, helpOf, HELP_FLAG, readCommandLine } from '../flags.ts';
import { print } from '../process-terminal.ts';
import { STATE_FLAG } from './pair.ts';
import { PAIRINGS } from './words.ts';

export const PAIRINGS_COMMAND = {
  usage: 'sev-relay pairings [OPTIONS]',
  summary: 'Lists the pairing codes: for whom, what each reaches, and until when. The codes themselves are not kept.',
  flags: { json: { help: 'print JSON' }, state: STATE_FLAG, help: HELP_FLAG },
} as const satisfies Command<Flags>;

export function run(args: readonly string[]): Promise<number> {
  const { values } = readCommandLine(args, PAIRINGS_COMMAND);
  if (values.help) return Promise.resolve(print(helpOf(PAIRINGS_COMMAND)));
  const pairings = readPairings(openSharedState(values.state ?? defaultStatePath()));
  if (values.json) {
    const list = pairings.map(({ name, scope, createdAt, expiresAt }) => ({ name, scope, createdAt, expiresAt }));
    return Promise.resolve(print(`${JSON.stringify(list, undefined, 2)}\n`));
  }
  const now = Date.now();
  const lines = pairings.map((pairing) => describe(pairing, now));
  return Promise.resolve(print(lines.length === 0 ? `${PAIRINGS.none}\n` : lines.join('')));
}

function describe(pairing: Pairing, now: number): string {
  const { name, scope, expiresAt } = pairing;
  const until = expiresAt === undefined ? undefined : new Date(expiresAt).toISOString().slice(0, 10);
  return `${[
    `${name}  ${PAIRINGS.until(until, isExpired(pairing, now))}`,
    `  ${PAIRINGS.guests[scope.guests]}${scope.named ? PAIRINGS.named(scope.named) : ''}`,
    `  ${PAIRINGS.profiles(scope.profiles)}`,
    ...(scope.ownership ? [`  ${PAIRINGS.ownership}`] : []),
  ].join('\n')}\n`;
}
