// Which CPUs the host is to give the guest: as the guest owner described them, or as pages from files say.
import { CPU_MODELS, cpuSignature } from '../../../../shared/guest/cpu-signature.ts';
import { readVmsa } from '../../../../shared/guest/vmsa-reading.ts';
import { DEBUG_SWAP, type VmsaVariant } from '../../../../shared/guest/vmsa.ts';
import type { CpuPlan } from './plan.ts';
import { modelOf } from './profile-fit.ts';

export interface HostCpu {
  /** QEMU's name; `host` for a CPU that QEMU has no name for. */
  readonly cpuModel: string;
  /** Missing where nobody knows who makes pages like these. */
  readonly vmsaVariant?: VmsaVariant;
  readonly debugSwap: boolean;
}

export function hostCpu({ pages, model, variant, debugSwap }: CpuPlan): HostCpu {
  if (!pages?.boot) return { cpuModel: modelOf(model) ? model : 'host', vmsaVariant: variant, debugSwap };
  const reading = readVmsa(pages.boot.page);
  const named = CPU_MODELS.find((known) => cpuSignature(known) === reading.cpuSignature);
  const maker = reading.madeBy[0]?.variant;
  return {
    cpuModel: named?.name ?? 'host',
    ...(maker && { vmsaVariant: maker }),
    debugSwap: (reading.sevFeatures & BigInt(DEBUG_SWAP)) !== 0n,
  };
}
