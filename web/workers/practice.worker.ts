// The practice host, away from the page: a worker stands where the network and the host would be.
import { openDB } from 'idb';
import { SevError } from '../../shared/errors.ts';
import { PracticeHost } from '../practice/host/practice-host.ts';
import { type FromHost, HOST_DATABASE, type ToHost } from '../practice/host-messages.ts';

const tell = (message: FromHost): void => postMessage(message);

/** The chip of the last time, or a new one where there is none, or where it is damaged. */
async function openHost(): Promise<PracticeHost> {
  const database = await openDB(HOST_DATABASE, 1, { upgrade: (db) => void db.createObjectStore('chip') });
  const events = {
    frame: (frame: string) => tell({ frame }),
    console: (guest: string, text: string) => tell({ guest, console: text }),
  };
  const stored: unknown = await database.get('chip', 'chip');
  const host = await PracticeHost.create(events, stored).catch((error: unknown) => {
    if (error instanceof SevError) return PracticeHost.create(events);
    throw error;
  });
  await database.put('chip', host.store(), 'chip');
  // Let go of it at once: clearing the practice deletes this database.
  database.close();
  return host;
}

const opening = openHost();
// A promise that fails tells nobody outside; an error of the worker does.
opening.catch((error: unknown) => setTimeout(() => reportError(error)));
addEventListener('message', ({ data }: MessageEvent<ToHost>) => {
  void opening
    .then((host) => host.answer(data.frame))
    .then(
      (frame) => tell({ frame }),
      () => undefined,
    );
});
