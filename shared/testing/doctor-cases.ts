// A launch as it was expected, and what really happened: the cases that the doctor's tests ask about.
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { toUtf8 } from '../bytes/text.ts';
import { sha256Sync } from '../crypto/sha256-stream.ts';
import { webCryptoRandom } from '../crypto/subtle.ts';
import { rawKeyOracle } from '../crypto/hmac-search.ts';
import { signatureOfModel } from '../guest/cpu-signature.ts';
import { cmdlineBytes, type KernelHashes } from '../guest/kernel-hashes.ts';
import { buildVmsaPages, type VmsaVariant } from '../guest/vmsa.ts';
import { diagnose, type DoctorOptions, type DoctorReport } from '../sev/decide/doctor.ts';
import type { DoctorCase, DoctorImage, NamedHash } from '../sev/decide/doctor/case.ts';
import { hashGuestImage, launchDigestOf } from '../sev/verify/launch-digest.ts';
import { encodeMeasuredLaunch, type ReportedLaunch } from '../sev/verify/launch-measure.ts';

export const tik = webCryptoRandom(16);
export const tek = webCryptoRandom(16);
export const otherTik = webCryptoRandom(16);
export const mnonce = webCryptoRandom(16);
export const imageOf = (name: string, seed: number): DoctorImage => ({
  name,
  state: hashGuestImage(Uint8Array.from({ length: 8192 }, (_, i) => i * seed)),
  resetEip: 0x80b004,
});
export const hashOf = (name: string): NamedHash => ({ name, sha256: sha256Sync(toUtf8(name)) });
export const [ovmf, otherOvmf] = [imageOf('OVMF of May', 3), imageOf('OVMF of June', 5)];
export const [kernel, otherKernel, initrd, otherInitrd] = ['vmlinuz', 'vmlinuz.old', 'initrd', 'initrd.old'].map(
  hashOf,
) as [NamedHash, NamedHash, NamedHash, NamedHash];
export const CMDLINE = 'console=ttyS0';
export const milan = signatureOfModel('EPYC-Milan');

/** What really happened; what is left out happened as expected. */
export interface Truth {
  image?: DoctorImage;
  kernelHashes?: Partial<KernelHashes> | 'off';
  vcpus?: number;
  cpuSignature?: number;
  variant?: VmsaVariant;
  sevFeatures?: number;
  es?: boolean;
  policy?: number;
  version?: { apiMajor: number; apiMinor: number; build: number };
  key?: Uint8Array;
}

export const POLICY = 0x1800000f;
export const VERSION = { apiMajor: 1, apiMinor: 55, build: 22 };
export const cmdlineHash = (line: string) => sha256Sync(cmdlineBytes(line));

export function digestOf(truth: Truth): Uint8Array {
  const hashes = { kernel: kernel.sha256, initrd: initrd.sha256, cmdline: cmdlineHash(CMDLINE) };
  const settings = {
    variant: truth.variant ?? 'qemu',
    cpuSignature: truth.cpuSignature ?? milan,
    resetEip: 0x80b004,
    sevFeatures: truth.sevFeatures ?? 0,
  };
  return launchDigestOf({
    guestImage: (truth.image ?? ovmf).state,
    ...(truth.kernelHashes !== 'off' && { kernelHashes: { ...hashes, ...truth.kernelHashes } }),
    ...(truth.es !== false && { vmsas: buildVmsaPages(settings, truth.vcpus ?? 4) }),
  });
}

export function measured(truth: Truth): ReportedLaunch {
  const version = truth.version ?? VERSION;
  const policy = truth.policy ?? POLICY;
  const message = encodeMeasuredLaunch({ ...version, policy, launchDigest: digestOf(truth), mnonce });
  return { measure: hmac(sha256, truth.key ?? tik, message), mnonce, ...VERSION, policy: POLICY };
}

export const caseOf = (truth: Truth, changes: Partial<DoctorCase> = {}): DoctorCase => ({
  reported: measured(truth),
  policy: POLICY,
  expected: {
    image: ovmf,
    kernel: { kernel, initrd, cmdline: CMDLINE },
    registers: { variant: 'qemu', cpuSignature: milan, vcpus: 4 },
  },
  library: { images: [ovmf, otherOvmf], kernels: [otherKernel], initrds: [otherInitrd], cmdlines: ['quiet'] },
  keys: [
    { role: 'this-session', name: 'web-1', oracle: rawKeyOracle(tik) },
    { role: 'other-session', name: 'web-0', oracle: rawKeyOracle(otherTik) },
    { role: 'tek-as-tik', name: 'web-1', oracle: rawKeyOracle(tek) },
  ],
  ...changes,
});

export const ask = (
  truth: Truth,
  changes: Partial<DoctorCase> = {},
  options: DoctorOptions = {},
): Promise<DoctorReport> => diagnose(caseOf(truth, changes), options);
export const factors = ({ diagnosis }: DoctorReport) => diagnosis?.changes.map(({ factor }) => factor);
