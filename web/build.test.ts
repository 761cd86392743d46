import { afterEach, describe, expect, it, vi } from 'vitest';
import { ownBuild } from './build.ts';

const FILES: Readonly<Record<string, string>> = {
  '/index.html': '<!doctype html>',
  '/assets/index-abc.js': 'export {}',
  '/icon.svg': '<svg/>',
};

const hashOf = async (algorithm: string, text: string): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest(algorithm, new TextEncoder().encode(text)));

/** As vite.config.ts computes it when the app is built. */
async function released(files: Readonly<Record<string, string>>): Promise<string> {
  const list: [string, string][] = [];
  for (const path of Object.keys(files).sort()) {
    const hash = btoa(String.fromCharCode(...(await hashOf('SHA-384', files[path]!))));
    list.push([path, `sha384-${hash}`]);
  }
  const version = await hashOf('SHA-256', JSON.stringify(list));
  return [...version].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What the server says, and what is kept on the device. */
function device(version: string, kept: Readonly<Record<string, string>> | undefined): void {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify({ version }))));
  const cache = {
    keys: () => Promise.resolve(Object.keys(kept ?? {}).map((path) => new Request(`http://x${path}`))),
    match: (request: Request) => Promise.resolve(new Response(kept![new URL(request.url).pathname])),
  };
  vi.stubGlobal('caches', {
    has: (name: string) => Promise.resolve(kept !== undefined && name === `sev-verifier-${version}`),
    open: () => Promise.resolve(cache),
  });
}
afterEach(() => void vi.unstubAllGlobals());

describe('the build that About shows', () => {
  it('is that of the files which are kept here, in whatever order', async () => {
    const version = await released(FILES);
    device(version, { '/build.json': 'the list', ...FILES });
    expect(await ownBuild()).toBe(version);
  });

  it.each([
    ['a changed file', { ...FILES, '/index.html': '<!doctype html><script src=/evil.js></script>' }],
    ['a file too many', { ...FILES, '/assets/evil.js': 'stolen' }],
    ['a file too few', { '/index.html': FILES['/index.html']! }],
  ])('is another with %s, whatever the server says it is', async (_, kept) => {
    device(await released(FILES), kept);
    expect(await ownBuild()).not.toBe(await released(FILES));
  });

  it('is none where nothing is kept: the word of a server is not shown in its place', async () => {
    device(await released(FILES), undefined);
    await expect(ownBuild()).rejects.toThrow('not kept here');
  });
});
