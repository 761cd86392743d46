// Numbers as people give and read them: decimal or 0x…, and shown in both, because the existing tools disagree.
import { usage } from './usage.ts';

/**
 * Reads a whole number in decimal or with `0x`.
 * @throws SevError RELAY_USAGE naming the option and its range
 */
export function readNumber(text: string, at: string, max: number, min = 0): number {
  const value = /^(\d+|0[xX][0-9a-fA-F]+)$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw usage(at, `“${text}” is no number from ${min} to ${bothRadixes(max)}, in decimal or with 0x.`);
}

export const hexNumber = (value: number): string => `0x${value.toString(16)}`;

/** `22 · 0x16` */
export const bothRadixes = (value: number): string => `${value} · ${hexNumber(value)}`;
