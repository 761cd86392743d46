// A message as what one screen shows: one still code when it fits, else an endless series of them.
import { SevError } from '../errors.ts';
import { FountainEncoder } from './fountain-encoder.ts';
import { MAX_FRAGMENTS, MAX_MESSAGE_BYTES } from './limits.ts';
import { PART_OVERHEAD } from './part.ts';
import { encodeUr, encodeUrPart, type Ur } from './ur.ts';

export interface FrameOptions {
  /** What one code of a series carries of the message. */
  readonly maxBytesPerFrame: number;
  /** What a single still code may carry; it can be denser, since it stands still. As much as a frame if not given. */
  readonly maxBytesStill?: number;
}

export type Frames =
  | { readonly kind: 'still'; readonly text: string }
  | {
      readonly kind: 'animated';
      /** Frames after which a reader that missed none is done. */
      readonly total: number;
      /** The text of frame `number`, from 1, without an end. */
      readonly frame: (number: number) => string;
      /** All of them in turn, without an end. */
      [Symbol.iterator](): Generator<string, never, undefined>;
    };

/** Frames begin anew after this number, while numbers still have five digits and no frame outgrows its code. */
export const LAST_NUMBER = 0xffff;

/**
 * @throws SevError BYTES_TOO_LARGE when the message is longer than a reader would take, or needs more frames than it would
 */
export function encodeFrames(ur: Ur, options: FrameOptions): Frames {
  const { maxBytesPerFrame, maxBytesStill = maxBytesPerFrame } = options;
  const { length } = ur.payload;
  if (length > MAX_MESSAGE_BYTES || maxBytesPerFrame < 1 || Math.ceil(length / maxBytesPerFrame) > MAX_FRAGMENTS) {
    throw new SevError('BYTES_TOO_LARGE', { next: 'Carry it as a file instead, or show larger codes.' });
  }
  if (length <= maxBytesStill) return { kind: 'still', text: encodeUr(ur) };
  const encoder = new FountainEncoder(ur.payload, maxBytesPerFrame);
  const frame = (number: number): string => encodeUrPart(ur.type, encoder.part(((number - 1) % LAST_NUMBER) + 1));
  return {
    kind: 'animated',
    total: encoder.total,
    frame,
    *[Symbol.iterator]() {
      for (let number = 1; ; number++) yield frame(number);
    },
  };
}

/** How many bytes of a message one still code of so many alphanumeric characters carries. */
export const stillBytesIn = (characters: number, type: string): number =>
  Math.floor((characters - `UR:${type}/`.length) / 2) - 4;

/** How many bytes of a message one frame of a series carries in a code of so many alphanumeric characters. */
export const frameBytesIn = (characters: number, type: string): number =>
  Math.floor((characters - `UR:${type}/65535-1024/`.length) / 2) - 4 - PART_OVERHEAD;
