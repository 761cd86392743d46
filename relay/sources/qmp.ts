// Guests by their QMP monitors: those that the operator named, and those that the launcher started.
import { SevError } from '../../shared/errors.ts';
import type { Guest } from '../../shared/relay-protocol.ts';
import { type Log, plain } from '../serve/log.ts';
import { GuestMonitor, MONITOR_LIMITS, type MonitorLimits } from './qmp/monitor.ts';
import { qemuArguments } from './qmp/qemu-arguments.ts';
import {
  type Execute,
  injectSecret,
  queryCapabilities,
  queryMeasurement,
  queryReport,
  type SevCapabilities,
} from './qmp/sev-commands.ts';
import type {
  Configuration,
  GuestChange,
  GuestSource,
  Measurement,
  NamedMonitor,
  SecretPacketParams,
} from './types.ts';

const QUIT_WAIT_MS = 5_000;

export class QmpGuests implements GuestSource {
  readonly backend: 'qmp' | 'launcher';
  readonly #log: Log;
  readonly #limits: MonitorLimits;
  readonly #monitors = new Map<string, GuestMonitor>();
  readonly #listeners = new Set<(change: GuestChange) => void>();

  constructor(
    monitors: readonly NamedMonitor[],
    log: Log,
    backend: 'qmp' | 'launcher' = 'qmp',
    limits: MonitorLimits = MONITOR_LIMITS,
  ) {
    this.backend = backend;
    this.#log = log;
    this.#limits = limits;
    for (const monitor of monitors) this.attach(monitor);
  }

  /** Begins to watch a monitor. @returns the guest's id */
  attach({ name, qmp }: NamedMonitor): string {
    const id = `${this.backend}:${name}`;
    const changed = (state: GuestChange['state']): void => this.#tell({ id, state });
    this.#monitors.set(id, new GuestMonitor(id, qmp, changed, this.#log, this.#limits));
    return id;
  }

  /** Stops watching a monitor whose guest has ended, and says so unless the monitor has. */
  detach(id: string): void {
    const monitor = this.#monitors.get(id);
    if (monitor === undefined) return;
    const told = monitor.state === 'gone';
    monitor.close();
    this.#monitors.delete(id);
    if (!told) this.#tell({ id, state: 'gone' });
  }

  /** Waits until it is known whether the guest's monitor answers. */
  async settled(id: string): Promise<void> {
    await this.#monitor(id).settled();
  }

  owns(id: string): boolean {
    return this.#monitors.has(id);
  }

  async list(): Promise<readonly Guest[]> {
    await Promise.all([...this.#monitors.values()].map((monitor) => monitor.settled()));
    return [...this.#monitors].map(([id, { state, sev }]) => ({
      id,
      name: id.slice(id.indexOf(':') + 1),
      backend: this.backend,
      state,
      ...(sev !== undefined && { sev }),
    }));
  }

  async measurement(id: string): Promise<Measurement> {
    return queryMeasurement(this.#execute(id));
  }

  async inject(id: string, packet: SecretPacketParams): Promise<void> {
    await injectSecret(this.#execute(id), packet);
  }

  async resume(id: string): Promise<void> {
    await this.#execute(id)('cont');
  }

  async report(id: string, mnonce: Uint8Array): Promise<Uint8Array> {
    return queryReport(this.#execute(id), mnonce);
  }

  async configuration(id: string): Promise<Configuration> {
    return { kind: 'qemu-arguments', text: await qemuArguments(this.#monitor(id).endpoint) };
  }

  /** Ends the guest and waits for its monitor to close; QEMU may close it before it answers. */
  async destroy(id: string): Promise<void> {
    const monitor = this.#monitor(id);
    const gone = this.#gone(id, monitor);
    await this.#execute(id)('quit').catch((error: unknown) => {
      if (!(error instanceof SevError && error.code === 'RELAY_QMP_GONE')) throw error;
    });
    await gone;
  }

  /** The platform's chain through whichever guest answers first. */
  async capabilities(): Promise<SevCapabilities> {
    const asked = [...this.#monitors.keys()].map((id) => queryCapabilities(this.#execute(id)));
    return Promise.any(asked).catch((error: unknown) => {
      const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
      throw first instanceof SevError ? first : new SevError('RELAY_DEVICE');
    });
  }

  onChange(listener: (change: GuestChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    for (const monitor of this.#monitors.values()) monitor.close();
    this.#listeners.clear();
    return Promise.resolve();
  }

  #tell(change: GuestChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  #monitor(id: string): GuestMonitor {
    const monitor = this.#monitors.get(id);
    if (monitor === undefined) throw new SevError('RELAY_NO_GUEST', { at: plain(id) });
    return monitor;
  }

  #execute(id: string): Execute {
    const monitor = this.#monitor(id);
    return (command, args) => monitor.execute(command, args);
  }

  #gone(id: string, monitor: GuestMonitor): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, QUIT_WAIT_MS);
      const end = this.onChange((change) => {
        if (change.id !== id || change.state !== 'gone') return;
        clearTimeout(timer);
        end();
        resolve();
      });
      if (monitor.state === 'gone') resolve();
    });
  }
}
