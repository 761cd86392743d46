import { expect, it } from 'vitest';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../../bytes/text.ts';
import { readFirmwareTable } from '../firmware-table.ts';
import { demoGuestImage } from './image.ts';

it('The demo guest image names its areas as an AmdSev build of OVMF does', () => {
  const image = demoGuestImage();
  expect(image).toHaveLength(65_536);
  expect(readFirmwareTable(image)).toEqual({
    resetEip: expect.any(Number) as number,
    hashArea: { base: 0x810c00, size: 0x400 },
    secretArea: { base: 0x810000, size: 0xc00 },
  });
});

it('The demo guest image lets other CPUs rest within itself', () => {
  const { resetEip } = readFirmwareTable(demoGuestImage());
  const offset = resetEip! - 0xffff0000;
  // cli, hlt, and back
  expect(toHex(demoGuestImage().slice(offset, offset + 4))).toBe('faf4ebfc');
});

it('The demo guest image is the same everywhere', () => {
  expect(toHex(sha256(demoGuestImage()))).toBe('33987a99dfc9eeca57aeaffc2fe781c394c0a3d169c64511cfe0f72e48abdcce');
});
