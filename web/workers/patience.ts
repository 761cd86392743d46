// How long one waits for a worker: one that hangs does not say so.

/**
 * Counted in seconds during which the page was awake: a phone that slept meanwhile stopped the worker too.
 * @throws what `tooLong` makes, once the work has had its time
 */
export async function withPatience<T>(work: Promise<T>, seconds: number, tooLong: () => Error): Promise<T> {
  let ticking: ReturnType<typeof setInterval> | undefined;
  const over = new Promise<never>((_, reject) => {
    let left = seconds;
    ticking = setInterval(() => {
      if (--left === 0) reject(tooLong());
    }, 1000);
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    clearInterval(ticking);
  }
}
