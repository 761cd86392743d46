// Recognises what was dropped or pasted, away from the page: whatever it holds, the page goes on.
import { recognise } from '../../shared/intake/recognise.ts';
import { answer } from './answer.ts';
import type { Given } from './messages.ts';
import { packed, type PackedPiece } from './packed-piece.ts';

answer<readonly Given[], readonly PackedPiece[]>(async (given) =>
  (await Promise.all(given.map(({ bytes, name }) => recognise(bytes, name)))).flat().map(packed),
);
