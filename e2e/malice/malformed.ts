// Every answer with one member spoilt in turn: of another kind, out of range, or left out.
import type { Json } from './lying-relay.ts';

export interface Spoilt {
  /** Where and how, as in `guests[0].state is a number`. */
  readonly title: string;
  readonly value: Json;
}

/** All ways to spoil a JSON value, member by member; `optional` names members that may be left out. */
export function spoil(value: Json, at: string, optional: ReadonlySet<string>): readonly Spoilt[] {
  if (Array.isArray(value)) {
    const first = (value as readonly Json[])[0];
    const inside = first === undefined ? [] : spoil(first, `${at}[0]`, optional).map(inList(value as readonly Json[]));
    return [...others(value as Json, at), ...inside];
  }
  if (typeof value !== 'object' || value === null) return others(value, at);
  const object = value as { readonly [name: string]: Json };
  const names = Object.keys(object);
  return [
    ...others(value, at),
    ...names
      .filter((name) => !optional.has(name))
      .map((name) => ({ title: `${at} lacks ${name}`, value: without(object, name) })),
    ...names.flatMap((name) =>
      spoil(object[name]!, `${at}.${name}`, optional).map((one) => ({
        ...one,
        value: { ...object, [name]: one.value },
      })),
    ),
  ];
}

const inList =
  (list: readonly Json[]) =>
  (one: Spoilt): Spoilt => ({ ...one, value: [one.value, ...list.slice(1)] });

const without = (object: { readonly [name: string]: Json }, name: string): Json =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

/** Values of another kind, and of the same kind beyond every bound of the protocol. */
function others(value: Json, at: string): readonly Spoilt[] {
  const kinds: readonly (readonly [string, Json])[] = [
    ['null', null],
    ['a text', 'verified'],
    ['a number', 7],
    ['true', true],
    ['a list', [[]]],
    ['an object', { verified: true }],
  ];
  const kindOf = (one: Json): string => (one === null ? 'null' : Array.isArray(one) ? 'list' : typeof one);
  const strange = kinds.filter(([, other]) => kindOf(other) !== kindOf(value));
  const beyond = typeof value === 'number' ? NUMBERS : typeof value === 'string' ? TEXTS : [];
  return [...strange, ...beyond].map(([name, other]) => ({ title: `${at} is ${name}`, value: other }));
}

const NUMBERS: readonly (readonly [string, Json])[] = [
  ['negative', -1],
  ['a fraction', 0.5],
  ['beyond all integers', 2 ** 60],
];
const TEXTS: readonly (readonly [string, Json])[] = [['300,000 characters', 'A'.repeat(300_000)]];
