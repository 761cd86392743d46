// One thing at a time: what is going on, and what went wrong with the last of it.

export class Work {
  /** What is going on, in words; undefined when nothing is, or nothing worth a word. */
  doing = $state.raw<string | undefined>();
  error = $state.raw<unknown>();
  /** Whether something is going on, with words or without. */
  busy = $state(false);

  /**
   * Keeps the failure for the screen; what a person stopped is none.
   * @returns what the work came to; undefined when it failed
   */
  async attempt<T>(doing: string | undefined, work: () => Promise<T>): Promise<T | undefined> {
    if (doing) this.doing = doing;
    this.busy = true;
    this.error = undefined;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.error = error;
      return undefined;
    } finally {
      this.doing = undefined;
      this.busy = false;
    }
  }
}
