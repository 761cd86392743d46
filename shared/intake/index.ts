// The intake's public door: bytes of any origin → pieces → a platform's chain, or the one thing that was asked for.
export { collectChain, type CollectedChain } from './collect-chain.ts';
export { expectPiece } from './expect-piece.ts';
export { type Piece, PIECE_WORDS, type PieceKind, type PieceOf } from './piece.ts';
export { recognise } from './recognise.ts';
