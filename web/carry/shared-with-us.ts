// What another app of the device shared with this one: the service worker keeps it (offline/keep-shared.ts). Nothing is
// done with it before a person says so.

// As in keep-shared.ts, from which nothing is imported: what page and service worker both import would become a file of its
// own, and a service worker is one file. A story holds the two together.
const CACHE = 'shared-with-sev-verifier';
const NAME = 'x-shared-name';

/** What was shared and waits, in the order in which it came. */
export async function sharedFiles(): Promise<readonly File[]> {
  if (typeof caches === 'undefined' || !(await caches.has(CACHE))) return [];
  const cache = await caches.open(CACHE);
  const responses = await Promise.all((await cache.keys()).map((request) => cache.match(request)));
  const known = responses.filter((response) => response !== undefined);
  return Promise.all(
    known.map(async (response) => {
      const name = decodeURIComponent(response.headers.get(NAME) ?? '');
      return new File([await response.blob()], name);
    }),
  );
}

export const forgetShared = (): Promise<boolean> => caches.delete(CACHE);
