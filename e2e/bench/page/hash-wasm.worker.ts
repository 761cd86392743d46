import { createSHA256 } from 'hash-wasm';
import { hashEvery } from './reply.ts';

const PIECE = 1024 * 1024;

hashEvery(async (file) => {
  const hash = await createSHA256();
  for (let offset = 0; offset < file.size; offset += PIECE) {
    hash.update(new Uint8Array(await file.slice(offset, offset + PIECE).arrayBuffer()));
  }
  return hash.digest('hex');
});
