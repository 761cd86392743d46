// One guest of this host by name, for verbs: asked of the relay that runs, else of the guest's own monitor.
import { SevError } from '../../shared/errors.ts';
import type { ResultOf } from '../../shared/relay-protocol.ts';
import { parseMonitor } from '../addresses.ts';
import { plain, silentLog } from '../log.ts';
import { findRunningRelay, type RunningRelay } from '../running-relay.ts';
import { QmpGuests } from '../sources/qmp.ts';
import { defaultStatePath } from '../state.ts';

export interface OneGuest {
  readonly id: string;
  measurement(): Promise<ResultOf<'guest.measurement'>>;
  /** @param mnonce 16 bytes */
  report(mnonce: Uint8Array): Promise<Uint8Array>;
}

interface Given {
  readonly state: string | undefined;
  /** Monitors as `--qmp` names them. */
  readonly qmp: readonly string[];
}

/**
 * A running relay holds its guests' monitors, so it is the one to ask; else the monitor itself.
 * @throws SevError RELAY_NO_GUEST
 */
export async function withGuest<T>(given: Given, name: string, work: (guest: OneGuest) => Promise<T>): Promise<T> {
  const relay = await findRunningRelay(given.state ?? defaultStatePath());
  if (relay === undefined) return withMonitor(given.qmp, name, work);
  try {
    return await work(await guestOf(relay, name));
  } finally {
    relay.close();
  }
}

async function guestOf(relay: RunningRelay, name: string): Promise<OneGuest> {
  const guests = await relay.ask('guest.list', {});
  const guest = guests.find(({ id }) => id === name) ?? guests.find((one) => one.name === name);
  if (guest === undefined) throw new SevError('RELAY_NO_GUEST', { at: plain(name) });
  const { id } = guest;
  return {
    id,
    measurement: () => relay.ask('guest.measurement', { id }),
    report: async (mnonce) => (await relay.ask('guest.report', { id, mnonce })).report,
  };
}

async function withMonitor<T>(
  monitors: readonly string[],
  name: string,
  work: (guest: OneGuest) => Promise<T>,
): Promise<T> {
  const monitor = monitors.map(parseMonitor).find((one) => one.name === name);
  if (monitor === undefined) {
    throw new SevError('RELAY_NO_GUEST', {
      at: plain(name),
      sentence: 'No relay runs here, and no monitor of this name was given.',
      next: 'Start sev-relay, or name the monitor: --qmp NAME=SOCKET.',
    });
  }
  const guests = new QmpGuests([monitor], silentLog);
  const id = `qmp:${name}`;
  try {
    return await work({
      id,
      measurement: () => guests.measurement(id),
      report: (mnonce) => guests.report(id, mnonce),
    });
  } finally {
    await guests.close();
  }
}
