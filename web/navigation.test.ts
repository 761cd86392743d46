import { describe, expect, it } from 'vitest';
import { readPlace } from './navigation.svelte.ts';

describe('an address', () => {
  it.each([
    ['', { name: 'launches' }],
    ['#/', { name: 'launches' }],
    ['#/launches', { name: 'launches' }],
    ['#/launches/3f2a', { name: 'launch', id: '3f2a' }],
    ['#/platforms', { name: 'platforms' }],
    ['#/platforms/ab', { name: 'platform', id: 'ab' }],
    ['#/connect', { name: 'connect' }],
    ['#/library', { name: 'library' }],
    ['#/practice', { name: 'practice', path: [] }],
    ['#/practice/launches/3f2a', { name: 'practice', path: ['launches', '3f2a'] }],
    ['#/scan', { name: 'scan' }],
    ['#/about/more', { name: 'unknown' }],
    ['#/launches/a/b', { name: 'unknown' }],
    ['#/constructor', { name: 'unknown' }],
  ])('%s leads to %o', (fragment, place) => {
    expect(readPlace(fragment)).toEqual(place);
  });
});
