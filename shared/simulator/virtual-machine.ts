// A guest as QEMU and KVM would run it on the simulated platform: when its launch ends, what becomes of its secrets,
// and what QEMU says when it refuses. Pure, so that practice mode runs it in the page as well.
import type { SimulatedAmdSp } from './amd-sp.ts';
import { type FirmwareTable, readFirmwareTable } from './firmware-table.ts';
import { GUEST_STATE } from './guest-context.ts';
import { type GuestMemory, makeGuestMemory } from './guest-memory.ts';
import { type LaunchedMachine, launchMachine, type MachineSettings } from './machine-launch.ts';
import { POLICY_ES } from './policy-rules.ts';
import { EIO, QemuRefusal, refusal } from './qemu-words.ts';

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

  private constructor(amdSp: SimulatedAmdSp, settings: MachineSettings, launched: LaunchedMachine) {
    this.cpus = settings.cpus;
    this.#amdSp = amdSp;
    this.#handle = launched.handle;
    this.#measure = launched.measure;
    this.#table = readFirmwareTable(settings.guestImage);
    this.#memory = makeGuestMemory(settings.memoryBytes);
    if (launched.hashes) this.#memory.write(this.#table.hashArea!.base, launched.hashes);
  }

  /** @throws QemuRefusal with the line that QEMU would end with */
  static async start(amdSp: SimulatedAmdSp, settings: MachineSettings): Promise<SimulatedMachine> {
    return new SimulatedMachine(amdSp, settings, await launchMachine(amdSp, settings));
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
