// The members that messages of the air gap are made of. They read CBOR's values as `schema.ts` reads JSON's.
import { SevError } from '../errors.ts';
import { refuse, type Schema, string } from '../schema.ts';

/** A byte string of `min` to `max` bytes. */
export const bytes = (min: number, max = min): Schema<Uint8Array> => ({
  parse(value, at) {
    if (!(value instanceof Uint8Array)) return refuse(at, 'It is not a byte string.');
    if (value.length >= min && value.length <= max) return value;
    const wanted = min === max ? `${min}` : `${min} to ${max}`;
    throw new SevError('BYTES_LENGTH', { at, because: `${value.length} bytes instead of ${wanted}.` });
  },
});

/** A name that people read, in normal form C: no control characters, nothing that turns the direction of writing, not blank. */
export const label = (maxLength: number): Schema<string> => ({
  parse(value, at) {
    const text = string(maxLength).parse(value, at).normalize('NFC');
    return /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(text) && text.trim() !== ''
      ? text
      : refuse(at, 'It has characters that cannot be shown.');
  },
});

/** A name as a message may carry it: what `label` refuses is left out, and it is cut where it is too long. */
export function labelOf(name: string | undefined, maxLength = 64): string | undefined {
  const shown = (name ?? '').replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').normalize('NFC');
  // Half of a pair of surrogates would be refused.
  return (
    shown
      .slice(0, maxLength)
      .replace(/[\uD800-\uDBFF]$/, '')
      .trim() || undefined
  );
}

/** The address of a relay. */
export const relayUrl: Schema<string> = {
  parse(value, at) {
    const text = string(256).parse(value, at);
    return /^wss?:\/\/[!-~]+$/.test(text) ? text : refuse(at, 'It is not the address of a relay.');
  },
};
