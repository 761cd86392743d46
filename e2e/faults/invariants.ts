// What must hold after every run, whatever broke.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { findLeaks } from '../../relay/testing/leaks.ts';
import { parseSevCert } from '../../shared/sev/formats/sev-cert.ts';
import { agree } from '../../shared/simulator/platform-key.ts';
import { restoreIdentity } from '../../shared/simulator/stored-chip.ts';
import { openSession } from '../../shared/simulator/transport-keys.ts';
import type { Ending } from './player.ts';
import { demo } from '../world.ts';
import type { FaultyWorld } from './world.ts';

interface Outcome {
  readonly world: FaultyWorld;
  readonly folder: string;
  readonly passphrase: string;
  readonly rightImage: boolean;
  readonly ending: Ending;
  readonly launches: readonly string[];
}

/** @returns what is broken, in sentences; empty when all holds */
export async function broken(outcome: Outcome): Promise<readonly string[]> {
  const { world, passphrase, rightImage, ending } = outcome;
  const found: string[] = [];
  const released = world.consoles.includes(passphrase);
  if (released && !rightImage) found.push('The secret went into a guest that is not the one that was meant.');
  if (ending === 'running' && !released)
    found.push('The page says that the guest runs with its secret, but it has none.');
  if (!rightImage && world.wire.asked('guest.inject') > 0) found.push('A packet was made after a mismatch.');
  if (!rightImage && ending === 'running') found.push('A guest runs after a mismatch.');
  found.push(...packetsTwice(world), ...(await lostRecords(outcome)), ...(await leaks(outcome)));
  return found;
}

/** One session yields one packet: what is sent again is the same, byte by byte. */
function packetsTwice(world: FaultyWorld): readonly string[] {
  const sessions = new Set(world.wire.requests.filter(({ method }) => method === 'guest.launch').map(sessionOf));
  const packets = new Set(
    world.wire.requests.filter(({ method }) => method === 'guest.inject').map(({ params }) => JSON.stringify(params)),
  );
  return packets.size > sessions.size ? [`${packets.size} packets were sent for ${sessions.size} sessions.`] : [];
}

const sessionOf = ({ params }: { readonly params: unknown }): string => (params as { session: string }).session;

/** Every launch that was begun is still in the list, and opens with a sentence. */
async function lostRecords({ world, launches }: Outcome): Promise<readonly string[]> {
  const { page } = world;
  await page.goto('about:blank');
  await page.goto(demo('#/launches'));
  await page.getByRole('heading', { level: 1 }).waitFor();
  const lost: string[] = [];
  for (const launch of launches) {
    const link = page.locator(`a[href="${launch}"]`);
    if ((await link.count()) !== 1) lost.push(`The launch ${launch} is not in the list.`);
  }
  return lost;
}

/** Looks for the passphrase and the transport keys wherever a byte may have gone. */
async function leaks({ world, folder, passphrase }: Outcome): Promise<readonly string[]> {
  const secrets: Record<string, Uint8Array> = { passphrase: Buffer.from(passphrase) };
  const { keys } = restoreIdentity(JSON.parse(readFileSync(join(folder, 'simulated/simulated-chip.json'), 'utf8')));
  for (const [i, { params }] of world.wire.requests.filter(({ method }) => method === 'guest.launch').entries()) {
    const { dhCert, session, policy } = params as { dhCert: string; session: string; policy: number };
    const z = agree(keys.pdh, parseSevCert(Buffer.from(dhCert, 'base64')).publicKey);
    if (z === undefined) continue;
    // A request that was spoilt on the way has no keys that could leak.
    const opened = await openSession(z, Buffer.from(session, 'base64'), policy).catch(() => undefined);
    if (opened) Object.assign(secrets, { [`TEK of session ${i}`]: opened.tek, [`TIK of session ${i}`]: opened.tik });
  }
  return findLeaks(secrets, {
    'the WebSocket': Buffer.from(world.wire.frames.join('\n')),
    "the relay's output": Buffer.from(world.printed),
    "the page's storage": Buffer.from(await storageOf(world.page)),
    ...stateOf(folder),
  });
}

const stateOf = (folder: string): Record<string, Uint8Array> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path)]),
  );

/** All that the page keeps in clear, bytes as hex; a key that can be read out is told as such. */
function storageOf(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const written = (value: unknown): unknown => {
      if (value instanceof CryptoKey) return value.extractable ? 'EXTRACTABLE KEY' : 'key';
      if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('');
      if (Array.isArray(value)) return value.map(written);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, written(member)]));
    };
    const all: unknown[] = [{ ...localStorage }, { ...sessionStorage }, location.href, document.cookie, history.length];
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open(name!);
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(new Error('no database'));
      });
      for (const store of database.objectStoreNames) {
        const reading = database.transaction(store).objectStore(store).getAll();
        all.push(await new Promise((resolve) => (reading.onsuccess = () => resolve(written(reading.result)))));
      }
      database.close();
    }
    return JSON.stringify(all);
  });
}
