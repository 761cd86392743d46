// Which build of the app this is: a hash over the files that are kept on this device and that the browser runs, computed here
// and not taken from what a server says of itself.
import { toBase64, toHex, toUtf8 } from '../shared/bytes/text.ts';

const LIST = '/build.json';

/**
 * As the release computes it: SHA-256 over the JSON of every file's path and SHA-384, in the order of the paths.
 * @throws Error when the app is not kept on this device: under a developer's server, or before the first visit is complete
 */
export async function ownBuild(): Promise<string> {
  // The list only tells which cache the service worker answers from; what is in there is hashed.
  const { version } = (await (await fetch(LIST)).json()) as { readonly version: string };
  const name = `sev-verifier-${version}`;
  if (typeof caches === 'undefined' || !(await caches.has(name))) throw new Error('the app is not kept here');
  const cache = await caches.open(name);
  const kept = await Promise.all(
    (await cache.keys()).map(async (request) => {
      const path = new URL(request.url).pathname;
      return [path, await integrityOf((await cache.match(request))!)] as const;
    }),
  );
  const files = kept.filter(([path]) => path !== LIST).sort(([a], [b]) => (a < b ? -1 : 1));
  return toHex(await digest('SHA-256', toUtf8(JSON.stringify(files))));
}

const integrityOf = async (response: Response): Promise<string> =>
  `sha384-${toBase64(await digest('SHA-384', new Uint8Array(await response.arrayBuffer())))}`;

const digest = async (algorithm: string, bytes: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest(algorithm, bytes as BufferSource));
