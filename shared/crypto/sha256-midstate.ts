// A SHA-256 midstate as bytes, for storage: 41 to 104 of them, whatever the size of the file it stands for.
import { SevError } from '../errors.ts';
import { ByteReader } from '../bytes/reader.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { BLOCK_SIZE, DIGEST_SIZE } from './sha256-block.ts';
import type { Sha256Midstate } from './sha256-stream.ts';

const VERSION = 1;

/** version u8 = 1, length u64 little-endian, state 32 bytes, tail `length % 64` bytes. */
export const encodeMidstate = (midstate: Sha256Midstate): Uint8Array =>
  new ByteWriter(128).u8(VERSION).u64(BigInt(midstate.length)).bytes(midstate.state).bytes(midstate.tail).finish();

/** @throws SevError BYTES_LENGTH, BYTES_VALUE */
export function parseMidstate(bytes: Uint8Array, at = 'midstate'): Sha256Midstate {
  const reader = new ByteReader(bytes, at);
  const version = reader.u8('version');
  if (version !== VERSION)
    throw new SevError('BYTES_VALUE', { at: `${at}.version`, because: `Version ${version} is not known.` });
  const length = Number(reader.u64('length'));
  if (!Number.isSafeInteger(length)) throw new SevError('BYTES_VALUE', { at: `${at}.length` });
  const state = reader.take(DIGEST_SIZE, 'state');
  const tail = reader.take(length % BLOCK_SIZE, 'tail');
  reader.end();
  return { state, length, tail };
}
