// Whoever listens on the app's port is the app to a browser: where another program holds either loopback address, nothing is
// served, and the words say not to open it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { APP_PORT } from '../../shared/origin.ts';
import { serve } from './serve.ts';

const folder = mkdtempSync(join(tmpdir(), 'sev-serve-'));
beforeAll(() => writeFileSync(join(folder, 'index.html'), '<!doctype html><title>app</title>'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A stranger's program at an address. @returns its port; undefined where this device lacks the address */
async function stranger(host: string): Promise<number | undefined> {
  const server = createServer();
  const port = await new Promise<number | undefined>((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(0, host, () => resolve((server.address() as AddressInfo).port));
  });
  if (port !== undefined) onTestFinished(() => void server.close());
  return port;
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

const hasIpv6 = (await stranger('::1').catch(() => undefined)) !== undefined;

describe('the port of the app', () => {
  it.each(['127.0.0.1', '0.0.0.0', ...(hasIpv6 ? ['::1', '::'] : [])])(
    'is refused where a stranger listens at %s, and nothing stays open',
    async (host) => {
      const port = (await stranger(host))!;
      await expect(serve(port, folder)).rejects.toMatchObject({
        code: 'RELAY_USAGE',
        sentence: expect.stringContaining(`Port ${port} is in use`) as unknown,
        next: expect.stringContaining('Do not open the app there') as unknown,
      });
      if (host === '::1') expect(await isFree(port), 'the other address is given back').toBe(true);
    },
  );

  it('is not one that development servers share, and the name is its own', async () => {
    expect([3000, 4173, 5173, 8000, 8080]).not.toContain(APP_PORT);
    const serving = await serve(0, folder);
    onTestFinished(() => serving.close());
    expect(serving.url).toMatch(/^http:\/\/sev-verifier\.localhost:\d+$/);
    const status = (host: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const { port } = new URL(serving.url);
        const asking = request({ host: '127.0.0.1', port, headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        asking.on('error', reject).end();
      });
    for (const host of ['sev-verifier.localhost', 'SEV-Verifier.localhost:8456', 'localhost:1', '127.0.0.1', '[::1]:1'])
      expect(await status(host), host).toBe(200);
    for (const host of ['evil.example', 'evil.localhost', 'sev-verifier.localhost.evil.example', '10.0.0.1'])
      expect(await status(host), host).toBe(421);
  });
});
