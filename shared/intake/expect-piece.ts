// "This one, please": takes one kind out of what was given, and names what was given in its place.
import { SevError } from '../errors.ts';
import { equalBytes } from '../bytes/equal.ts';
import { type Piece, PIECE_WORDS, type PieceKind, type PieceOf } from './piece.ts';

/**
 * The one piece of a kind among those that were recognised.
 *
 * @throws SevError BYTES_SWAPPED when there is something else instead, naming it and where it belongs; RELAY_QMP when it
 *   is QEMU's refusal; BYTES_VALUE when there are two different ones; the certificate's own fault when it cannot be read
 */
export function expectPiece<K extends PieceKind>(pieces: readonly Piece[], kind: K, at = ''): PieceOf<K> {
  const [first, ...others] = pieces.filter((piece): piece is PieceOf<K> => piece.kind === kind);
  if (!first) throw notThis(pieces, kind, at);
  if (others.every((other) => isSame(first, other))) return first;
  const because = `There are ${others.length + 1} different ones, where one is asked for.`;
  throw new SevError('BYTES_VALUE', { at, because, next: `Give just one: ${PIECE_WORDS[kind].name}.` });
}

function notThis(pieces: readonly Piece[], kind: PieceKind, at: string): SevError {
  const [given] = pieces;
  if (!given) return new SevError('BYTES_UNKNOWN', { at, next: `Give ${PIECE_WORDS[kind].name} here.` });
  if (given.kind === 'unreadable') return given.error;
  return given.kind === 'qmp-error' ? qmpRefusal(given, at) : swapped(given, kind, at);
}

/** RELAY_QMP in QEMU's own words. */
export const qmpRefusal = ({ description }: PieceOf<'qmp-error'>, at: string): SevError =>
  new SevError('RELAY_QMP', { at, sentence: `QEMU refused the command: ${description}` });

/** BYTES_SWAPPED: one thing in the place of another, and where it belongs. */
export function swapped(given: Piece, wanted: PieceKind, at: string): SevError {
  const { name, belongs } = PIECE_WORDS[given.kind];
  const sentence = `This is ${name}; it belongs ${belongs}.`;
  return new SevError('BYTES_SWAPPED', { at, sentence, next: `Give ${PIECE_WORDS[wanted].name} here.` });
}

/** Whether two pieces of one kind are the same thing, however they were given. */
function isSame(a: Piece, b: Piece): boolean {
  const [one, other] = [bytesOf(a), bytesOf(b)];
  if (one && other) return equalBytes(one, other);
  const plain = ({ source: _source, encodings: _encodings, ...rest }: Piece): string => JSON.stringify(rest);
  return plain(a) === plain(b);
}

const bytesOf = (piece: Piece): Uint8Array | undefined =>
  'cert' in piece ? piece.cert.bytes : 'bytes' in piece ? piece.bytes : undefined;
