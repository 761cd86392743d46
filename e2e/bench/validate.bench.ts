// Issue 3: `sev-verifier validate` beside the tool that it stands in for, as whole processes.
import { createHmac, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64 } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { buildVmsaPages } from '../../shared/guest/vmsa.ts';
import { entry, image, le, RESET } from '../../shared/testing/guest-images.ts';
import { launchDigestTail } from '../../shared/sev/verify/launch-digest.ts';
import { encodeMeasuredLaunch } from '../../shared/sev/verify/launch-measure.ts';
import { hashFile } from '../../web/cli/hash-file.ts';
import { type Bench, beside, type Figure, skipped } from './bench.ts';
import { libvirtTool } from './libvirt-tool.ts';
import { commandEnding, timeInTurns } from './measure.ts';

const VCPUS = 64;
const POLICY = 7;
const VERSION = { apiMajor: 1, apiMinor: 55, build: 21 };
const NAME = 'virt-qemu-sev-validate';

export const bench: Bench = {
  issue: 3,
  title: 'validate',
  run: async ({ folder, quick, commands }) => {
    const tool = libvirtTool();
    if ('missing' in tool) return [skipped('whole process', 'ms', tool.missing)];
    const figures: Figure[] = [];
    for (const megabytes of quick ? [4] : [4, 74]) {
      const args = writeLaunch(folder, megabytes);
      const [ours, theirs] = await timeInTurns(
        quick ? 1 : 9,
        () => commandEnding(0, 'node', commands.verifier, 'validate', ...args),
        () => commandEnding(0, ...tool.command, ...args),
      );
      const name = `${megabytes} MB image with ${VCPUS} vCPUs, whole process`;
      // Promised for the large one; below, what is compared is how Node and Python start.
      figures.push(beside(name, 'ms', ours!, { name: NAME, value: theirs! }, megabytes >= 74 ? 1 : undefined));
    }
    return figures;
  },
};

/** Writes a launch that both accept. */
function writeLaunch(folder: string, megabytes: number): readonly string[] {
  const path = (name: string): string => join(folder, name);
  writeFileSync(path('ovmf'), image([entry(RESET, le(0x80b004))], randomBytes(megabytes * 1e6)));
  const [tek, tik, mnonce] = [randomBytes(16), randomBytes(16), randomBytes(16)];
  writeFileSync(path('tk'), concat(tek, tik));
  const vmsas = buildVmsaPages({ variant: 'qemu', cpuSignature: 0xa00f11, resetEip: 0x80b004 }, VCPUS);
  const launchDigest = hashFile(path('ovmf')).sha256(launchDigestTail({ vmsas }));
  const message = encodeMeasuredLaunch({ ...VERSION, policy: POLICY, launchDigest, mnonce });
  const measure = createHmac('sha256', tik).update(message).digest();
  return [
    ...['--firmware', path('ovmf'), '--tk', path('tk'), '--measurement', toBase64(concat(measure, mnonce))],
    ...['--api-major', '1', '--api-minor', '55', '--build-id', '21', '--policy', String(POLICY)],
    ...['--num-cpus', String(VCPUS), '--cpu-family', '25', '--cpu-model', '1', '--cpu-stepping', '1'],
  ];
}
