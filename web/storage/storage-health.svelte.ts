// Whether the browser still keeps what it was given: removed in the meantime, taken away under our feet, or nearly full.
import { storageTrouble } from './database.ts';

/** In local storage, which browsers do not clear together with databases when room runs out. It says nothing but “once”. */
const MARK = 'sev-verifier-kept';
const NEARLY_FULL = 0.9;
const LITTLE_ROOM = 16 * 1024 * 1024;

export type StorageState = 'well' | 'lost' | 'cleared' | 'full';

export class StorageHealth {
  state = $state<StorageState>('well');

  constructor() {
    storageTrouble.addEventListener('lost', () => (this.state = 'lost'));
    storageTrouble.addEventListener('full', () => (this.state = 'full'));
  }

  /** @param protectedNow whether there are keys under a passphrase */
  begin(protectedNow: boolean): void {
    if (protectedNow) this.noteKept();
    else if (localStorage.getItem(MARK) !== null) this.state = 'cleared';
    void this.measure();
  }

  /** From now on an empty database means that something was removed. */
  noteKept(): void {
    localStorage.setItem(MARK, 'yes');
    if (this.state === 'cleared') this.state = 'well';
  }

  /** The owner knows, and begins anew. */
  forgetLoss(): void {
    localStorage.removeItem(MARK);
    this.state = 'well';
  }

  async measure(): Promise<void> {
    const { usage = 0, quota } = await navigator.storage.estimate().catch((): StorageEstimate => ({}));
    if (quota === undefined || this.state !== 'well') return;
    if (usage > NEARLY_FULL * quota || quota - usage < LITTLE_ROOM) this.state = 'full';
  }
}
