// Keeps the screen on while a code is shown or looked for.

/** @returns the way to let the screen sleep again */
export function keepAwake(): () => void {
  const wakeLock = (navigator as { wakeLock?: WakeLock }).wakeLock;
  let released = false;
  let sentinel: WakeLockSentinel | undefined;
  const hold = async (): Promise<void> => {
    if (released || document.visibilityState !== 'visible') return;
    // Refused on low battery, for one: then the screen dims as it would have.
    sentinel = await wakeLock?.request('screen').catch(() => undefined);
    if (released) await sentinel?.release();
  };
  const onVisible = (): void => void hold();
  document.addEventListener('visibilitychange', onVisible);
  void hold();
  return () => {
    released = true;
    document.removeEventListener('visibilitychange', onVisible);
    void sentinel?.release();
  };
}
