import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { toHex } from '../../shared/bytes/text.ts';
import { Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import type { GuestImage } from '../../shared/guest/guest-image.ts';
import { openDatabase } from '../storage/database.ts';
import { Library } from './library.svelte.ts';
import { originOfFile, readImageOf } from './reference-record.ts';

const bytes = new Uint8Array(64).fill(9);
const stream = new Sha256Stream().update(bytes);
/** What the file itself shows: an ordinary OVMF without a place for kernel hashes. */
const real: GuestImage = { size: bytes.length, kind: 'code', entries: [], resetEip: 7 };
const hashed = { size: bytes.length, sha256: toHex(stream.digest()), midstate: stream.midstate(), guestImage: real };

vi.mock('../workers/digest.ts', () => ({
  hashImage: (_: File, known: (sha256: string) => unknown) => Promise.resolve(known(hashed.sha256) ?? hashed),
  hashFile: () => Promise.resolve({ size: hashed.size, sha256: hashed.sha256 }),
}));

const file = new File([bytes], 'OVMF.fd');
/** What anyone can put into a code: the same hash, and more than the file can. */
const forged = {
  ...({ name: 'OVMF.amdsev.fd', role: 'guest-image', size: bytes.length, sha256: hashed.sha256 } as const),
  midstate: stream.midstate(),
  guestImage: { ...real, kind: 'amd-sev', hashArea: { base: 1, size: 176 }, resetEip: 0xbad } as GuestImage,
} as const;

describe('The library', () => {
  let library: Library;
  beforeEach(async () => {
    indexedDB = new IDBFactory();
    library = new Library(await openDatabase());
    await library.load();
  });

  it('keeps a claim as one, and takes nothing from it that only the file can show', async () => {
    const kept = await library.keepClaim(forged, 'code');
    expect(originOfFile(kept)).toBe('claimed:code');
    expect(readImageOf(kept)).toBeUndefined();
    const confirmed = await library.confirm(kept);
    expect(originOfFile(confirmed)).toBe('confirmed:code');
    expect(readImageOf(confirmed)).toBeUndefined();
    await expect(async () => library.vouch(confirmed, true)).rejects.toThrow('MEASURE_CLAIMED');
  });

  it.each(['claimed', 'confirmed'])(
    'puts what the file itself shows in the place of what was %s of it',
    async (state) => {
      const kept = await library.keepClaim(forged, 'code');
      if (state === 'confirmed') await library.confirm(kept);
      const own = await library.add(file, 'guest-image');
      expect(originOfFile(own)).toBe('hashed-here');
      expect(own.guestImage).toEqual(real);
      expect(own.name).toBe(state === 'confirmed' ? 'OVMF.amdsev.fd' : 'OVMF.fd');
      expect(library.files).toHaveLength(1);
    },
  );

  it('lets no claim overrule what was read here', async () => {
    await library.add(file, 'guest-image');
    const kept = await library.keepClaim(forged, 'code');
    expect(kept).toMatchObject({ origin: 'hashed-here', guestImage: real, name: 'OVMF.fd' });
  });

  it('takes records of an earlier version for claims until the file is read again', async () => {
    const database = await openDatabase();
    await database.put('references', { ...forged, id: `guest-image:${hashed.sha256}`, addedAt: 1 });
    const later = new Library(database);
    await later.load();
    expect(later.files.map(originOfFile)).toEqual(['claimed:earlier-version']);
    const own = await later.add(file, 'guest-image');
    expect(own).toMatchObject({ origin: 'hashed-here', guestImage: real, addedAt: 1 });
  });

  it('keeps the word of the owner for an image that was read here, and lets it be taken back', async () => {
    const own = await library.add(file, 'guest-image');
    await library.vouch(own, true);
    expect(library.images[0]?.vouchedAt).toBeGreaterThan(0);
    await library.vouch(library.images[0]!, false);
    expect(library.images[0]?.vouchedAt).toBeUndefined();
  });
});
