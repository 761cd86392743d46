// One part of a message (BCR-2024-001, section 5): a fragment, or several laid over one another, and what ties it to the rest.
import { SevError } from '../errors.ts';
import { integer, refuse } from '../schema.ts';
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts';
import { MAX_FRAGMENTS, MAX_MESSAGE_BYTES, MAX_PART_NUMBER } from './limits.ts';

export interface Part {
  /** From 1; up to `total` it is a fragment itself, beyond it is a mix. */
  readonly number: number;
  /** How many fragments the message has. */
  readonly total: number;
  readonly messageLength: number;
  /** The CRC-32 of the whole message. */
  readonly checksum: number;
  /** As long as every other part's; zeros fill up the last fragment. */
  readonly data: Uint8Array;
}

export const encodePart = (part: Part): Uint8Array =>
  encodeCbor([part.number, part.total, part.messageLength, part.checksum, part.data]);

/** Bytes that a part takes beyond its fragment, at most: the head of the list, four numbers, the head of the bytes. */
export const PART_OVERHEAD = 1 + 3 + 3 + 5 + 5 + 3;

/**
 * Reads one part and holds its numbers against one another and the limits.
 * @throws SevError BYTES_LENGTH, BYTES_VALUE, BYTES_TOO_LARGE
 */
export function parsePart(bytes: Uint8Array): Part {
  const value = decodeCbor(bytes, 'part');
  if (!Array.isArray(value) || value.length !== 5) return refuse('part', 'It is not a list of five.');
  const [number, total, messageLength, checksum, data] = value as CborValue[];
  const part: Part = {
    number: integer(1, MAX_PART_NUMBER).parse(number, 'part.number'),
    total: bounded(total, MAX_FRAGMENTS, 'part.total'),
    messageLength: bounded(messageLength, MAX_MESSAGE_BYTES, 'part.messageLength'),
    checksum: integer(0, 0xffff_ffff).parse(checksum, 'part.checksum'),
    data: data instanceof Uint8Array ? data : refuse('part.data', 'It is not a byte string.'),
  };
  if (Math.ceil(part.messageLength / part.data.length) !== part.total) {
    return refuse('part', `${part.total} fragments of ${part.data.length} bytes do not make ${part.messageLength}.`);
  }
  return part;
}

function bounded(value: CborValue | undefined, max: number, at: string): number {
  const number = integer(1, Number.MAX_SAFE_INTEGER).parse(value, at);
  if (number > max) throw new SevError('BYTES_TOO_LARGE', { at, because: `${number}; at most ${max} are taken.` });
  return number;
}
