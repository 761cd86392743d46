// What `measure` computes: the launch digest of each of sev-snp-measure's modes, from files.
import { createHash } from 'node:crypto';
import { SevError } from '../../shared/errors.ts';
import type { Sha384 } from '../../shared/crypto/sha384.ts';
import { parseGuestImage } from '../../shared/guest/guest-image.ts';
import { encodeKernelHashes, type KernelHashes } from '../../shared/guest/kernel-hashes.ts';
import { buildVmsaPages, type VmsaVariant, vmsaSequence } from '../../shared/guest/vmsa.ts';
import { snpLaunchDigest, snpVmsa, type SnpVmm } from '../../shared/snp/verify/launch-digest.ts';
import { hashSnpImageSync, readSnpImage, type SnpImage } from '../../shared/snp/verify/snp-image.ts';
import { afterSvsmImages, planSvsm, svsmLaunchDigest, svsmVmsa } from '../../shared/snp/verify/svsm.ts';

export type MeasureMode = 'sev' | 'seves' | 'snp' | 'snp:svsm';

export interface MeasureInputs {
  /** The whole OVMF image. */
  readonly firmware: Uint8Array;
  readonly kernelHashes?: KernelHashes | undefined;
  readonly vcpus: number;
  readonly cpuSignature: number;
  readonly vmm: SnpVmm;
  readonly features: bigint;
  /** The digest after the image's pages, in place of the image's own. */
  readonly afterImage?: Uint8Array | undefined;
  readonly svsm?: { readonly image: Uint8Array; readonly variables: number } | undefined;
}

export interface Measured {
  /** 32 bytes for SEV and SEV-ES, 48 for SEV-SNP. */
  readonly digest: Uint8Array;
  /** The first registers of each CPU, where they are measured. */
  readonly vmsas: readonly Uint8Array[];
  /** Another value that a host may have, and when. */
  readonly instead?: { readonly digest: Uint8Array; readonly when: 'legacy-sev-es' | 'svsm-of-sev-snp-measure' };
}

export const nodeSha384: Sha384 = (data) => new Uint8Array(createHash('sha384').update(data).digest());

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

/** @throws SevError SNP_IMAGE, SNP_KERNEL, SNP_FEATURES, MEASURE_IMAGE, MEASURE_VCPUS, MEASURE_CPU */
export function measureLaunch(mode: MeasureMode, inputs: MeasureInputs): Measured {
  if (mode === 'snp') return measureSnp(inputs);
  if (mode === 'snp:svsm') return measureSvsm(inputs);
  const table = kernelTable(inputs);
  if (mode === 'sev') return { digest: sha256(inputs.firmware, ...table), vmsas: [] };
  return measureSevEs(inputs, table);
}

/** What `snp:ovmf-hash` prints: the digest after the image's pages, 48 bytes. */
export const ovmfHash = (firmware: Uint8Array): Uint8Array => hashSnpImageSync(firmware, nodeSha384).afterImage;

function kernelTable({ firmware, kernelHashes }: MeasureInputs): readonly Uint8Array[] {
  if (!kernelHashes) return [];
  if (!parseGuestImage(firmware).hashArea) {
    throw new SevError('MEASURE_IMAGE', {
      at: 'guestImage.hashArea',
      sentence: 'The guest image has no place for kernel hashes, so it cannot check a kernel.',
    });
  }
  return [encodeKernelHashes(kernelHashes)];
}

/** sev-snp-measure's page is that of KVM_SEV_INIT2; QEMU takes the older way unless it is told otherwise. */
function measureSevEs(inputs: MeasureInputs, table: readonly Uint8Array[]): Measured {
  const { firmware, vcpus, cpuSignature, vmm } = inputs;
  const { resetEip } = parseGuestImage(firmware);
  const pages = (variant: VmsaVariant): readonly Uint8Array[] =>
    vmsaSequence(buildVmsaPages({ variant, cpuSignature, ...(resetEip !== undefined && { resetEip }) }, vcpus));
  const vmsas = pages(vmm === 'qemu' ? 'qemu-init2' : vmm === 'qemu-old' ? 'qemu' : vmm);
  const digest = sha256(firmware, ...table, ...vmsas);
  if (vmm !== 'qemu') return { digest, vmsas };
  return { digest, vmsas, instead: { digest: sha256(firmware, ...table, ...pages('qemu')), when: 'legacy-sev-es' } };
}

function measureSnp({ firmware, afterImage, ...launch }: MeasureInputs): Measured {
  const image: SnpImage = afterImage
    ? { ...readSnpImage(firmware), afterImage }
    : hashSnpImageSync(firmware, nodeSha384);
  const { vcpus, cpuSignature, vmm, features, kernelHashes } = launch;
  const given = { image, vmm, vcpus, cpuSignature, features, ...(kernelHashes && { kernelHashes }) };
  const vmsas = Array.from({ length: vcpus }, (_, i) => snpVmsa(image, given, i === 0 ? 'boot' : 'other'));
  return { digest: snpLaunchDigest(given, nodeSha384), vmsas };
}

function measureSvsm({ firmware, svsm, vcpus, cpuSignature, features, vmm }: MeasureInputs): Measured {
  if (!svsm) throw new SevError('RELAY_USAGE', { at: '--svsm', because: '--svsm is missing.' });
  const sizes = { firmware: firmware.length, variables: svsm.variables, svsm: svsm.image.length };
  const plan = planSvsm(svsm.image, sizes);
  const after = afterSvsmImages(firmware, svsm.image, plan, nodeSha384);
  const cpus = { vcpus, cpuSignature, features, fpu: vmm !== 'qemu-old' };
  const page = svsmVmsa(plan.eip, cpus);
  const digest = svsmLaunchDigest(after, plan, cpus, nodeSha384);
  return {
    digest,
    vmsas: Array.from({ length: vcpus }, () => page),
    instead: { digest: halfFpu(), when: 'svsm-of-sev-snp-measure' },
  };

  /** sev-snp-measure sets MXCSR and leaves out the control word. */
  function halfFpu(): Uint8Array {
    const half = svsmVmsa(plan.eip, { ...cpus, fpu: true });
    half.fill(0, 0x410, 0x412);
    return svsmLaunchDigest(after, plan, { ...cpus, page: half }, nodeSha384);
  }
}
