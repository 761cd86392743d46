// That the simulated root is trusted in practice and in the demo, and nowhere else.
import { expect, it } from 'vitest';
import { AMD_ROOTS } from '../../shared/trust/amd-roots.ts';
import { profileOfAddress } from './profile.ts';
import { rootsOf } from './roots.ts';

const sources = import.meta.glob<string>('../**/*.{ts,svelte}', { query: '?raw', import: 'default', eager: true });

it('pins AMD alone for real, and only the published test root where all is simulated', async () => {
  expect(await rootsOf('real')).toBe(AMD_ROOTS);
  for (const profile of ['demo', 'practice'] as const)
    expect((await rootsOf(profile)).map(({ simulated }) => simulated)).toEqual([true]);
});

it('has the simulated root in no other code of the app', () => {
  const holders = Object.entries(sources).filter(([, text]) => /trust\/(simulated-root|known-roots)\.ts/.test(text));
  const names = holders.map(([path]) => path).filter((path) => !path.includes('.test.') && !path.startsWith('../cli/'));
  expect(names.sort()).toEqual(['../practice/lab/guest-owner.ts', './roots.ts']);
});

it.each([
  ['', 'real'],
  ['?demo', 'demo'],
  ['?demo=', 'demo'],
  ['?x=demo', 'real'],
  ['?demonstration', 'real'],
])('takes the address %j for %s', (search, profile) => {
  expect(profileOfAddress(search)).toBe(profile);
});
