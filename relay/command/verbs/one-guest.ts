// One guest of this host by name, for verbs: asked of the relay that runs, else of the guest's own monitor.
import { SevError } from '../../../shared/errors.ts';
import type { ResultOf } from '../../../shared/relay-protocol.ts';
import { parseMonitor } from '../addresses.ts';
import { plain, silentLog } from '../../serve/log.ts';
import { findRunningRelay, type RunningRelay } from '../../state/running-relay.ts';
import { QmpGuests } from '../../sources/qmp.ts';
import type { NamedMonitor } from '../../sources/types.ts';
import { defaultStatePath } from '../../state/state.ts';

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
 * A running relay holds its guests' monitors, so it is the one to ask; of a guest that it does not have, or where no relay
 * runs, the monitor itself.
 * @throws SevError RELAY_NO_GUEST
 */
export async function withGuest<T>(given: Given, name: string, work: (guest: OneGuest) => Promise<T>): Promise<T> {
  const monitor = given.qmp.map(parseMonitor).find((one) => one.name === name);
  const relay = await findRunningRelay(given.state ?? defaultStatePath());
  try {
    const guest = relay && (await guestOf(relay, name));
    if (guest !== undefined) return await work(guest);
  } finally {
    relay?.close();
  }
  if (monitor === undefined) throw noGuest(name, relay !== undefined);
  return withMonitor(monitor, work);
}

const noGuest = (name: string, relayRuns: boolean): SevError =>
  new SevError('RELAY_NO_GUEST', {
    at: plain(name),
    sentence: relayRuns
      ? 'The relay that runs here has no such guest, and no monitor of this name was given.'
      : 'No relay runs here, and no monitor of this name was given.',
    next: relayRuns
      ? 'Look for its name; or name its monitor: --qmp NAME=SOCKET.'
      : 'Start sev-relay, or name the monitor: --qmp NAME=SOCKET.',
  });

async function guestOf(relay: RunningRelay, name: string): Promise<OneGuest | undefined> {
  const guests = await relay.ask('guest.list', {});
  const guest = guests.find(({ id }) => id === name) ?? guests.find((one) => one.name === name);
  if (guest === undefined) return undefined;
  const { id } = guest;
  return {
    id,
    measurement: () => relay.ask('guest.measurement', { id }),
    report: async (mnonce) => (await relay.ask('guest.report', { id, mnonce })).report,
  };
}

async function withMonitor<T>(monitor: NamedMonitor, work: (guest: OneGuest) => Promise<T>): Promise<T> {
  const guests = new QmpGuests([monitor], silentLog);
  const id = `qmp:${monitor.name}`;
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
