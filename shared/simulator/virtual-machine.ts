// A guest as QEMU and KVM would run it on the simulated platform: what is loaded in which order, when the launch ends,
// and what QEMU says when it refuses. Pure, so that practice mode runs it in the page as well.
import type { SimulatedAmdSp } from './amd-sp.ts';
import { AmdSpFailure } from './failure.ts';
import { type FirmwareTable, readFirmwareTable } from './firmware-table.ts';
import { GUEST_STATE } from './guest-context.ts';
import { type GuestMemory, makeGuestMemory } from './guest-memory.ts';
import { type DirectBoot, kernelHashesTable, vmsaPage } from './loaded-pages.ts';
import { POLICY_ES } from './policy-rules.ts';
import { qemuWordsFor } from './qemu-words.ts';

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

/** A refusal in QEMU's own words. */
export class QemuRefusal extends Error {
  override readonly name = 'QemuRefusal';
}

export type RunState = 'prelaunch' | 'running' | 'paused';
export type SevState = 'launch-update' | 'launch-secret' | 'running';

/** What happens to a machine, under QMP's event names. */
export type MachineEvent =
  { readonly name: 'RESUME' | 'STOP' | 'POWERDOWN' } | { readonly name: 'RESET' | 'SHUTDOWN'; readonly reason: string };

/** What `query-sev` says. */
export interface SevInfo {
  readonly apiMajor: number;
  readonly apiMinor: number;
  readonly build: number;
  readonly policy: number;
  readonly state: SevState;
  readonly handle: number;
}

interface Loaded {
  readonly hashes: Uint8Array | undefined;
  readonly measure: Uint8Array;
}

const EIO = 5;

/** A simulated SEV guest, measured and paused before its first instruction when `start` returns it. */
export class SimulatedMachine {
  readonly cpus: number;
  #amdSp: SimulatedAmdSp;
  #handle: number;
  #table: FirmwareTable;
  #memory: GuestMemory;
  #measure: Uint8Array;
  #runState: RunState = 'prelaunch';
  #ended = false;
  #listeners = new Set<(event: MachineEvent) => void>();

  private constructor(amdSp: SimulatedAmdSp, handle: number, settings: MachineSettings, loaded: Loaded) {
    this.cpus = settings.cpus;
    this.#amdSp = amdSp;
    this.#handle = handle;
    this.#table = readFirmwareTable(settings.guestImage);
    this.#memory = makeGuestMemory(settings.memoryBytes);
    if (loaded.hashes) this.#memory.write(this.#table.hashArea!.base, loaded.hashes);
    this.#measure = loaded.measure;
  }

  /**
   * Starts a guest as `qemu -S` does, up to and with LAUNCH_MEASURE.
   * @throws QemuRefusal with the line that QEMU would end with
   */
  static async start(amdSp: SimulatedAmdSp, settings: MachineSettings): Promise<SimulatedMachine> {
    const hashes = hashesTable(settings);
    const handle = await launchStart(amdSp, settings);
    try {
      await load(amdSp, handle, settings, hashes);
      return new SimulatedMachine(amdSp, handle, settings, { hashes, measure: await amdSp.launchMeasure(handle) });
    } catch (failure) {
      await amdSp.decommission(handle);
      throw refusal(failure, (status) => `sev_launch_update_data: LAUNCH_UPDATE ret=-${EIO} fw_error=${status}`);
    }
  }

  get runState(): RunState {
    return this.#runState;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** 48 bytes: the measure, then the mnonce. It stays readable for as long as the guest lives. */
  get launchMeasure(): Uint8Array {
    return this.#measure;
  }

  get sevInfo(): SevInfo {
    const { apiMajor, apiMinor, build } = this.#amdSp.platformStatus();
    const { policy, state } = this.#amdSp.guestStatus(this.#handle);
    const words = { [GUEST_STATE.LUPDATE]: 'launch-update', [GUEST_STATE.LSECRET]: 'launch-secret' } as const;
    const name = (words as Record<number, SevState>)[state] ?? 'running';
    return { apiMajor, apiMinor, build, policy, state: name, handle: this.#handle };
  }

  /** What the running guest wrote on its serial console; only tests and the person at the console read it. */
  get console(): string {
    return this.#memory.console;
  }

  onEvent(listener: (event: MachineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws QemuRefusal as `sev-inject-launch-secret` does */
  async inject(header: Uint8Array, payload: Uint8Array, gpa: bigint | undefined): Promise<void> {
    const area = this.#table.secretArea;
    if (gpa === undefined && area === undefined) {
      throw new QemuRefusal('SEV: no secret area found in OVMF, gpa must be specified.');
    }
    const { state } = this.#amdSp.guestStatus(this.#handle);
    if (state !== GUEST_STATE.LSECRET) {
      throw new QemuRefusal(`SEV: Not in correct state. (LSECRET) ${state.toString(16)}`);
    }
    if (header.length === 0) throw new QemuRefusal('SEV: Failed to decode sequence header');
    if (payload.length === 0) throw new QemuRefusal('SEV: Failed to decode data');
    const target = gpa ?? BigInt(area!.base);
    if (!this.#memory.maps(target, payload.length)) {
      const address = `0x${target.toString(16)}`;
      throw new QemuRefusal(`SEV: Failed to calculate guest address: No memory is mapped at address ${address}`);
    }
    const packet = { header, payload, guestLength: payload.length };
    const secret = await this.#amdSp.launchSecret(this.#handle, packet).catch((failure: unknown) => {
      throw refusal(failure, (status) => `SEV: failed to inject secret ret=-${EIO} fw_error=${status}`);
    });
    this.#memory.write(Number(target), secret);
  }

  /** @param mnonce 16 bytes @returns 208 bytes */
  report(mnonce: Uint8Array): Promise<Uint8Array> {
    return this.#amdSp.attestationReport(this.#handle, mnonce);
  }

  /** Lets the guest run. The first time, this ends the launch. */
  async cont(): Promise<void> {
    if (this.#runState === 'running') return;
    if (this.#amdSp.guestStatus(this.#handle).state === GUEST_STATE.LSECRET) {
      await this.#amdSp.launchFinish(this.#handle);
    }
    this.#runState = 'running';
    this.#emit({ name: 'RESUME' });
    this.#memory.run(this.#table);
  }

  stop(): void {
    if (this.#runState !== 'running') return;
    this.#runState = 'paused';
    this.#emit({ name: 'STOP' });
  }

  /** A reset; the registers of an SEV-ES guest cannot be set again, and QEMU ends it instead. */
  async reset(): Promise<void> {
    const reason = 'host-qmp-system-reset';
    if ((this.sevInfo.policy & POLICY_ES) !== 0) return this.end(reason);
    this.#emit({ name: 'RESET', reason });
    if (this.#runState === 'paused') this.#runState = 'prelaunch';
    if (this.#runState === 'running') this.#memory.run(this.#table);
  }

  powerdown(): void {
    this.#emit({ name: 'POWERDOWN' });
  }

  /** Ends the guest and its context in the AMD-SP. */
  async end(reason = 'host-qmp-quit'): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#emit({ name: 'SHUTDOWN', reason });
    await this.#amdSp.decommission(this.#handle);
  }

  #emit(event: MachineEvent): void {
    for (const listener of this.#listeners) listener(event);
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

/** The AMD-SP's refusal as QEMU words it; anything else is a fault of ours and passes. */
function refusal(failure: unknown, words: (status: number) => string): unknown {
  if (!(failure instanceof AmdSpFailure)) return failure;
  return new QemuRefusal(`${words(failure.status)} '${qemuWordsFor(failure.status)}'`, { cause: failure });
}
