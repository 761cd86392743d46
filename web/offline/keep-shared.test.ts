import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { forgetShared, sharedFiles } from '../carry/shared-with-us.ts';
import { isFromDevice, isKeyLike, keepShared } from './keep-shared.ts';

const OWN = 'http://sev-verifier.localhost:8456';
const from = (headers: Record<string, string>): boolean => isFromDevice(new Headers(headers), OWN);

/** As much of Cache Storage as is used. */
function fakeCaches() {
  const all = new Map<string, Map<string, Response>>();
  const keyOf = (key: string | Request): string => (typeof key === 'string' ? key : key.url.replace('http://x', ''));
  return {
    has: (name: string) => Promise.resolve(all.has(name)),
    delete: (name: string) => Promise.resolve(all.delete(name)),
    open: (name: string) => {
      const kept = all.get(name) ?? new Map<string, Response>();
      all.set(name, kept);
      return Promise.resolve({
        keys: () => Promise.resolve([...kept.keys()].map((path) => new Request(`http://x${path}`))),
        match: (key: string | Request) => Promise.resolve(kept.get(keyOf(key))?.clone()),
        put: (key: string, response: Response) => Promise.resolve(void kept.set(key, response)),
        delete: (key: string | Request) => Promise.resolve(kept.delete(keyOf(key))),
      });
    },
  };
}

beforeEach(() => void vi.stubGlobal('caches', fakeCaches()));
afterEach(() => void vi.unstubAllGlobals());

const share = (now: number, ...files: readonly File[]): Promise<void> => {
  const form = new FormData();
  for (const file of files) form.append('files', file);
  return keepShared(form, now);
};
const names = async (now: number): Promise<readonly string[]> => (await sharedFiles(now)).files.map(({ name }) => name);

describe('what is shared with the app', () => {
  it.each([
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'http://localhost:8456' }, false],
    [{ origin: 'null', 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ origin: 'null' }, true],
    [{}, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ origin: OWN, 'sec-fetch-site': 'same-origin' }, true],
  ])('comes with %j: taken is %s', (headers, taken) => expect(from(headers as Record<string, string>)).toBe(taken));

  it('is kept beside what waits already, and forgotten after ten minutes', async () => {
    await share(1000, new File(['a chain'], 'a.cert'));
    await share(2000, new File(['another'], 'b.cert'));
    expect(await names(3000)).toEqual(['a.cert', 'b.cert']);
    expect(await names(1000 + 600_000)).toEqual(['b.cert']);
    expect(await names(3000), 'a clock that is set back brings nothing back').toEqual(['b.cert']);
    expect(await names(0)).toEqual([]);
    await share(5000, new File(['c'], 'c.cert'));
    await forgetShared();
    expect(await names(5001)).toEqual([]);
  });

  it('has a bound, whoever sends it', async () => {
    await share(1, ...Array.from({ length: 40 }, (_, i) => new File([`${i}`], `${i}.cert`)));
    expect(await names(2)).toHaveLength(16);
  });

  const pkcs8 = new Uint8Array([0x30, 0x82, 0x01, 0x00, 0x02, 0x01, 0x00, 0x30, 0x10]);
  it.each([
    ['vm_tik.bin', new Uint8Array(16)],
    ['renamed.dat', new Uint8Array(16)],
    ['tk.bin', new Uint8Array(32)],
    ['notes.txt', '-----BEGIN EC PRIVATE KEY-----\nMIG'],
    ['oca.key', 'anything'],
    ['identity.txt', '# created\nAGE-SECRET-KEY-1QQQ'],
    ['holiday.jpg', pkcs8],
    ['my-private.bin', 'x'],
  ])('is refused when it looks like a key: %s', async (name, content) => {
    const file = new File([content], name);
    expect(await isKeyLike(file)).toBe(true);
    await share(1, file, new File(['a chain'], 'a.cert'));
    const { files, refused } = await sharedFiles(2);
    expect(files.map((one) => one.name)).toEqual(['a.cert']);
    expect(refused).toEqual([name]);
    const cache = await caches.open('shared-with-sev-verifier');
    for (const request of await cache.keys()) {
      const kept = await cache.match(request);
      if (kept!.headers.has('x-shared-refused')) expect((await kept!.arrayBuffer()).byteLength).toBe(0);
    }
  });

  it.each(['pdh.cert', 'measurement.txt', 'OVMF.fd', 'ticket.txt', 'keyboard-layout.txt', 'launch-tikal.png'])(
    'is no key: %s',
    async (name) => expect(await isKeyLike(new File([new Uint8Array(2084)], name))).toBe(false),
  );
});
