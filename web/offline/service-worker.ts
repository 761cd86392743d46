// Keeps one whole version of the app on the device, and serves it under the strict headers with or without a network.
// What is kept is decided at build (vite.config.ts puts the list in); a new version waits until the page lets it take over.
import { headersFor } from './headers.ts';
import { isFromDevice, keepShared, SHARE_ACTION } from './keep-shared.ts';

declare const self: ServiceWorkerGlobalScope;
/** Every file of this build with its integrity; put in at build. */
declare const __PRECACHE__: readonly (readonly [path: string, integrity: string])[];
declare const __VERSION__: string;

const CACHE = `sev-verifier-${__VERSION__}`;

/** Fetches every file past the HTTP cache; a single one that is not what was built fails the whole installation. */
async function precache(): Promise<void> {
  const cache = await caches.open(CACHE);
  const keep = async ([path, integrity]: readonly [string, string]): Promise<void> => {
    const response = await fetch(path, { integrity, cache: 'no-cache', credentials: 'omit' });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    const headers = { ...headersFor(path), 'content-type': response.headers.get('content-type') ?? '' };
    await cache.put(path, new Response(response.body, { headers }));
  };
  await Promise.all(__PRECACHE__.map(keep));
}

async function forgetOthers(): Promise<void> {
  const names = (await caches.keys()).filter((name) => name.startsWith('sev-verifier-') && name !== CACHE);
  await Promise.all(names.map((name) => caches.delete(name)));
}

async function answer(request: Request): Promise<Response> {
  const path = request.mode === 'navigate' ? '/index.html' : new URL(request.url).pathname;
  const kept = await (await caches.open(CACHE)).match(path);
  return kept ?? fetch(request);
}

/** What another app shares is kept for the page that asks about it. What cannot be read is as if nothing had been shared. */
async function takeIn(request: Request): Promise<Response> {
  if (isFromDevice(request.headers, self.location.origin))
    await request
      .formData()
      .then((form) => keepShared(form, Date.now()))
      .catch(() => undefined);
  return Response.redirect('/#/take-in', 303);
}

self.addEventListener('install', (event) => event.waitUntil(precache()));
self.addEventListener('activate', (event) => event.waitUntil(forgetOthers().then(() => self.clients.claim())));
self.addEventListener('message', (event) => {
  if ((event.data as { type?: unknown } | null)?.type === 'SKIP_WAITING') void self.skipWaiting();
});
self.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (origin !== self.location.origin) return;
  if (method === 'GET') event.respondWith(answer(event.request));
  if (method === 'POST' && pathname === SHARE_ACTION) event.respondWith(takeIn(event.request));
});
