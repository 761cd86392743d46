// The one sink of both commands: whatever they say passes here, and is escaped here.
import { rendered, type Said } from './painted.ts';

/** Where a terminal writes to: the streams of a process, or what stands in for them. Nothing but `Terminal` writes to it. */
export interface Streams {
  readonly out: (text: string) => unknown;
  readonly err: (text: string) => unknown;
  /** Whether a person watches what goes beside the answer: only then is progress shown. */
  readonly isLive: boolean;
}

export class Terminal {
  readonly #streams: Streams;
  constructor(streams: Streams) {
    this.#streams = streams;
  }

  get isLive(): boolean {
    return this.#streams.isLive;
  }

  /** What was asked for: results and help. Bound, so that it can be handed on alone. */
  readonly out = (said: Said): void => void this.#streams.out(rendered(said));

  /** What goes beside it: progress, notes, logs and failures. */
  readonly err = (said: Said): void => void this.#streams.err(rendered(said));
}
