// Ready to work offline, and new versions: told to the guest owner, who decides when the code changes.
import { Workbox } from 'workbox-window';
import { trustedScript } from './trusted.ts';

/** Held (shared) by every tab that shows a launch which is under way; no new version takes over meanwhile. */
const UNDER_WAY = 'sev-verifier-launch-under-way';

export class Updates {
  offlineReady = $state(false);
  waiting = $state(false);
  /** Whether a launch is under way in any tab, as seen when the guest owner was last asked. */
  launchUnderWay = $state(false);
  #workbox: Workbox | undefined;

  async register(): Promise<void> {
    if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
    this.#workbox = new Workbox(trustedScript('/sw.js'));
    this.#workbox.addEventListener('installed', ({ isUpdate }) => {
      if (!isUpdate) this.offlineReady = true;
    });
    this.#workbox.addEventListener('waiting', () => void this.#offer());
    this.#workbox.addEventListener('controlling', ({ isUpdate }) => {
      if (isUpdate) location.reload();
    });
    // A browser that keeps no service worker still has the whole app, only not offline.
    await this.#workbox.register().catch(() => undefined);
  }

  async #offer(): Promise<void> {
    this.waiting = true;
    this.launchUnderWay = await someLaunchIsUnderWay();
  }

  /** Lets the new version take over and reloads, unless a launch is under way in this or another tab. */
  async accept(): Promise<void> {
    this.launchUnderWay = await someLaunchIsUnderWay();
    if (!this.launchUnderWay) this.#workbox?.messageSkipWaiting();
  }
}

/** Says that a launch is under way in this tab. @returns the way to say that it no longer is */
export function holdUpdates(): () => void {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  void navigator.locks.request(UNDER_WAY, { mode: 'shared' }, () => held);
  return () => release();
}

async function someLaunchIsUnderWay(): Promise<boolean> {
  const { held } = await navigator.locks.query();
  return held?.some((lock) => lock.name === UNDER_WAY) ?? false;
}
