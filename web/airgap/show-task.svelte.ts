// Showing: one message as codes, in the density and at the speed that the other device's camera reads.
import { type CodeSize, layOutCodes, type QrCodes, type Ur, USUAL_SIZE } from '../../shared/airgap/index.ts';

export const SPEEDS = { min: 2, max: 20, usual: 10 } as const;
export const DENSITIES = { min: 8, max: 25, usual: USUAL_SIZE.maxVersion } as const;

export class ShowTask {
  perSecond = $state<number>(SPEEDS.usual);
  density = $state<number>(DENSITIES.usual);
  glare = $state(false);
  playing = $state(true);
  readonly codes: QrCodes = $derived.by(() => layOutCodes(this.#ur(), this.#size()));
  /** How many codes a reader needs that misses none; 1 stands still. */
  readonly total: number = $derived(this.codes.frames.kind === 'still' ? 1 : this.codes.frames.total);
  readonly text: string = $derived.by(() => {
    const { frames } = this.codes;
    return frames.kind === 'still' ? frames.text : frames.frame(this.number);
  });
  /** The code that is shown, from 1, without an end. */
  number = $state(1);

  readonly #ur: () => Ur;

  /** @param still whether motion is unwelcome: then the person steps from code to code */
  constructor(ur: () => Ur, still: boolean) {
    this.#ur = ur;
    this.playing = !still;
  }

  /** From 1 to `total`, for the eye. */
  get place(): number {
    return ((this.number - 1) % this.total) + 1;
  }

  /** @param by 1 or -1 */
  step(by: number): void {
    this.number = Math.max(1, this.number + by);
  }

  /** Shows one code after the other. @returns the way to stop */
  play(): () => void {
    const timer = setInterval(() => this.step(1), 1000 / this.perSecond);
    return () => clearInterval(timer);
  }

  #size(): CodeSize {
    const correction = this.glare ? 'medium' : 'low';
    // As it is measured to work, unless the person asks for something else: then still codes follow that wish too.
    if (this.density === DENSITIES.usual && !this.glare) return USUAL_SIZE;
    return { maxVersion: this.density, correction };
  }
}
