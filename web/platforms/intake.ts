// A chain out of whatever file it came in.
import { SevError } from '../../shared/errors.ts';

/** Nothing that can hold a chain is larger. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * @returns the chain in sevctl's order
 * @throws SevError BYTES_TOO_LARGE, BYTES_UNKNOWN
 */
export async function intakeChain(files: readonly File[]): Promise<Uint8Array> {
  const [file] = files;
  if (file === undefined) throw new SevError('BYTES_UNKNOWN');
  if (file.size > MAX_BYTES) throw new SevError('BYTES_TOO_LARGE', { at: file.name });
  return new Uint8Array(await file.arrayBuffer());
}
