// Files as they are given, bounded before they are read.
import { SevError } from '../../shared/errors.ts';
import { MAX_ZIP_BYTES } from '../../shared/intake/limits.ts';
import type { ResultOf } from '../../shared/relay-protocol.ts';
import type { Given } from './messages.ts';

/** @throws SevError BYTES_TOO_LARGE */
export const readGiven = (files: readonly File[]): Promise<readonly Given[]> =>
  Promise.all(
    files.map(async (file) => {
      if (file.size > MAX_ZIP_BYTES) throw new SevError('BYTES_TOO_LARGE', { at: file.name });
      return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
    }),
  );

/** A relay's certificates, each as if it were a file of its own. */
export const givenByRelay = (certificates: ResultOf<'platform.certificates'>): readonly Given[] =>
  Object.entries(certificates).map(([name, bytes]) => ({ name: `${name}.cert`, bytes }));
