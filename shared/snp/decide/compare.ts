// Comparing one value of a report with what the owner expects of it: the same rules for every field.
import { equalBytes, isZero } from '../../bytes/equal.ts';
import { toHex } from '../../bytes/text.ts';
import { isOwn } from './origin.ts';
import type { Severity } from '../../findings/finding.ts';
import type { OneOf, Reference, Wish } from './expectation.ts';
import { find, type SnpFinding } from './finding.ts';
import { type BytesField, WISH_NAMES } from './words.ts';

/**
 * One field of bytes against the values that it may have. Only the owner's own values decide: a claimed one is compared and told,
 * and leaves the field unchecked.
 */
export function compareBytes(field: BytesField, actual: Uint8Array, wish: OneOf<Uint8Array> | undefined): SnpFinding {
  return compareOneOf(field, actual, wish, equalBytes, toHex);
}

export function compareOneOf<T>(
  field: BytesField | 'cspId' | 'product',
  actual: T | undefined,
  wish: OneOf<T> | undefined,
  equal: (a: T, b: T) => boolean,
  show: (value: T) => string,
): SnpFinding {
  const shown = actual === undefined ? {} : { actual: show(actual) };
  if (wish === 'any') return find('note', 'SNP_FIELD_ANY', { field }, shown);
  if (!wish || wish.length === 0) return find('unchecked', 'SNP_FIELD_UNASKED', { field }, shown);
  const same = (reference: Reference<T>): boolean => actual !== undefined && equal(reference.value, actual);
  const own = wish.filter(({ origin }) => isOwn(origin));
  if (own.some(same)) return find('ok', 'SNP_FIELD_EQUAL', { field }, shown);
  const expected = wish.map(({ value }) => show(value)).join(', ');
  if (own.length > 0) return find('refused', 'SNP_FIELD_OTHER', { field }, { ...shown, expected });
  return find('unchecked', 'SNP_FIELD_CLAIMED', { field, equal: wish.some(same) }, { ...shown, expected });
}

/**
 * A requirement that is not a mere comparison: judged by `judge` when it is the owner's own.
 * @param asks whether a value asks for anything: an empty floor and an empty mask do not, and nothing was checked
 */
export function judgeWish<T>(
  name: keyof typeof WISH_NAMES,
  wish: Wish<T> | undefined,
  asks: (value: T) => boolean,
  judge: (value: T) => readonly SnpFinding[],
): readonly SnpFinding[] {
  const named = { wish: WISH_NAMES[name] };
  if (wish === undefined || (wish !== 'any' && !asks(wish.value)))
    return [find('unchecked', 'SNP_WISH_UNASKED', named)];
  if (wish === 'any') return [find('note', 'SNP_WISH_ANY', named)];
  if (isOwn(wish.origin)) return judge(wish.value);
  const found = judge(wish.value).some(({ severity }) => severity === 'refused');
  const claimed: Severity = 'unchecked';
  return [find(claimed, 'SNP_WISH_CLAIMED', named, { actual: found ? 'not met' : 'met' })];
}

/** A digest of zeros means that there is none, and matches nothing. */
export const matchesKey = (reference: Reference<Uint8Array>, actual: Uint8Array): boolean =>
  !isZero(actual) && equalBytes(reference.value, actual);
