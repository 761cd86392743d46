// The vault's lock as the app sees it: open, locked or never set, and locking itself when nobody is there.
import type { LockState, VaultLock } from '../vault/lock.ts';
import { passkeysSupported, webAuthnPasskeys } from '../vault/passkey.ts';

const ACTIVITY = ['pointerdown', 'keydown'] as const;
const LOOK_EVERY_MS = 5_000;

/** What tabs tell each other: one that locks locks them all, and one that is used keeps them all open. */
type Told = 'locked' | 'active' | 'changed';
const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('sev-verifier-lock');
const tell = (told: Told): void => channel?.postMessage(told);

export class Keys {
  state = $state<LockState>('none');
  /** What is going on: a second of hard work. */
  working = $state(false);
  /** After many wrong passphrases: how many seconds the present try has to wait. */
  waitSeconds = $state(0);
  lockAfterMinutes = $state(15);
  hasPasskey = $state(false);
  readonly passkeysSupported = passkeysSupported();
  readonly #lock: VaultLock;
  #activeAt = Date.now();
  #toldActiveAt = 0;

  constructor(lock: VaultLock) {
    this.#lock = lock;
    lock.onwait = (ms) => (this.waitSeconds = Math.ceil(ms / 1000));
    for (const kind of ACTIVITY) addEventListener(kind, () => this.#active(), { passive: true });
    channel?.addEventListener('message', ({ data }: MessageEvent<Told>) => this.#hear(data));
    setInterval(() => this.#lockWhenIdle(), LOOK_EVERY_MS);
    // A device that slept has run no timers.
    addEventListener('visibilitychange', () => this.#lockWhenIdle());
  }

  async load(): Promise<void> {
    this.state = await this.#lock.state();
    this.lockAfterMinutes = await this.#lock.lockAfterMinutes();
    this.hasPasskey = await this.#lock.hasPasskey();
  }

  create(passphrase: string): Promise<void> {
    return this.#work(async () => {
      await this.#lock.create(passphrase);
      // Asked for once there is something worth keeping; a browser may say no.
      await navigator.storage.persist().catch(() => false);
      tell('changed');
    });
  }

  unlock(passphrase: string): Promise<void> {
    return this.#work(() => this.#lock.unlock(passphrase));
  }

  unlockByPasskey(): Promise<void> {
    return this.#work(() => this.#lock.unlockByPasskey(webAuthnPasskeys));
  }

  addPasskey(passphrase: string): Promise<void> {
    return this.#work(async () => {
      await this.#lock.addPasskey(passphrase, webAuthnPasskeys);
      tell('changed');
    });
  }

  removePasskey(): Promise<void> {
    return this.#work(async () => {
      await this.#lock.removePasskey();
      tell('changed');
    });
  }

  change(passphrase: string, next: string): Promise<void> {
    return this.#work(() => this.#lock.change(passphrase, next));
  }

  async lockAfter(minutes: number): Promise<void> {
    await this.#lock.lockAfter(minutes);
    tell('changed');
    await this.load();
  }

  async lock(): Promise<void> {
    tell('locked');
    await this.#locked();
  }

  async #locked(): Promise<void> {
    this.#lock.lock();
    this.state = await this.#lock.state();
  }

  #hear(told: Told): void {
    if (told === 'locked') void this.#locked();
    else if (told === 'changed') void this.load();
    else this.#activeAt = Date.now();
  }

  #active(): void {
    const now = Date.now();
    // Where a device slept, the first touch comes before any timer: it must not count as having been here all along.
    this.#lockWhenIdle();
    this.#activeAt = now;
    if (Math.abs(now - this.#toldActiveAt) < LOOK_EVERY_MS) return;
    this.#toldActiveAt = now;
    tell('active');
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
      this.waitSeconds = 0;
      this.#activeAt = Date.now();
      await this.load();
    }
  }
}
