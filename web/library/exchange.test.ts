import { describe, expect, it } from 'vitest';
import { toHex } from '../../shared/bytes/text.ts';
import { Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import { exportLibrary, importLibrary } from './exchange.ts';

const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i * 7);
const stream = new Sha256Stream().update(bytes);
const image = {
  name: 'OVMF.amdsev.fd',
  role: 'guest-image',
  size: bytes.length,
  sha256: toHex(stream.digest()),
  midstate: stream.midstate(),
} as const;
const kernel = { name: 'vmlinuz', role: 'kernel', size: 9, sha256: 'ab'.repeat(32) } as const;

describe('a library as a file', () => {
  it('comes back as it went', async () => {
    const [first, second] = await importLibrary(await exportLibrary([image, kernel]));
    expect(first).toMatchObject(image);
    expect(second).toEqual(kernel);
  });

  it('leaves behind what only the library itself knows of a file', async () => {
    const record = { ...kernel, id: 'kernel ab', addedAt: 1_700_000_000_000 };
    expect(await importLibrary(await exportLibrary([record]))).toEqual([kernel]);
  });

  it('is refused when a midstate is not the one of its hash', async () => {
    const wrong = { ...image, sha256: '00'.repeat(32) };
    const text = await exportLibrary([wrong]);
    await expect(importLibrary(text)).rejects.toMatchObject({ code: 'BYTES_VALUE' });
  });

  it.each(['hello', 'UR:BYTES/AEAE', '{"files": []}'])('is refused when it is %s', async (text) => {
    await expect(importLibrary(text)).rejects.toMatchObject({ name: 'SevError' });
  });
});
