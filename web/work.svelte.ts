// One thing at a time: what is going on, and what went wrong with the last of it.

export class Work {
  /** What is going on, in words; undefined when nothing is. */
  doing = $state.raw<string | undefined>();
  error = $state.raw<unknown>();

  /** Keeps the failure for the screen; what a person stopped is none. */
  async attempt(doing: string | undefined, work: () => Promise<unknown>): Promise<void> {
    if (doing) this.doing = doing;
    this.error = undefined;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'AbortError')) this.error = error;
    } finally {
      this.doing = undefined;
    }
  }
}
