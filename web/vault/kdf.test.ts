// Argon2id by two implementations, and the bounds of what a record may ask for.
import { describe, expect, it } from 'vitest';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { argon2id, byJavaScript } from './kdf.ts';
import { calibrated, isOutdated, newKdfSettings, requireKdfSettings } from './kdf-settings.ts';

const salt = new Uint8Array(16).fill(7);
const settings = (memoryKib: number, passes: number) => ({ name: 'argon2id', memoryKib, passes, salt }) as const;

describe('the key derivation', () => {
  it('gives the same key by WebAssembly and by JavaScript', async () => {
    const [password, cost] = [toUtf8('several plain words'), settings(19_456, 2)];
    expect(await argon2id(password, cost)).toEqual(await byJavaScript(password, cost));
  });

  it('writes 64 MiB and three passes at least, and 256 MiB for a backup', () => {
    expect(newKdfSettings()).toMatchObject({ memoryKib: 65_536, passes: 3 });
    expect(newKdfSettings('vault', 1).passes).toBe(3);
    expect(newKdfSettings('vault', 99).passes).toBe(12);
    expect(newKdfSettings('backup')).toMatchObject({ memoryKib: 262_144, passes: 3 });
  });

  it('takes as many passes as fit into a second, within its bounds', () => {
    expect(calibrated('vault', settings(65_536, 3), 600)).toBe(5);
    expect(calibrated('vault', settings(65_536, 3), 60_000)).toBe(3);
    expect(calibrated('vault', settings(65_536, 3), 1)).toBe(12);
    for (const nothing of [0, -1, Number.NaN]) expect(calibrated('vault', settings(65_536, 3), nothing)).toBe(3);
  });

  it.each([
    [47_104, 1, 'of the first version'],
    [19_456, 1, 'the least'],
    [262_144, 12, 'four times a backup'],
    [524_288, 6, 'the most memory'],
  ])('reads %i KiB and %i passes: %s', (memoryKib, passes) => {
    expect(() => requireKdfSettings(settings(memoryKib, passes))).not.toThrow();
  });

  it.each([
    [19_455, 1],
    [8, 3],
    [65_536, 0],
    [65_536, 17],
    [65_536, 1.5],
    [262_144, 13],
    [524_289, 1],
    [1_048_576, 16],
    [Number.NaN, 3],
  ])('refuses %d KiB and %d passes', (memoryKib, passes) => {
    expect(() => requireKdfSettings(settings(memoryKib, passes))).toThrow();
  });

  it('knows what is to be wrapped again', () => {
    expect(isOutdated(settings(47_104, 1))).toBe(true);
    expect(isOutdated(newKdfSettings())).toBe(false);
  });
});
