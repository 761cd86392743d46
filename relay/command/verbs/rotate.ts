// `sev-relay rotate`: a new PDH.
import { type Command, helpOf, readCommandLine } from '../flags.ts';
import { print } from '../process-terminal.ts';
import { OWNER_FLAGS, requireOwnership, withPlatform } from './platform-verb.ts';

export const ROTATE_COMMAND = {
  usage: 'sev-relay rotate [OPTIONS]',
  summary: 'Makes a new PDH. Sessions made for the old one are void; guests that run are not touched.',
  flags: OWNER_FLAGS,
} as const satisfies Command<typeof OWNER_FLAGS>;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readCommandLine(args, ROTATE_COMMAND);
  if (values.help) return print(helpOf(ROTATE_COMMAND));
  await requireOwnership(values, 'make a new PDH, so that sessions made for the old one are void');
  await withPlatform(values, (platform) => platform.owner.rotatePdh());
  return print('The platform has a new PDH. Export its chain again.\n');
}
