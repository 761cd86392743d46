// What another app of the device shares with this one, kept by the service worker until a person says what to do with it
// (carry/shared-with-us.ts). Pages of other sites are refused, keys are not kept, and all of it is forgotten after a short time.

/** `action` of the manifest's share target. */
export const SHARE_ACTION = '/take-in';

const CACHE = 'shared-with-sev-verifier';
const MAX_FILES = 16;
const MAX_BYTES = 64 * 1024 * 1024;
const NAME = 'x-shared-name';
const REFUSED = 'x-shared-refused';

/** When it was kept, in milliseconds; after FORGET_MS it is as if it had never come. */
const KEPT_AT = 'x-shared-at';
const FORGET_MS = 10 * 60 * 1000;

/**
 * Whether no page of another site sent this, as far as a service worker can see. A form sends the origin of its page. The share
 * sheet of the device has none, and Chromium writes `null` for it, as it does for a page that hides its origin; `Sec-Fetch-Site`,
 * which tells these two apart, most browsers add only after the service worker. So what comes from nowhere is taken, and can do
 * little: it replaces nothing, is asked about, and is forgotten soon.
 */
export function isFromDevice(headers: Pick<Headers, 'get'>, own: string): boolean {
  const origin = headers.get('origin');
  const site = headers.get('sec-fetch-site');
  const fromNowhere = origin === null || origin === 'null';
  return (fromNowhere || origin === own) && (site === null || site === 'none' || site === 'same-origin');
}

/**
 * Names under which the tools keep keys, and beginnings of files that hold one. Such a file has nothing to do here: it would lie
 * in the browser's storage in clear.
 */
const KEY_NAME =
  /(?:^|[^a-z])(?:tik|tek|tk|transport[-_ ]?key|id_[a-z0-9]{1,40})(?:[^a-z]|$)|(?:private|secret)(?:[^a-z]|$)|\.(?:key|pem|p8|p12|pfx|jks)$/i;
const KEY_TEXT = /-----BEGIN [A-Z ]*PRIVATE KEY-----|AGE-SECRET-KEY-1|PuTTY-User-Key-File/;
/** A TIK or a TEK, and both in one file: sizes that nothing else which is shared here has. */
const KEY_SIZES = [16, 32];
const HEAD_BYTES = 4096;

export async function isKeyLike(file: File): Promise<boolean> {
  if (KEY_SIZES.includes(file.size) || KEY_NAME.test(file.name)) return true;
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  return KEY_TEXT.test(new TextDecoder('latin1').decode(head)) || isDerKey(head);
}

/** DER of SEC 1 and of PKCS #8: a sequence that begins with a version of 1 or 0 and goes on with a key. */
function isDerKey([tag, length = 0, ...rest]: Uint8Array): boolean {
  const longForm = length === 0x81 ? 1 : length === 0x82 ? 2 : 0;
  if (tag !== 0x30 || length === 0 || (length > 0x7f && longForm === 0)) return false;
  const [type, size, version = 2, next = 0] = rest.slice(longForm);
  return type === 0x02 && size === 1 && version <= 1 && (next === 0x04 || next === 0x30);
}

/**
 * Keeps what was shared beside what waits already: nothing that comes replaces what a person has shared. Keys, and more than the
 * bounds allow, are left out.
 */
export async function keepShared(form: FormData, now: number): Promise<void> {
  const texts = ['title', 'text', 'url'].flatMap((name) => form.getAll(name));
  const text = texts.filter((part): part is string => typeof part === 'string' && part.trim() !== '').join('\n');
  const files = form.getAll('files').filter((part): part is File => part instanceof File && part.size > 0);
  const all = text === '' ? files : [...files, new File([text], 'text')];
  const { cache, count, bytes: before } = await waiting(now);
  let bytes = before;
  for (const [i, file] of all.slice(0, Math.max(0, MAX_FILES - count)).entries()) {
    bytes += file.size;
    if (bytes > MAX_BYTES) return;
    const refused = await isKeyLike(file);
    // Its name alone is kept, so that the page can say what was refused.
    const headers = {
      'content-length': String(file.size),
      [NAME]: encodeURIComponent(file.name.slice(0, 128)),
      [KEPT_AT]: String(now),
      ...(refused && { [REFUSED]: 'key' }),
    };
    await cache.put(`${SHARE_ACTION}/${now}-${i}`, new Response(refused ? null : file, { headers }));
  }
}

/** What waits already, without what has waited too long. */
async function waiting(now: number): Promise<{ cache: Cache; count: number; bytes: number }> {
  const cache = await caches.open(CACHE);
  let [count, bytes] = [0, 0];
  for (const request of await cache.keys()) {
    const { headers } = (await cache.match(request)) ?? new Response();
    const age = now - Number(headers.get(KEPT_AT) ?? Number.NaN);
    if (age >= 0 && age < FORGET_MS) {
      count++;
      bytes += Number(headers.get('content-length') ?? 0);
    } else await cache.delete(request);
  }
  return { cache, count, bytes };
}
