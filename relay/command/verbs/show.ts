// `sev-relay show`: single facts about the platform, as sevctl shows them; and a guest's measurement, as virsh does.
import { toBase64 } from '../../../shared/bytes/text.ts';
import { type Command, type CommandLine, helpOf, readCommandLine, usageError } from '../flags.ts';
import type { PlatformSource, PlatformStatus } from '../../sources/types.ts';
import { withGuest } from './one-guest.ts';
import { print } from '../process-terminal.ts';
import { PLATFORM_FLAGS, withPlatform } from './platform-verb.ts';

export const SHOW_COMMAND = {
  usage: 'sev-relay show status|version|guests|identifier|flags | measurement NAME [OPTIONS]',
  summary:
    "Shows the platform's state, firmware version, number of guests, chip ids, or flags; or what was measured of a guest, as `virsh domlaunchsecinfo` does.",
  words: [1, 2],
  flags: {
    json: { help: 'print JSON' },
    qmp: { value: 'NAME=SOCKET|HOST:PORT', many: true, help: "where the guest's monitor is, when no relay has it" },
    ...PLATFORM_FLAGS,
  },
} as const satisfies Command<Record<string, { value?: string; many?: true; bare?: true; help: string }>>;

type Given = CommandLine<typeof SHOW_COMMAND.flags>;

interface Fact {
  ask(platform: PlatformSource): Promise<unknown>;
  describe(value: never): string;
}

const both = (value: number): string => `${value} · 0x${value.toString(16)}`;

const describeStatus = ({ apiMajor, apiMinor, build, state, owner, es, guests }: PlatformStatus): string =>
  [
    `API      ${apiMajor}.${apiMinor} · 0x${apiMajor.toString(16)}.0x${apiMinor.toString(16)}`,
    `build    ${both(build)}`,
    `state    ${state}`,
    `owner    ${owner === 'self' ? 'the platform itself' : 'an external owner'}`,
    `SEV-ES   ${es ? 'initialised' : 'not initialised'}`,
    `guests   ${guests}`,
  ].join('\n');

const FACTS: Readonly<Record<string, Fact>> = {
  status: { ask: (platform) => platform.status(), describe: describeStatus },
  version: {
    ask: (platform) => platform.status().then(({ apiMajor, apiMinor, build }) => `${apiMajor}.${apiMinor}.${build}`),
    describe: String,
  },
  guests: { ask: (platform) => platform.status().then(({ guests }) => guests), describe: String },
  identifier: { ask: (platform) => platform.identifier(), describe: (ids: readonly string[]) => ids.join('\n') },
  flags: {
    ask: (platform) =>
      platform.status().then(({ owner, es }) => [...(owner === 'external' ? ['owned'] : []), ...(es ? ['es'] : [])]),
    describe: (flags: readonly string[]) => flags.join('\n'),
  },
};

export async function run(args: readonly string[]): Promise<number> {
  const given = readCommandLine(args, SHOW_COMMAND);
  const { values, words } = given;
  if (values.help) return print(helpOf(SHOW_COMMAND));
  const [what, name] = words;
  if (what === 'measurement') return showMeasurement(given);
  const fact = FACTS[what!];
  if (fact === undefined) throw usageError(`There is no “${what}”: ${Object.keys(FACTS).join(', ')}, measurement.`);
  if (name !== undefined) throw usageError(`“${name}” is more than is understood here.`);
  const value = await withPlatform(values, (platform) => fact.ask(platform));
  return print(values.json ? `${JSON.stringify(value)}\n` : `${fact.describe(value as never)}\n`);
}

/** In virsh's lines, which the verifier takes as they are; its numbers are decimal. */
async function showMeasurement({ values, words: [, name] }: Given): Promise<number> {
  if (name === undefined) throw usageError('Name the guest: sev-relay show measurement NAME.');
  const facts = await withGuest(values, name, (guest) => guest.measurement());
  const { apiMajor, apiMinor, build, policy } = facts;
  const measurement = toBase64(facts.measurement);
  if (values.json) return print(`${JSON.stringify({ measurement, apiMajor, apiMinor, build, policy })}\n`);
  return print(`sev-measurement: ${measurement}
sev-api-major  : ${apiMajor}
sev-api-minor  : ${apiMinor}
sev-build-id   : ${build}
sev-policy     : ${policy}
`);
}
