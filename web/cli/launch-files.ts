// What is measured, from files: the options that `digest`, `secret` and `doctor` share, and the digest that follows.
import { SevError } from '../../shared/errors.ts';
import { fromBase64, fromHex, toHex } from '../../shared/bytes/text.ts';
import { type Finding, findingOf } from '../../shared/findings/finding.ts';
import { cmdlineFindings } from '../../shared/guest/cmdline.ts';
import { imageFindings, type ImageTrust, type ImageWants } from '../../shared/guest/image-findings.ts';
import { type GuestImage, parseGuestImageEnds, withCode } from '../../shared/guest/guest-image.ts';
import type { KernelHashes } from '../../shared/guest/kernel-hashes.ts';
import { vmsaPagesInPlace } from '../../shared/guest/vmsa-files.ts';
import { buildVmsaPages, type VmsaPages } from '../../shared/guest/vmsa.ts';
import {
  type Expectation,
  expectDigest,
  expectMeasured,
  type LaunchOrigins,
} from '../../shared/sev/decide/expectation.ts';
import { launchDigestTail } from '../../shared/sev/verify/launch-digest.ts';
import { CPU_HELP, CPU_OPTIONS, isCpuGiven, readVmsaSettings } from './cpu-options.ts';
import { type HashedImage, hashImage } from './hash-file.ts';
import { hashKernelFiles } from './kernel-files.ts';
import type { Given, OptionTable } from './options.ts';
import { readSmallFile } from './read-file.ts';
import { usage } from './usage.ts';

/** What is measured, from its inputs. */
export const INPUT_OPTIONS = {
  ...CPU_OPTIONS,
  firmware: { kind: 'text', short: 'f' },
  kernel: { kind: 'text', short: 'k' },
  initrd: { kind: 'text', short: 'r' },
  cmdline: { kind: 'text', short: 'e' },
  'num-cpus': { kind: 'number', short: 'n' },
  'vmsa-cpu0': { kind: 'text' },
  'vmsa-cpu1': { kind: 'text' },
} as const satisfies OptionTable;

/** The same, or in place of all inputs the digest itself. */
export const LAUNCH_OPTIONS = {
  ...INPUT_OPTIONS,
  'launch-digest': { kind: 'text' },
  'vouch-image': { kind: 'text' },
} as const satisfies OptionTable;

export const INPUT_HELP = `  -f, --firmware FILE  the guest image (OVMF), and with kernel hashes
  -k, --kernel FILE  -r, --initrd FILE  -e, --cmdline TEXT
  -n, --num-cpus N     with SEV-ES: how many virtual CPUs, and their first registers, either
${CPU_HELP}
    or as pages of 4096 bytes
      --vmsa-cpu0 FILE --vmsa-cpu1 FILE`;

export const LAUNCH_HELP = `${INPUT_HELP}
      --launch-digest D   all of it at once: your own launch digest, in hex or base64
      --vouch-image HASH  you know that the guest image with this SHA-256 checks the kernel it starts, although
                          the code that does so was not found in it`;

export type InputOptions = Given<typeof INPUT_OPTIONS>['options'];
export type LaunchOptions = Given<typeof LAUNCH_OPTIONS>['options'];

/** The launch that the guest owner expects. */
export interface ExpectedLaunch {
  /** 32 bytes. */
  readonly launchDigest: Uint8Array;
  /** Missing where only a digest was given. */
  readonly inputs?: LaunchInputFiles;
}

export interface LaunchInputFiles {
  readonly image: HashedImage;
  /** What the guest image says of itself, where it can be read. */
  readonly guestImage: GuestImage | undefined;
  readonly kernelHashes: KernelHashes | undefined;
  /** The command line that is measured, if one is. */
  readonly cmdline: string | undefined;
  /** The owner vouches for this very image. */
  readonly vouched: boolean;
  readonly vmsas: VmsaPages | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Hashes what is measured.
 * @param es whether the policy asks for SEV-ES; undefined where there is no policy, and the number of CPUs tells
 * @param secret whether the image is to take a secret, too
 * @throws SevError RELAY_USAGE, BYTES_FILE, MEASURE_CPU, MEASURE_VCPUS, MEASURE_IMAGE
 */
export async function readLaunch(
  options: LaunchOptions,
  es: boolean | undefined,
  secret = false,
): Promise<ExpectedLaunch> {
  if (options['launch-digest'] !== undefined) return { launchDigest: readDigest(options) };
  const inputs = await readInputs(options, es, secret);
  const { kernelHashes, vmsas } = inputs;
  const tail = launchDigestTail({ ...(kernelHashes && { kernelHashes }), ...(vmsas && { vmsas }) });
  return { launchDigest: inputs.image.sha256(tail), inputs };
}

async function readInputs(
  options: LaunchOptions,
  asksEs: boolean | undefined,
  secret: boolean,
): Promise<LaunchInputFiles> {
  const { kernel, initrd, cmdline } = options;
  const { firmware, vcpus } = requireLaunchFiles(options, asksEs);
  const image = hashImage(firmware);
  const vouched = isVouchedFor(options, image);
  // Pages from files say themselves where their CPUs start.
  const es = vcpus !== undefined && options['vmsa-cpu0'] === undefined;
  const wants = { kernelHashes: kernel !== undefined, es, secret };
  const { guestImage, findings } = readImage(image, wants, { vouched, simulated: true });
  const kernelHashes = hashKernelFiles({ kernel, initrd, cmdline });
  const vmsas = vcpus === undefined ? undefined : await readVmsas(options, vcpus, { image, guestImage });
  const ownLine = kernel === undefined ? undefined : (cmdline ?? '');
  const all = [...findings, ...cmdlineFindings(ownLine ?? '')];
  return { image, guestImage, kernelHashes, cmdline: ownLine, vouched, vmsas, findings: all };
}

/** An image that cannot be read can still be measured; then that is a finding. */
function readImage(
  image: HashedImage,
  wants: ImageWants,
  trust: ImageTrust,
): { guestImage: GuestImage | undefined; findings: readonly Finding[] } {
  try {
    const ends = parseGuestImageEnds(image, '--firmware');
    // Looking into the code takes a second: only where something hangs on it.
    const asked = wants.kernelHashes || wants.secret;
    const guestImage = image.whole && asked ? withCode(ends, image.whole) : ends;
    return { guestImage, findings: imageFindings(guestImage, wants, trust) };
  } catch (error) {
    if (!(error instanceof SevError)) throw error;
    const refused = imageFindings(undefined, wants).filter(({ severity }) => severity === 'refused');
    return { guestImage: undefined, findings: [findingOf(error, {}, 'warning'), ...refused] };
  }
}

/**
 * Whether the owner vouches for this image: by its hash, so that no other file is meant.
 * @throws SevError RELAY_USAGE, MEASURE_IMAGE
 */
export function isVouchedFor(
  { 'vouch-image': hash }: { readonly 'vouch-image'?: string | undefined },
  image: HashedImage,
): boolean {
  if (hash === undefined) return false;
  if (!/^[0-9a-fA-F]{64}$/.test(hash)) throw usage('--vouch-image', 'It takes a SHA-256: 64 hex digits.');
  if (hash.toLowerCase() === toHex(image.sha256())) return true;
  throw new SevError('MEASURE_IMAGE', {
    at: '--vouch-image',
    sentence: 'You vouch for another file than the one that --firmware names.',
    next: 'Give the SHA-256 of the file that you mean, as sha256sum prints it.',
  });
}

/** What `decide` compares with: all of it was read or typed here. */
export function expectationOf({ launchDigest, inputs }: ExpectedLaunch, acceptsUnread: boolean): Expectation {
  if (!inputs) return expectDigest(launchDigest, { origin: 'typed-here', acceptsUnread });
  const { kernelHashes, vmsas, guestImage, cmdline, vouched } = inputs;
  const measured = { launchDigest, kernelHashes: kernelHashes !== undefined, vcpus: vmsas?.vcpus ?? 0 };
  return expectMeasured(measured, { origins: ORIGINS, guestImage, cmdline, vouched, acceptsUnread });
}

/** Files that this command reads are hashed by it; the rest is what its user typed. */
export const ORIGINS = {
  image: 'hashed-here',
  kernel: 'hashed-here',
  initrd: 'hashed-here',
  cmdline: 'typed-here',
  cpus: 'typed-here',
} as const satisfies LaunchOrigins;

/**
 * Checks what must go together, before any file is read.
 * @throws SevError RELAY_USAGE
 */
export function requireLaunchFiles(
  { firmware, kernel, initrd, cmdline, 'num-cpus': vcpus }: InputOptions,
  es: boolean | undefined,
): { readonly firmware: string; readonly vcpus: number | undefined } {
  if (firmware === undefined) throw usage('--firmware', '--firmware is missing.');
  if (kernel === undefined && (initrd !== undefined || cmdline !== undefined)) {
    throw usage('--kernel', 'Without it, there is nothing that --initrd and --cmdline could go with.');
  }
  if (es === true && vcpus === undefined)
    throw usage('--num-cpus', '--num-cpus is missing: the policy asks for SEV-ES.');
  if (es === false && vcpus !== undefined) throw usage('--num-cpus', 'The policy does not ask for SEV-ES.');
  return { firmware, vcpus };
}

async function readVmsas(
  options: InputOptions,
  vcpus: number,
  { image, guestImage }: Pick<LaunchInputFiles, 'image' | 'guestImage'>,
): Promise<VmsaPages> {
  const pages = await readVmsaFiles(options, vcpus);
  if (pages) return pages;
  const settings = readVmsaSettings(options);
  // What is wrong with its table is the reason where the image should say where further CPUs start.
  const needsImage = vcpus > 1 && settings.variant !== 'krun';
  const { resetEip } = guestImage ?? (needsImage ? parseGuestImageEnds(image, '--firmware') : {});
  return buildVmsaPages({ ...settings, ...(resetEip !== undefined && { resetEip }) }, vcpus);
}

/**
 * Pages from files; undefined when they are to be built.
 * @throws SevError RELAY_USAGE, BYTES_FILE, BYTES_LENGTH, MEASURE_VCPUS, MEASURE_VMSA
 */
export async function readVmsaFiles(options: InputOptions, vcpus: number): Promise<VmsaPages | undefined> {
  const [boot, others] = [options['vmsa-cpu0'], options['vmsa-cpu1']];
  if (boot === undefined && others === undefined) return undefined;
  if (boot === undefined) throw usage('--vmsa-cpu0', '--vmsa-cpu1 does not go without it.');
  if (isCpuGiven(options)) throw usage('--vmsa-cpu0', 'Either VMSA files or a CPU; not both.');
  const page = others === undefined ? undefined : await readSmallFile(others);
  return vmsaPagesInPlace(vcpus, { boot: await readSmallFile(boot), others: page });
}

function readDigest(options: LaunchOptions): Uint8Array {
  const text = options['launch-digest'] ?? '';
  const isAlone = Object.keys(LAUNCH_OPTIONS).every((name) => {
    const value = options[name as keyof LaunchOptions];
    return name === 'launch-digest' || value === undefined || value === false;
  });
  if (!isAlone) throw usage('--launch-digest', 'It stands for all that is measured; nothing else goes with it.');
  const bytes = /^[0-9a-fA-F]{64}$/.test(text) ? fromHex(text) : fromBase64(text, '--launch-digest');
  if (bytes.length === 32) return bytes;
  throw new SevError('BYTES_LENGTH', { at: '--launch-digest', because: `${bytes.length} bytes instead of 32.` });
}
