// Takes the texts of a camera, or of a paste, in any order, and says what each of them brought.
import { SevError } from '../errors.ts';
import { FountainDecoder } from './fountain-decoder.ts';
import { MAX_SERIES } from './limits.ts';
import type { Part } from './part.ts';
import { looksLikeUr, parseUr, type Ur } from './ur.ts';

interface Progress {
  readonly type: string;
  /** Parts that have arrived and said something new, of so many that are needed. */
  readonly received: number;
  readonly total: number;
}

export type Collected =
  /** A part of the series that is being followed. */
  | ({ readonly status: 'progress' } & Progress)
  /** A part of another series. It is kept too: whichever is complete first is done. */
  | ({ readonly status: 'other-series' } & Progress)
  /** The message is complete, its checksum right. Said again for every further code of the same message. */
  | { readonly status: 'done'; readonly message: Ur }
  /** Some other code or text; nothing has changed. */
  | { readonly status: 'not-ours' }
  /** It meant to be one of ours, and is damaged or forged; nothing has changed. */
  | { readonly status: 'refused'; readonly error: SevError };

interface Series {
  readonly key: string;
  readonly type: string;
  readonly decoder: FountainDecoder;
}

/** So many codes of another series in a row mean that the person now points at that one. */
const TURNED_AWAY_AFTER = 3;

/**
 * Follows what the camera sees until a message is complete. Strays, other codes and damaged ones leave the progress as it is.
 */
export class FrameCollector {
  readonly #accepts: (type: string) => boolean;
  /** Most recently fed last. */
  #series: Series[] = [];
  #current: Series | undefined;
  #strays = 0;
  #last: { readonly text: string; readonly result: Collected } | undefined;

  /** @param accepts which types are ours; a code of any other is passed over */
  constructor(accepts: (type: string) => boolean = () => true) {
    this.#accepts = accepts;
  }

  /** Never throws: what cannot be read is an answer too. */
  add(text: string): Collected {
    // A camera sees the same frame several times.
    if (this.#last?.text !== text) this.#last = { text, result: this.#read(text.trim()) };
    return this.#last.result;
  }

  #read(text: string): Collected {
    if (!looksLikeUr(text)) return { status: 'not-ours' };
    try {
      const ur = parseUr(text);
      if (!this.#accepts(ur.type)) return { status: 'not-ours' };
      return ur.part ? this.#feed(ur.type, ur.part) : { status: 'done', message: ur };
    } catch (error) {
      if (error instanceof SevError) return { status: 'refused', error };
      throw error;
    }
  }

  #feed(type: string, part: Part): Collected {
    const series = this.#find(type, part);
    series.decoder.add(part);
    const { message, received, total } = series.decoder;
    if (message) return { status: 'done', message: { type, payload: message } };
    return { status: this.#follow(series) ? 'progress' : 'other-series', type, received, total };
  }

  /** Whether this is the series that is being followed, now that a part of it came. */
  #follow(series: Series): boolean {
    this.#strays = series === this.#current ? 0 : this.#strays + 1;
    const isAhead = series.decoder.received > (this.#current?.decoder.received ?? 0);
    if (isAhead || this.#strays >= TURNED_AWAY_AFTER) {
      this.#current = series;
      this.#strays = 0;
    }
    return series === this.#current;
  }

  #find(type: string, part: Part): Series {
    const key = [type, part.total, part.messageLength, part.checksum, part.data.length].join(' ');
    const known = this.#series.find((series) => series.key === key);
    const series = known ?? { key, type, decoder: new FountainDecoder(part) };
    const others = this.#series.filter((other) => other !== known);
    if (others.length >= MAX_SERIES) others.splice(leastAdvanced(others), 1);
    this.#series = [...others, series];
    if (this.#current && !this.#series.includes(this.#current)) this.#current = undefined;
    return series;
  }
}

/** Strays make way first: the series with the fewest parts, and of these the one that was not fed for longest. */
function leastAdvanced(series: readonly Series[]): number {
  const fewest = Math.min(...series.map(({ decoder }) => decoder.received));
  return series.findIndex(({ decoder }) => decoder.received === fewest);
}
