// The tamper lab as the screen has it: which lie is chosen, and what each that was told came to.
import { playLie } from '../../workers/lab.ts';
import { LIE_NAMES, type LieName } from './lie-names.ts';
import type { Outcome } from './outcome.ts';

export class Lab {
  chosen = $state.raw<LieName>('honest');
  outcomes = $state.raw<Readonly<Partial<Record<LieName, Outcome>>>>({});
  /** The lie that is being told. */
  telling = $state.raw<LieName | undefined>();
  /** The lie whose outcome is shown. */
  shown = $state.raw<LieName | undefined>();
  error = $state.raw<unknown>();
  #stop: AbortController | undefined;

  tell(): Promise<void> {
    return this.#play([this.chosen]);
  }

  tellAll(): Promise<void> {
    return this.#play(LIE_NAMES);
  }

  stop(): void {
    this.#stop?.abort();
  }

  async #play(names: readonly LieName[]): Promise<void> {
    this.stop();
    const stop = new AbortController();
    this.#stop = stop;
    this.error = undefined;
    try {
      for (const name of names) {
        this.telling = name;
        const outcome = await playLie(name, { signal: stop.signal });
        this.outcomes = { ...this.outcomes, [name]: outcome };
      }
      this.shown = names.length === 1 ? names[0] : undefined;
    } catch (error) {
      if (!stop.signal.aborted) this.error = error;
    } finally {
      if (this.#stop === stop) this.telling = undefined;
    }
  }
}
