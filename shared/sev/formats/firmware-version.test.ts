import { expect, it } from 'vitest';
import { firmwareVersion, isOlder, plainFirmware, showFirmware } from './firmware-version.ts';

it.each<[number[], number[], boolean]>([
  [[0, 17, 48], [1, 0, 0], true],
  [[1, 0, 0], [0, 17, 48], false],
  [[0, 16, 255], [0, 17, 0], true],
  [[0, 17, 0], [0, 16, 255], false],
  [[0, 17, 1], [0, 17, 1], false],
  [[0, 17, 1], [0, 17, 2], true],
])('%j is older than %j: %s', (a, b, older) => {
  const version = ([major, minor, build]: number[]) => firmwareVersion(major!, minor!, build!);
  expect(isOlder(version(a), version(b))).toBe(older);
});

it('is shown in both radices, and in one where tools write it so', () => {
  const version = firmwareVersion(1, 55, 21);
  expect(showFirmware(version)).toBe('1.55.21 · 0x1.0x37.0x15');
  expect(plainFirmware(version)).toBe('1.55.21');
});
