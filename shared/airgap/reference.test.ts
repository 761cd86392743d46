import { describe, expect, it } from 'vitest';
import { toHex } from '../bytes/text.ts';
import { Sha256Stream } from '../crypto/sha256-stream.ts';
import { referenceMessage } from '../testing/reference-message.ts';
import { encodeMessage, parseMessage } from './messages.ts';
import { fileOfReference, type KnownFile, referenceOfFile } from './reference.ts';

function known(length: number): KnownFile {
  const stream = new Sha256Stream().update(referenceMessage(length));
  return {
    name: 'OVMF.amdsev.fd',
    role: 'guest-image',
    size: length,
    sha256: toHex(stream.digest()),
    midstate: stream.midstate(),
    guestImage: {
      size: length,
      kind: 'amd-sev',
      entries: [],
      resetEip: 0x80_b004,
      hashArea: { base: 0x81_0000, size: 0x400 },
      secretArea: { base: 0x80_f000, size: 0xc00 },
    },
  };
}

describe('a reference value', () => {
  it.each([4096, 4095, 4097, 1])('of %i bytes crosses the gap, and a digest goes on from it', async (length) => {
    const file = known(length);
    const message = await parseMessage(await encodeMessage(referenceOfFile(file)));
    if (message.kind !== 'reference') throw new Error(message.kind);
    const arrived = fileOfReference(message);
    expect(arrived).toEqual(file);
    const more = referenceMessage(100, 'more');
    const whole = new Sha256Stream().update(referenceMessage(length)).update(more);
    expect(Sha256Stream.from(arrived.midstate!).update(more).digest()).toEqual(whole.digest());
  });

  it('of a kernel is its hash alone', () => {
    const { guestImage: _image, midstate: _midstate, ...file } = known(300);
    expect(fileOfReference(referenceOfFile({ ...file, role: 'kernel' }))).toEqual({ ...file, role: 'kernel' });
  });

  it('is refused with the midstate of another file, of another length, or with half an area', () => {
    const message = referenceOfFile(known(4096));
    expect(() => fileOfReference({ ...message, sha256: new Uint8Array(32) })).toThrow('BYTES_VALUE');
    expect(() => fileOfReference({ ...message, size: 4095 })).toThrow('BYTES_VALUE');
    const { hashSize: _, ...half } = message;
    expect(() => fileOfReference(half)).toThrow('BYTES_VALUE at reference.hashArea');
  });
});
