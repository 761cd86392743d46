// The search for the reason of a mismatch, as it goes on.
import type { DoctorAnswer, DoctorRequest } from '../../../workers/messages.ts';
import { askDoctor } from '../../../workers/doctor.ts';

export class DoctorSearch {
  tried = $state(0);
  answer = $state.raw<DoctorAnswer | undefined>();
  error = $state.raw<unknown>();
  searching = $state(false);
  #stop: AbortController | undefined;

  async search(make: () => Promise<DoctorRequest>): Promise<void> {
    this.stop();
    const stop = new AbortController();
    this.#stop = stop;
    this.searching = true;
    this.answer = undefined;
    this.error = undefined;
    this.tried = 0;
    try {
      const onprogress = (tried: number): void => void (this.tried = tried);
      this.answer = await askDoctor(await make(), { signal: stop.signal, onprogress });
    } catch (error) {
      if (!stop.signal.aborted) this.error = error;
    } finally {
      if (this.#stop === stop) this.searching = false;
    }
  }

  stop(): void {
    this.#stop?.abort();
    this.searching = false;
  }
}
