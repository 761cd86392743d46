import { createHash } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { hashFile } from './hash-file.ts';
import { TestFolder } from './testing/folder.ts';

const PIECE = 128 * 1024;
const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
const sha256 = (...parts: Uint8Array[]): Uint8Array =>
  new Uint8Array(parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest());

describe('hashing a file', () => {
  it.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 1, 5 * PIECE + 77])(
    'of %i bytes gives its digest, its size and its ends',
    (size) => {
      const content = bytes(size);
      const hashed = hashFile(new TestFolder().write('image', content));
      expect(hashed.size).toBe(size);
      expect(hashed.sha256()).toEqual(sha256(content));
      expect(hashed.sha256(Uint8Array.of(1, 2))).toEqual(sha256(content, Uint8Array.of(1, 2)));
      expect(hashed.sha256()).toEqual(sha256(content));
      expect(hashed.head).toEqual(content.slice(0, 48));
      expect(hashed.tail.length).toBeGreaterThanOrEqual(Math.min(size, PIECE));
      expect(
        Buffer.from(content)
          .subarray(size - hashed.tail.length)
          .equals(hashed.tail),
      ).toBe(true);
    },
  );

  it('reads a pipe to its end', () => {
    const folder = new TestFolder();
    const pipe = folder.at('pipe');
    if (spawnSync('mkfifo', [pipe]).status !== 0) throw new Error('no mkfifo here');
    const path = folder.write('content', bytes(300_000));
    spawn('sh', ['-c', `cat '${path}' > '${pipe}'`], { stdio: 'ignore' });
    expect(hashFile(pipe)).toMatchObject({ size: 300_000 });
  });

  it('says why a file cannot be read', () => {
    const folder = new TestFolder();
    expect(() => hashFile(folder.at('none'))).toThrow('There is no such file');
    expect(() => hashFile(folder.path)).toThrow('It is a folder');
  });
});
