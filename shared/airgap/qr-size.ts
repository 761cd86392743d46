// How much fits into a QR code, and which size a message needs: facts of ISO/IEC 18004, so that web and terminal choose alike.
import { SevError } from '../errors.ts';
import { encodeFrames, frameBytesIn, type Frames, LAST_NUMBER, stillBytesIn } from './frames.ts';
import type { Ur } from './ur.ts';

/** How much of a code may be lost: about 7 % or 15 %. */
export type QrCorrection = 'low' | 'medium';

/** Alphanumeric characters in a code of version 1 to 40. */
// prettier-ignore
const CAPACITY: Readonly<Record<QrCorrection, readonly number[]>> = {
  low: [
    25, 47, 77, 114, 154, 195, 224, 279, 335, 395, 468, 535, 619, 667, 758, 854, 938, 1046, 1153, 1249, 1352, 1460, 1588, 1704, 1853, 1990,
    2132, 2223, 2369, 2520, 2677, 2840, 3009, 3183, 3351, 3537, 3729, 3927, 4087, 4296,
  ],
  medium: [
    20, 38, 61, 90, 122, 154, 178, 221, 262, 311, 366, 419, 483, 528, 600, 656, 734, 816, 909, 970, 1035, 1134, 1248, 1326, 1451, 1542,
    1637, 1732, 1839, 1994, 2113, 2238, 2369, 2506, 2632, 2780, 2894, 3054, 3220, 3391,
  ],
};

/** @param version 1 to 40 */
export const characterCapacity = (version: number, correction: QrCorrection): number =>
  CAPACITY[correction][version - 1] ?? 0;

/** Modules along one side, without the quiet zone. */
export const modulesOf = (version: number): number => 17 + 4 * version;

export interface CodeSize {
  /** The densest code of a series. */
  readonly maxVersion: number;
  /** The densest code that stands still; the same if not given. */
  readonly maxStillVersion?: number;
  readonly correction: QrCorrection;
}

/**
 * What was measured to work with ordinary cameras. With 720 lines, soft by up to two pixels, version 18 is read as well as 15 is;
 * 20 is not, once the code fills only half of the picture. A platform's chain has 8 codes of version 18 and 11 of version 15, which
 * are the more to be missed.
 */
export const USUAL_SIZE: CodeSize = { maxVersion: 18, correction: 'low' };

/** A message as codes: their texts, and the one version in which all of them are drawn. */
export interface QrCodes {
  readonly frames: Frames;
  readonly version: number;
  readonly correction: QrCorrection;
}

/**
 * Chooses by itself between one still code and a series.
 * @throws SevError BYTES_TOO_LARGE when the message does not fit into a series of such codes
 */
export function layOutCodes(ur: Ur, size: CodeSize = USUAL_SIZE): QrCodes {
  const { maxVersion, maxStillVersion = maxVersion, correction } = size;
  const frames = encodeFrames(ur, {
    maxBytesPerFrame: frameBytesIn(characterCapacity(maxVersion, correction), ur.type),
    maxBytesStill: stillBytesIn(characterCapacity(maxStillVersion, correction), ur.type),
  });
  const longest = frames.kind === 'still' ? frames.text : frames.frame(LAST_NUMBER);
  const version = CAPACITY[correction].findIndex((characters) => characters >= longest.length) + 1;
  if (version === 0) throw new SevError('BYTES_TOO_LARGE');
  return { frames, version, correction };
}
