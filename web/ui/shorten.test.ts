import { expect, it } from 'vitest';
import { fileSize } from './shorten.ts';

it.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [540, '540 bytes'],
  [1024, '1 KiB'],
  [1.8 * 2 ** 20, '1.8 MiB'],
  [4 * 2 ** 20, '4 MiB'],
  [2 ** 50, '1024 TiB'],
])('%d bytes are shown as %s', (bytes, shown) => {
  expect(fileSize(bytes)).toBe(shown);
});
