// A large file of which every mebibyte is different.
import { closeSync, openSync, writeSync } from 'node:fs';

export function writeRandom(path: string, megabytes: number): string {
  const fd = openSync(path, 'w');
  const piece = new Uint8Array(2 ** 20);
  for (let i = 0; i < megabytes; i++) {
    crypto.getRandomValues(piece.subarray(0, 65_536));
    writeSync(fd, piece);
  }
  closeSync(fd);
  return path;
}
