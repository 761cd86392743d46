import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve, type Serving } from './serve.ts';

const folder = mkdtempSync(join(tmpdir(), 'sev-serve-'));
let serving: Serving;

beforeAll(async () => {
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>app</title>');
  writeFileSync(join(folder, 'main-a1B2c3D4.js'), 'export {};');
  serving = await serve(0, folder);
});

afterAll(async () => {
  await serving.close();
  rmSync(folder, { recursive: true });
});

/** Asks with the path exactly as written: fetch would tidy it up first. */
const ask = (
  path: string,
  method = 'GET',
): Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(serving.url);
    const asking = request({ host: '127.0.0.1', port, path, method }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body, headers: response.headers }));
    });
    asking.on('error', reject).end();
  });

describe('sev-verifier serve', () => {
  it('serves the app under the strict policy', async () => {
    const { status, body, headers } = await ask('/index.html');
    expect(status).toBe(200);
    expect(body).toContain('<title>app</title>');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe-inline');
    expect(headers['cache-control']).toBe('no-cache');
  });

  it('lets a hashed file be kept for good', async () => {
    expect((await ask('/main-a1B2c3D4.js')).headers['cache-control']).toContain('immutable');
  });

  it('answers deep links with the app, and missing files with 404 under the same policy', async () => {
    expect((await ask('/launches/1')).body).toContain('<title>app</title>');
    const missing = await ask('/none.js');
    expect(missing.status).toBe(404);
    expect(missing.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it.each(['/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd.txt', '//etc/hosts.txt'])(
    'never leaves its folder: %s',
    async (path) => {
      expect((await ask(path)).body).not.toContain('root:');
    },
  );

  it.each(['//', '//[', 'http://[', '/\\\\', '*'])('goes on after what is no address: %s', async (path) => {
    expect([200, 404]).toContain((await ask(path)).status);
    expect((await ask('/')).status).toBe(200);
  });

  it('refuses everything but reading', async () => {
    expect((await ask('/', 'POST')).status).toBe(405);
  });

  it('says in words that the app is not built or the port is taken', async () => {
    await expect(serve(0, join(folder, 'nowhere'))).rejects.toThrow('The web app is not built.');
    await expect(serve(Number(new URL(serving.url).port), folder)).rejects.toThrow('is in use');
  });
});
