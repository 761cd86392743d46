import { afterEach, describe, expect, it, vi } from 'vitest';
import { Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import { newFileHash } from './file-hash.ts';

const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 251) >>> 3);
const LENGTHS = [0, 1, 55, 56, 63, 64, 65, 127, 128, 4096, 99_999];

afterEach(() => vi.unstubAllGlobals());

describe.each(['WebAssembly', 'JavaScript'])("a file's hash, in %s", (by) => {
  it.each(LENGTHS)('keeps the state of our own SHA-256 after %i bytes', async (length) => {
    if (by === 'JavaScript') forbidWebAssembly();
    const hash = await newFileHash();
    expect(hash instanceof Sha256Stream).toBe(by === 'JavaScript');
    for (const [from, to] of [
      [0, length >> 1],
      [length >> 1, length],
    ])
      hash.update(bytes.subarray(from, to));
    expect(hash.midstate()).toEqual(new Sha256Stream().update(bytes.subarray(0, length)).midstate());
  });
});

/** As a policy without 'wasm-unsafe-eval' does. */
function forbidWebAssembly(): void {
  const compile = () => Promise.reject(new WebAssembly.CompileError('refused by the content security policy'));
  vi.stubGlobal('WebAssembly', { ...WebAssembly, compile, instantiate: compile });
}
