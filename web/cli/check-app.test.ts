import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { headersFor } from '../offline/headers.ts';
import { encodeManifest, MANIFEST_FORMAT, parseManifest, type ReleaseManifest } from './release-manifest.ts';
import { serve } from './serve.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';

const FILES: Readonly<Record<string, string>> = {
  '/index.html': '<!doctype html>',
  '/sw.js': 'self',
  '/assets/index-a1B2c3D4.js': 'export {};',
  '/assets/scan.worker-a1B2c3D4.js': 'worker',
};
const BUILD = 'ab'.repeat(32);

const released = (path: string, content: string) => ({
  path,
  size: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
});

const manifest: ReleaseManifest = {
  format: MANIFEST_FORMAT,
  name: 'sev-relay',
  version: '0.1.0',
  build: BUILD,
  app: Object.entries(FILES).map(([path, content]) => released(path, content)),
  commands: [],
};

let folder: TestFolder;
let manifestPath: string;

beforeEach(() => {
  folder = new TestFolder();
  mkdirSync(folder.at('web/assets'), { recursive: true });
  for (const [path, content] of Object.entries(FILES)) writeFileSync(folder.at(`web${path}`), content);
  manifestPath = folder.write('manifest.json', encodeManifest(manifest));
});

const checkFolder = () => runJson('check-app', '--manifest', manifestPath, '--folder', folder.at('web'));

describe('sev-verifier check-app', () => {
  it('says that a folder is the release, and names its build', async () => {
    const { code, out } = await run('check-app', '--manifest', manifestPath, '--folder', folder.at('web'));
    expect(code).toBe(0);
    expect(out).toContain('EQUAL: all 4 files');
    expect(out).toContain(BUILD);
  });

  it('names every file that was changed, is missing, or is not of the release', async () => {
    folder.write('web/sw.js', 'evil');
    rmSync(folder.at('web/index.html'));
    folder.write('web/assets/more.js', 'more');
    const { code, json } = await checkFolder();
    expect(code).toBe(1);
    expect(json).toMatchObject({
      status: 'different',
      files: [
        { path: '/index.html', status: 'missing' },
        { path: '/sw.js', status: 'different' },
        { path: '/assets/index-a1B2c3D4.js', status: 'equal' },
        { path: '/assets/scan.worker-a1B2c3D4.js', status: 'equal' },
        { path: 'assets/more.js', status: 'extra' },
      ],
    });
    const { out } = await run('check-app', '--manifest', manifestPath, '--folder', folder.at('web'));
    expect(out).toMatch(/other content\s+\/sw\.js/);
    expect(out).toContain('Next: do not use it.');
  });

  it('accepts what sev-verifier itself serves, headers included', async () => {
    const serving = await serve(0, folder.at('web'));
    onTestFinished(() => serving.close());
    const { code, json } = await runJson('check-app', '--manifest', manifestPath, '--url', serving.url);
    expect(json).toMatchObject({ status: 'equal', build: BUILD });
    expect(code).toBe(0);
  });

  it.each([
    ['other content', (path: string) => ({ body: `${FILES[path]} `, headers: headersFor(path) }), 'different'],
    [
      'content without end',
      (path: string) => ({ body: 'x'.repeat(5_000_000), headers: headersFor(path) }),
      'different',
    ],
    ['no policy', (path: string) => ({ body: FILES[path]!, headers: {} }), 'headers'],
    [
      'a weaker policy',
      (path: string) => ({
        body: FILES[path]!,
        headers: { ...headersFor(path), 'content-security-policy': "default-src 'self' 'unsafe-inline'" },
      }),
      'headers',
    ],
  ])('refuses a server that sends %s', async (_title, answer, status) => {
    const server = createServer(({ url }, response) => {
      const { body, headers } = answer(url!);
      response.writeHead(200, headers).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { code, json } = await runJson<{ files: { status: string }[] }>(
      'check-app',
      '--manifest',
      manifestPath,
      '--url',
      url,
    );
    expect(code).toBe(1);
    expect(new Set(json.files.map((file) => file.status))).toEqual(new Set([status]));
  });

  it('refuses a server that sends the app from elsewhere', async () => {
    const serving = await serve(0, folder.at('web'));
    onTestFinished(() => serving.close());
    const server = createServer(({ url }, response) =>
      response.writeHead(302, { location: serving.plainUrl + url! }).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { json } = await runJson('check-app', '--manifest', manifestPath, '--url', url);
    expect(json).toMatchObject({ files: [{ because: 'It comes from elsewhere.' }, {}, {}, {}] });
  });

  it.each([
    ['no manifest', []],
    ['both places', ['--manifest', 'x', '--url', 'http://localhost/', '--folder', '.']],
  ])('wants one manifest and one place: %s', async (_title, args) => {
    expect((await run('check-app', ...args)).code).toBe(2);
  });

  it('says that a server cannot be reached, and that a folder is none', async () => {
    const gone = await run('check-app', '--manifest', manifestPath, '--url', 'http://127.0.0.1:9/');
    expect([gone.code, gone.err]).toEqual([2, expect.stringContaining('The server cannot be reached.')]);
    const none = await run('check-app', '--manifest', manifestPath, '--folder', folder.at('none'));
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('It is no folder')]);
  });
});

describe('the manifest', () => {
  const text = (change: object): Uint8Array => Buffer.from(JSON.stringify({ ...manifest, ...change }));

  it('is read as it was written', () => {
    expect(parseManifest(Buffer.from(encodeManifest(manifest)))).toEqual(manifest);
  });

  it.each([
    ['a path that leaves the folder', { app: [released('/../etc/passwd', '')] }],
    ['a hidden path', { app: [released('/.git/config', '')] }],
    ['an absolute path of a command', { commands: [released('//etc/passwd', '')] }],
    ['a short hash', { build: 'ab' }],
    ['another format', { format: 'sev-release-manifest.v2' }],
    ['a stray member', { signature: 'x' }],
  ])('refuses %s', (_title, change) => {
    expect(() => parseManifest(text(change))).toThrow('BYTES_VALUE');
  });

  it('refuses what is no JSON, and what is too large', () => {
    expect(() => parseManifest(Buffer.from('SHA256'))).toThrow('The manifest is not JSON.');
    expect(() => parseManifest(new Uint8Array((1 << 20) + 1))).toThrow('BYTES_TOO_LARGE');
  });
});
