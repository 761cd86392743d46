// What another app of the device shared with this one: the service worker keeps it (offline/keep-shared.ts). Nothing is
// done with it before a person says so.

// As in keep-shared.ts, from which nothing is imported: what page and service worker both import would become a file of its
// own, and a service worker is one file. A story holds the two together.
const CACHE = 'shared-with-sev-verifier';
const NAME = 'x-shared-name';
const KEPT_AT = 'x-shared-at';
const REFUSED = 'x-shared-refused';
const FORGET_MS = 10 * 60 * 1000;

/** What was shared: files, and the names of those that were refused because they look like keys. */
export interface Shared {
  readonly files: readonly File[];
  readonly refused: readonly string[];
}
const NOTHING: Shared = { files: [], refused: [] };

/** What was shared and waits, in the order in which it came. */
export async function sharedFiles(now: number): Promise<Shared> {
  if (typeof caches === 'undefined' || !(await caches.has(CACHE))) return NOTHING;
  const cache = await caches.open(CACHE);
  const responses = await Promise.all((await cache.keys()).map((request) => cache.match(request)));
  const known = responses.filter(
    (response) => response !== undefined && isFresh(response.headers.get(KEPT_AT), now),
  ) as readonly Response[];
  if (known.length < responses.length) await forgetOld(cache, now);
  const nameOf = ({ headers }: Response): string => decodeURIComponent(headers.get(NAME) ?? '');
  const isRefused = ({ headers }: Response): boolean => headers.has(REFUSED);
  const files = await Promise.all(
    known
      .filter((response) => !isRefused(response))
      .map(async (response) => new File([await response.blob()], nameOf(response))),
  );
  return { files, refused: known.filter(isRefused).map(nameOf) };
}

async function forgetOld(cache: Cache, now: number): Promise<void> {
  for (const request of await cache.keys()) {
    const kept = await cache.match(request);
    if (!isFresh(kept?.headers.get(KEPT_AT) ?? null, now)) await cache.delete(request);
  }
}

/** A clock that was set back makes nothing fresh again. */
function isFresh(keptAt: string | null, now: number): boolean {
  const age = now - Number(keptAt ?? Number.NaN);
  return age >= 0 && age < FORGET_MS;
}

export const forgetShared = (): Promise<boolean> => caches.delete(CACHE);
