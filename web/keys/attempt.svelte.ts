// Tries something, and keeps the reason when it fails.
export class Attempt {
  error = $state.raw<unknown>();
  doing = $state(false);

  readonly run = async (work: () => Promise<void>): Promise<void> => {
    this.error = undefined;
    this.doing = true;
    try {
      await work();
    } catch (failure) {
      this.error = failure;
    } finally {
      this.doing = false;
    }
  };
}
