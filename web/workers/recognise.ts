// Asks the worker that recognises, and waits for it only so long.
import { SevError } from '../../shared/errors.ts';
import type { Piece } from '../../shared/intake/piece.ts';
import { callWorker } from './call.ts';
import type { Given } from './messages.ts';
import { type PackedPiece, unpacked } from './packed-piece.ts';
import { withPatience } from './patience.ts';
import workerUrl from './recognise.worker.ts?worker&url';

/** What is taken in is at most 4 MiB, and is recognised within a second or two on a slow phone. */
const PATIENCE_SECONDS = 20;

/** @throws SevError BYTES_UNKNOWN, BYTES_TOO_LARGE, or the fault of what a file was taken for; BYTES_SLOW after 20 seconds */
export async function recogniseGiven(given: readonly Given[]): Promise<readonly Piece[]> {
  const ended = new AbortController();
  const asked = callWorker<readonly Given[], readonly PackedPiece[]>(workerUrl, given, { signal: ended.signal });
  const tooLong = (): SevError => new SevError('BYTES_SLOW', { at: given.map(({ name }) => name).join(', ') });
  try {
    return (await withPatience(asked, PATIENCE_SECONDS, tooLong)).map(unpacked);
  } finally {
    asked.catch(() => undefined);
    ended.abort();
  }
}
