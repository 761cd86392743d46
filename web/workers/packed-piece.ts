// Pieces on their way from a worker: an error is cloned without its class, and is made again on the page's side.
import { type ErrorCode, SevError } from '../../shared/errors.ts';
import type { Piece, PieceOf } from '../../shared/intake/piece.ts';

type Fault = { readonly code: ErrorCode; readonly at: string; readonly sentence: string; readonly next: string };
type PackedUnreadable = Omit<PieceOf<'unreadable'>, 'error'> & { readonly error: Fault };
export type PackedPiece = Exclude<Piece, PieceOf<'unreadable'>> | PackedUnreadable;

export const packed = (piece: Piece): PackedPiece =>
  piece.kind === 'unreadable' ? { ...piece, error: piece.error.toJSON() } : piece;

export const unpacked = (piece: PackedPiece): Piece =>
  piece.kind === 'unreadable' ? { ...piece, error: new SevError(piece.error.code, piece.error) } : piece;
