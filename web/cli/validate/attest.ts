// Is the reported measurement the one of these files? In the order in which virt-qemu-sev-validate looks, so that the
// first fault it meets is the first one here.
import { isEs } from '../../../shared/sev/formats/policy.ts';
import { fromBase64 } from '../../../shared/bytes/text.ts';
import { SevError } from '../../../shared/errors.ts';
import { cpuSignature } from '../../../shared/guest/cpu-signature.ts';
import { type GuestImage, guestImageOf, parseGuestImageEnds, withCode } from '../../../shared/guest/guest-image.ts';
import { LAUNCH_MEASURE_SIZE, parseLaunchMeasure } from '../../../shared/sev/formats/launch-measure.ts';
import { buildVmsa, requireVcpus, VMSA_SIZE, type VmsaPages } from '../../../shared/guest/vmsa.ts';
import type { TransportKeys } from '../../../shared/sev/session/launch-session.ts';
import { launchDigestTail } from '../../../shared/sev/verify/launch-digest.ts';
import {
  launchMeasureMatches,
  readReportedLaunch,
  type ReportedLaunch,
} from '../../../shared/sev/verify/launch-measure.ts';
import { type HashedFile, type HashedImage, hashImage } from '../hash-file.ts';
import { isVouchedFor } from '../launch-files.ts';
import { hashKernelFiles } from '../kernel-files.ts';
import { readBounded } from '../read-file.ts';
import { readTransportKeys } from '../transport-key-files.ts';
import { usage } from '../usage.ts';
import type { ValidateOptions } from './options.ts';

/** A launch whose measure is the expected one. */
export interface Attested {
  readonly keys: TransportKeys;
  /** From the given files, 32 bytes. */
  readonly launchDigest: Uint8Array;
  readonly reported: ReportedLaunch;
  /** For the findings: what the digest covers. */
  readonly kernelHashes: boolean;
  readonly vcpus: number;
  /** What the guest image says of itself, where it can be read. */
  readonly guestImage?: GuestImage;
  /** The command line that is measured, if one is. */
  readonly cmdline?: string;
  /** The owner vouches for this very image. */
  readonly vouched: boolean;
}

/** @throws SevError MEASURE_MISMATCH when it is another launch; others when that cannot be told */
export async function attest(options: ValidateOptions): Promise<Attested> {
  const image = hashImage(options.firmware);
  const vouched = isVouchedFor({ 'vouch-image': options.vouchImage }, image);
  const keys = await readTransportKeys(options.keys);
  const kernelHashes = hashKernelFiles(options);
  const pages = (await readPages(options)) ?? buildPages(options, image);
  const vmsas = isEs(Number(options.policy & 0xffffffffn)) ? sequence(pages, options.vcpus) : undefined;
  const tail = launchDigestTail({ ...(kernelHashes && { kernelHashes }), ...(vmsas && { vmsas }) });
  const launchDigest = image.sha256(tail);
  const reported = readReported(options);
  const expected = { launchDigest, policy: reported.policy };
  if (!(await launchMeasureMatches(keys.tik, expected, reported))) throw new SevError('MEASURE_MISMATCH');
  // Looking into the code takes a second: only where something hangs on it.
  const guestImage = kernelHashes || options.inject ? wholeImage(image) : guestImageOf(image);
  return {
    vouched,
    ...(kernelHashes && { cmdline: options.cmdline ?? '' }),
    ...{ keys, launchDigest, reported, kernelHashes: kernelHashes !== undefined, vcpus: vmsas?.vcpus ?? 0 },
    ...(guestImage && { guestImage }),
  };
}

function wholeImage(image: HashedImage): GuestImage | undefined {
  const ends = guestImageOf(image);
  return ends && image.whole ? withCode(ends, image.whole) : ends;
}

type Pages = Omit<VmsaPages, 'vcpus'>;

async function readPages({ vmsaFiles }: ValidateOptions): Promise<Pages | undefined> {
  if (!vmsaFiles) return undefined;
  const boot = await readPage(vmsaFiles.boot, '--vmsa-cpu0');
  return vmsaFiles.others === undefined ? { boot } : { boot, others: await readPage(vmsaFiles.others, '--vmsa-cpu1') };
}

async function readPage(path: string, at: string): Promise<Uint8Array> {
  const page = await readBounded(path, 1 << 20);
  if (page?.length === VMSA_SIZE) return page;
  throw usage(at, `A VMSA has ${VMSA_SIZE} bytes; the file has ${page?.length ?? 'more than a million'}.`);
}

/** Both pages, also where they are not needed: an image without a reset block is named as libvirt's tool names it. */
function buildPages({ cpu }: ValidateOptions, image: HashedFile): Pages | undefined {
  if (!cpu) return undefined;
  const { resetEip } = parseGuestImageEnds(image, '--firmware');
  const version = { family: Number(cpu.family), model: Number(cpu.model), stepping: Number(cpu.stepping) };
  const settings = {
    variant: 'qemu',
    cpuSignature: cpuSignature(version),
    ...(resetEip !== undefined && { resetEip }),
  } as const;
  return { boot: buildVmsa(settings, 'boot'), others: buildVmsa(settings, 'other') };
}

function sequence(pages: Pages | undefined, vcpus: bigint | undefined): VmsaPages {
  if (vcpus === undefined) throw usage('--num-cpus', '--num-cpus is missing: SEV-ES (policy bit 2) needs it.');
  if (!pages)
    throw usage('--vmsa-cpu0', "With SEV-ES (policy bit 2), the VMSA of the boot CPU is needed, or the CPU's numbers.");
  requireVcpus(Number(vcpus));
  if (vcpus > 1n && !pages.others) throw usage('--vmsa-cpu1', '--vmsa-cpu1 is missing: more than one CPU needs it.');
  return { ...pages, vcpus: Number(vcpus) };
}

function readReported({ measurement, apiMajor, apiMinor, build, policy }: ValidateOptions): ReportedLaunch {
  const bytes = fromBase64(measurement.replaceAll(/\s/g, ''), '--measurement');
  if (bytes.length !== LAUNCH_MEASURE_SIZE) {
    // No measurement at all matches no launch: the same exit code as a wrong one.
    throw new SevError('MEASURE_MISMATCH', {
      at: '--measurement',
      sentence: `A measurement has ${LAUNCH_MEASURE_SIZE} bytes, measure and nonce; this has ${bytes.length}.`,
      next: 'Give what query-sev-launch-measure or virsh domlaunchsecinfo prints, whole.',
    });
  }
  const numbers = {
    apiMajor: Number(apiMajor),
    apiMinor: Number(apiMinor),
    build: Number(build),
    policy: Number(policy),
  };
  return readReportedLaunch({ ...parseLaunchMeasure(bytes), ...numbers });
}
