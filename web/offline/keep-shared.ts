// What another app of the device shares with this one, kept by the service worker until a person says what to do with it
// (carry/shared-with-us.ts). Any page of any origin can send something here.

/** `action` of the manifest's share target. */
export const SHARE_ACTION = '/take-in';

const CACHE = 'shared-with-sev-verifier';
const MAX_FILES = 16;
const MAX_BYTES = 64 * 1024 * 1024;
const NAME = 'x-shared-name';

/** Keeps what was shared, in the place of what was shared before. More than the bounds allow is left out. */
export async function keepShared(form: FormData): Promise<void> {
  await caches.delete(CACHE);
  const texts = ['title', 'text', 'url'].flatMap((name) => form.getAll(name));
  const text = texts.filter((part): part is string => typeof part === 'string' && part.trim() !== '').join('\n');
  const files = form.getAll('files').filter((part): part is File => part instanceof File && part.size > 0);
  const all = text === '' ? files : [...files, new File([text], 'text')];
  const cache = await caches.open(CACHE);
  let bytes = 0;
  for (const [i, file] of all.slice(0, MAX_FILES).entries()) {
    bytes += file.size;
    if (bytes > MAX_BYTES) return;
    const headers = { [NAME]: encodeURIComponent(file.name.slice(0, 128)) };
    await cache.put(`${SHARE_ACTION}/${i}`, new Response(file, { headers }));
  }
}
