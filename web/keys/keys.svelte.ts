// The vault's lock as the app sees it: open, locked or never set, and locking itself when nobody is there.
import type { LockState, VaultLock } from '../vault/lock.ts';

const ACTIVITY = ['pointerdown', 'keydown'] as const;
const LOOK_EVERY_MS = 5_000;

/** Locking one tab locks them all. */
const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('sev-verifier-lock');

export class Keys {
  state = $state<LockState>('none');
  /** What is going on: a second of hard work. */
  working = $state(false);
  lockAfterMinutes = $state(15);
  readonly #lock: VaultLock;
  #activeAt = Date.now();

  constructor(lock: VaultLock) {
    this.#lock = lock;
    for (const kind of ACTIVITY) addEventListener(kind, () => (this.#activeAt = Date.now()), { passive: true });
    channel?.addEventListener('message', () => void this.#locked());
    setInterval(() => this.#lockWhenIdle(), LOOK_EVERY_MS);
    // A device that slept has run no timers.
    addEventListener('visibilitychange', () => this.#lockWhenIdle());
  }

  async load(): Promise<void> {
    this.state = await this.#lock.state();
    this.lockAfterMinutes = await this.#lock.lockAfterMinutes();
  }

  create(passphrase: string): Promise<void> {
    return this.#work(async () => {
      await this.#lock.create(passphrase);
      // Asked for once there is something worth keeping; a browser may say no.
      await navigator.storage.persist().catch(() => false);
    });
  }

  unlock(passphrase: string): Promise<void> {
    return this.#work(() => this.#lock.unlock(passphrase));
  }

  change(passphrase: string, next: string): Promise<void> {
    return this.#work(() => this.#lock.change(passphrase, next));
  }

  async lockAfter(minutes: number): Promise<void> {
    await this.#lock.lockAfter(minutes);
    await this.load();
  }

  async lock(): Promise<void> {
    channel?.postMessage('locked');
    await this.#locked();
  }

  async #locked(): Promise<void> {
    this.#lock.lock();
    this.state = await this.#lock.state();
  }

  #lockWhenIdle(): void {
    const idleMs = Date.now() - this.#activeAt;
    // A clock that went backwards says nothing about how long nobody was here.
    if (this.state === 'open' && (idleMs < 0 || idleMs > this.lockAfterMinutes * 60_000)) void this.lock();
  }

  async #work(work: () => Promise<void>): Promise<void> {
    this.working = true;
    try {
      await work();
    } finally {
      this.working = false;
      this.#activeAt = Date.now();
      await this.load();
    }
  }
}
