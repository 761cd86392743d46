// `sev-relay show`: single facts about the platform, as sevctl shows them.
import { type Command, helpOf, readCommandLine, usageError } from '../flags.ts';
import type { PlatformSource, PlatformStatus } from '../sources/types.ts';
import { PLATFORM_FLAGS, print, withPlatform } from './platform-verb.ts';

export const SHOW_COMMAND = {
  usage: 'sev-relay show status|version|guests|identifier|flags [OPTIONS]',
  summary: "Shows the platform's state, firmware version, number of guests, chip ids, or flags.",
  words: [1, 1],
  flags: { json: { help: 'print JSON' }, ...PLATFORM_FLAGS },
} as const satisfies Command<typeof PLATFORM_FLAGS & { json: { help: string } }>;

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
  const { values, words } = readCommandLine(args, SHOW_COMMAND);
  if (values.help) return print(helpOf(SHOW_COMMAND));
  const fact = FACTS[words[0]!];
  if (fact === undefined) throw usageError(`There is no “${words[0]}”: ${Object.keys(FACTS).join(', ')}.`);
  const value = await withPlatform(values, (platform) => fact.ask(platform));
  return print(values.json ? `${JSON.stringify(value)}\n` : `${fact.describe(value as never)}\n`);
}
