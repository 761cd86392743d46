import { afterEach, describe, expect, it, vi } from 'vitest';
import { nextFrame } from './camera.ts';

afterEach(() => void vi.useRealTimers());

describe('the next frame', () => {
  const silent = { requestVideoFrameCallback: () => 0 } as unknown as HTMLVideoElement;

  it('is waited for no longer than a second: a covered camera gives none, and says nothing', async () => {
    vi.useFakeTimers();
    const waiting = nextFrame(silent, new AbortController().signal);
    vi.advanceTimersByTime(1000);
    await waiting;
  });

  it('leaves nothing behind on the signal, and is over at once when that is aborted', async () => {
    const { signal } = new AbortController();
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    const lively = { requestVideoFrameCallback: (heard: () => void) => (heard(), 0) } as unknown as HTMLVideoElement;
    await nextFrame(lively, signal);
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
    await nextFrame(silent, AbortSignal.abort());
  });
});
