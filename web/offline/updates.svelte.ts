// Ready to work offline, and new versions: told to the guest owner, who decides when the code changes.
import { Workbox } from 'workbox-window';
import { trustedScript } from './trusted.ts';

/** Held (shared) by every tab that shows a launch which is under way; no new version takes over meanwhile. */
const UNDER_WAY = 'sev-verifier-launch-under-way';

export class Updates {
  offlineReady = $state(false);
  waiting = $state(false);
  /** Whether a launch is under way in any tab. */
  launchUnderWay = $state(false);
  #workbox: Workbox | undefined;

  async register(): Promise<void> {
    if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
    this.#workbox = new Workbox(trustedScript('/sw.js'));
    this.#workbox.addEventListener('installed', ({ isUpdate }) => {
      if (!isUpdate) this.offlineReady = true;
    });
    this.#workbox.addEventListener('waiting', () => (this.waiting = true));
    this.#workbox.addEventListener('controlling', ({ isUpdate }) => {
      if (isUpdate) location.reload();
    });
    new BroadcastChannel(UNDER_WAY).addEventListener('message', () => void this.#look());
    await this.#look();
    // A browser that keeps no service worker still has the whole app, only not offline.
    await this.#workbox.register().catch(() => undefined);
  }

  async #look(): Promise<void> {
    this.launchUnderWay = await someLaunchIsUnderWay();
  }

  /** Lets the new version take over and reloads, unless a launch is under way in this or another tab. */
  async accept(): Promise<void> {
    await this.#look();
    if (!this.launchUnderWay) this.#workbox?.messageSkipWaiting();
  }
}

/** Tells every tab, this one too, that a launch began or ended somewhere. */
function tell(): void {
  const channel = new BroadcastChannel(UNDER_WAY);
  channel.postMessage(undefined);
  channel.close();
}

/** Says that a launch is under way in this tab. @returns the way to say that it no longer is */
export function holdUpdates(): () => void {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const hold = (): Promise<void> => {
    tell();
    return held;
  };
  void navigator.locks.request(UNDER_WAY, { mode: 'shared' }, hold).then(tell);
  return () => release();
}

async function someLaunchIsUnderWay(): Promise<boolean> {
  const { held } = await navigator.locks.query();
  return held?.some((lock) => lock.name === UNDER_WAY) ?? false;
}
