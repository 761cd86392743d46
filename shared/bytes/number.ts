// Numbers as people read and write them. The existing tools disagree about decimal and hex, so both are always shown.
import { SevError } from '../errors.ts';

/** A number in both radices: `22 · 0x16`. */
export const bothRadices = (value: number): string => `${value} · 0x${value.toString(16)}`;

/** An API version or build in both radices: `1.55.21 · 0x1.0x37.0x15`. */
export const dottedBothRadices = (...parts: readonly number[]): string =>
  `${parts.join('.')} · ${parts.map((part) => `0x${part.toString(16)}`).join('.')}`;

/**
 * Reads a whole number in decimal, or in hex with `0x` before it. Nothing is guessed: `1f` is refused.
 * @throws SevError BYTES_VALUE
 */
export function parseNumber(text: string, max: number, at: string): number {
  const form = /^(?:[0-9]{1,16}|0[xX][0-9a-fA-F]{1,13})$/;
  const value = form.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  const because = Number.isNaN(value) ? 'It is not a number.' : `${text} is above ${max}.`;
  throw new SevError('BYTES_VALUE', { at, because, next: 'Write it in decimal, or in hex with 0x before it.' });
}

/** 32 bits as four bytes, little-endian. */
export const le32 = (value: number): Uint8Array =>
  Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
