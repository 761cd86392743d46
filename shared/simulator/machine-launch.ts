// The beginning of a guest: what QEMU and KVM hand to the AMD-SP, in their order, up to and with LAUNCH_MEASURE.
import type { SimulatedAmdSp } from './amd-sp.ts';
import { readFirmwareTable } from './firmware-table.ts';
import { type DirectBoot, kernelHashesTable, vmsaPage } from './loaded-pages.ts';
import { POLICY_ES } from './policy-rules.ts';
import { EIO, QemuRefusal, refusal } from './qemu-words.ts';

/** What a guest is started from; key material only as the sev-guest object gets it. */
export interface MachineSettings {
  /** The whole file of pflash unit 0. */
  readonly guestImage: Uint8Array;
  readonly boot?: DirectBoot;
  /** `kernel-hashes=on`. */
  readonly kernelHashes?: boolean;
  readonly memoryBytes: number;
  readonly cpus: number;
  /** CPUID leaf 1 EAX of the guest's CPU model. */
  readonly cpuSignature: number;
  readonly policy: number;
  readonly dhCert?: Uint8Array;
  readonly session?: Uint8Array;
}

/** A guest that the AMD-SP has measured. */
export interface LaunchedMachine {
  readonly handle: number;
  /** 48 bytes: the measure, then the mnonce. */
  readonly measure: Uint8Array;
  /** The table of kernel hashes, where one was loaded. */
  readonly hashes: Uint8Array | undefined;
}

/**
 * Launches a guest as `qemu -S` does.
 * @throws QemuRefusal with the line that QEMU would end with; then nothing of the guest is left
 */
export async function launchMachine(amdSp: SimulatedAmdSp, settings: MachineSettings): Promise<LaunchedMachine> {
  const hashes = hashesTable(settings);
  const handle = await launchStart(amdSp, settings);
  try {
    await load(amdSp, handle, settings, hashes);
    return { handle, hashes, measure: await amdSp.launchMeasure(handle) };
  } catch (failure) {
    await amdSp.decommission(handle);
    throw refusal(failure, (status) => `sev_launch_update_data: LAUNCH_UPDATE ret=-${EIO} fw_error=${status}`);
  }
}

/** The table of kernel hashes, where QEMU would load one; refused where the firmware has no place for it. */
function hashesTable({ boot, kernelHashes, guestImage }: MachineSettings): Uint8Array | undefined {
  if (!boot || !kernelHashes) return undefined;
  const { hashArea } = readFirmwareTable(guestImage);
  if (!hashArea) throw new QemuRefusal('SEV: kernel specified but guest firmware has no hashes table GUID');
  const table = kernelHashesTable(boot);
  if (hashArea.base === 0 || hashArea.size < table.length) {
    const { base, size } = hashArea;
    const where = `(base=0x${base.toString(16)} size=0x${size.toString(16)})`;
    throw new QemuRefusal(`SEV: guest firmware hashes table area is invalid ${where}`);
  }
  return table;
}

async function launchStart(amdSp: SimulatedAmdSp, { policy, dhCert, session }: MachineSettings): Promise<number> {
  try {
    return await amdSp.launchStart({ policy, ...(dhCert && { godh: dhCert }), ...(session && { session }) });
  } catch (failure) {
    throw refusal(failure, (status) => `sev_launch_start: LAUNCH_START ret=1 fw_error=${status}`);
  }
}

/** What is measured, in QEMU's order: firmware, kernel hashes, and with SEV-ES the registers of each CPU. */
async function load(
  amdSp: SimulatedAmdSp,
  handle: number,
  { guestImage, policy, cpus, cpuSignature }: MachineSettings,
  hashes: Uint8Array | undefined,
): Promise<void> {
  await amdSp.launchUpdateData(handle, guestImage);
  if (hashes) await amdSp.launchUpdateData(handle, hashes);
  if ((policy & POLICY_ES) === 0) return;
  const { resetEip = 0 } = readFirmwareTable(guestImage);
  for (let cpu = 0; cpu < cpus; cpu++) {
    await amdSp.launchUpdateVmsa(handle, vmsaPage(cpu, resetEip, cpuSignature));
  }
}
