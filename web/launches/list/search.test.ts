import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LaunchSummary } from '../record/launch-summary.ts';
import { LaunchSearch, platformsOf, searchLaunches, type Wanted } from './search.ts';

const launch = (name: string, platformName: string, state: LaunchSummary['state']): LaunchSummary =>
  ({ id: name, name, platformId: platformName, platformName, state }) as LaunchSummary;

const all = [
  launch('Café one', 'rack 7', 'running'),
  launch('web two', 'rack 7', 'mismatch'),
  launch('db', 'rack 10', 'running'),
  launch('waits', 'rack 10', 'launched'),
];
const found = (wanted: Partial<Wanted>): string[] =>
  searchLaunches(all, { query: '', state: 'any', ...wanted }).map(({ name }) => name);

describe('the search among launches', () => {
  it.each([
    ['', ['Café one', 'web two', 'db', 'waits']],
    ['   ', ['Café one', 'web two', 'db', 'waits']],
    ['cafe', ['Café one']],
    ['RACK 7', ['Café one', 'web two']],
    ['rack running', ['Café one', 'db']],
    ['mismatch', ['web two']],
    ['nothing of the kind', []],
  ])('finds by “%s”', (query, names) => {
    expect(found({ query })).toEqual(names);
  });

  it('narrows by state, by platform, and by what waits for a person', () => {
    expect(found({ state: 'running' })).toEqual(['Café one', 'db']);
    expect(found({ platformId: 'rack 10' })).toEqual(['db', 'waits']);
    expect(found({ state: 'attention' })).toEqual(['web two', 'waits']);
    expect(found({ state: 'attention', platformId: 'rack 10', query: 'web' })).toEqual([]);
  });

  it('finds the same while somebody types, takes back and chooses, as from the beginning', () => {
    const step = fc.record({
      query: fc.constantFrom('', 'r', 'ra', 'rack', 'rack 1', 'rack 10', 'RÁCK', 'c', 'café', 'web', 'w'),
      state: fc.constantFrom<Wanted['state']>('any', 'running', 'attention'),
      platformId: fc.constantFrom(undefined, 'rack 7'),
    });
    const lists = [all, all.slice(1)];
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.constantFrom(...lists)), { maxLength: 12 }), (steps) => {
        const search = new LaunchSearch();
        for (const [wanted, list] of steps) expect(search.find(list, wanted)).toEqual(searchLaunches(list, wanted));
      }),
    );
  });

  it('names each platform once', () => {
    expect(platformsOf(all).map(({ name }) => name)).toEqual(['rack 10', 'rack 7']);
  });
});
