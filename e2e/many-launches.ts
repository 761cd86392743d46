// Many launches on a device, put straight into its storage: nobody makes ten thousand of them by hand.
import type { Page } from '@playwright/test';

/** As large as the chain that a record carries: three certificates of 2,084 bytes, and the CA's two. */
const CHAIN_BYTES = 11_000;

/**
 * Stores so many launches as an earlier version of the app did, without their summaries; the app has to be open
 * elsewhere on the same origin first, so that the storage is there. They are on 40 platforms, in every state in turn.
 */
export const storeLaunches = (page: Page, count: number): Promise<void> =>
  page.evaluate(
    async ([many, chainBytes]) => {
      const states = ['running', 'platform', 'session', 'launched', 'verified', 'mismatch', 'released', 'abandoned'];
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const opening = indexedDB.open('sev-verifier');
        opening.onsuccess = () => resolve(opening.result);
        opening.onerror = () => reject(new Error('no storage'));
      });
      const transaction = database.transaction('launches', 'readwrite');
      for (let i = 0; i < many; i++) {
        const updatedAt = Date.UTC(2026, 0, 1) + i * 60_000;
        transaction.objectStore('launches').put({
          id: `seeded-${i}`,
          revision: 1,
          name: `guest ${i}`,
          createdAt: updatedAt,
          updatedAt,
          state: states[i % states.length],
          platformId: `platform-${i % 40}`,
          platformName: `rack ${i % 40}`,
          chain: new Uint8Array(chainBytes).fill(i),
          plan: {
            policy: 1,
            acceptsKeySharing: false,
            cpu: { vcpus: 1, model: 'EPYC', variant: 'qemu', debugSwap: false },
          },
          history: [{ at: updatedAt, event: 'begun' }],
        });
      }
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onerror = () => reject(new Error('not stored'));
      });
      database.close();
    },
    [count, CHAIN_BYTES] as const,
  );
