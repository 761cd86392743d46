// `sev-relay reset`: the platform without an owner, with new keys.
import { type Command, helpOf, readCommandLine } from '../flags.ts';
import { print } from '../process-terminal.ts';
import { OWNER_FLAGS, requireOwnership, withPlatform } from './platform-verb.ts';

export const RESET_COMMAND = {
  usage: 'sev-relay reset [--pek] [OPTIONS]',
  summary: 'Makes the platform its own owner again, with a new OCA, PEK and PDH; no SEV guest may run.',
  flags: { pek: { help: 'by a new PEK (PEK_GEN) in place of a reset (PLATFORM_RESET)' }, ...OWNER_FLAGS },
} as const satisfies Command<typeof OWNER_FLAGS & { pek: { help: string } }>;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readCommandLine(args, RESET_COMMAND);
  if (values.help) return print(helpOf(RESET_COMMAND));
  await requireOwnership(values, 'take the owner and all keys from this platform');
  await withPlatform(values, ({ owner }) => (values.pek ? owner.regeneratePek() : owner.reset()));
  return print('The platform is its own owner, with new keys. Export its chain again.\n');
}
