// What no search can try: said where none of the possibilities would have matched.
import type { DoctorCase } from './case.ts';

const CPU = "A CPU whose signature is none of the known models: with -cpu host, give the host CPU's own.";
const SEED =
  'QEMU 7.2 with a kernel adds a random seed to it, so that its hash is never the same: use the machine type pc-q35-7.1, or QEMU 8.';

/** What to look at next for such a launch, the likeliest first. */
export const beyondTheDoctor = ({
  expected: { kernel, registers },
}: Pick<DoctorCase, 'expected'>): readonly string[] => [
  'A guest image, kernel or initrd that is not known here: add every build that the host may have used.',
  ...(registers ? [CPU] : []),
  ...(kernel ? [SEED] : []),
  'A -dtb, or an IGVM file, changes what is measured in ways that are not tried here.',
  'A measurement of an earlier launch, or of a session whose key is not here.',
];
