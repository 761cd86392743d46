// The hosting snippets, read by small interpreters of their formats and, where they are installed, by the servers themselves.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bindsAsOurs, headersFor } from '../../web/offline/headers.ts';
import { HOSTING_FILES, HTTPS_HEADERS } from './hosting.ts';
import { inProject } from './project.ts';

/** Names as the build gives them: every worker of the sources, and one file of each other kind. */
const PATHS = [
  '/index.html',
  '/sw.js',
  '/build.json',
  '/manifest.webmanifest',
  '/assets/index-a1B2c_-4.js',
  '/assets/zxing_reader-a1B2c_-4.wasm',
  ...readdirSync(inProject('web/workers'))
    .filter((name) => name.endsWith('.worker.ts'))
    .map((name) => `/assets/${name.replace('.ts', '')}-a1B2c_-4.js`),
];

type Rules = readonly { readonly path: string; readonly lines: readonly string[] }[];

function readRules(text: string): Rules {
  const rules: { path: string; lines: string[] }[] = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '' && !one.startsWith('#'))) {
    if (line.startsWith('/')) rules.push({ path: line, lines: [] });
    else rules.at(-1)!.lines.push(line.trim());
  }
  return rules;
}

/** What both hosts do: every matching rule counts, equal names are joined by a comma; `! name` takes one away. */
function apply(rules: Rules, path: string): Record<string, string> {
  const headers: Record<string, string> = {};
  const matches = (pattern: string): boolean =>
    pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
  for (const line of rules.filter((rule) => matches(rule.path)).flatMap(({ lines }) => lines)) {
    if (line.startsWith('! ')) delete headers[line.slice(2)];
    else {
      const [name, value] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)];
      headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
    }
  }
  delete headers['cache-control'];
  return headers;
}

describe('the _headers files', () => {
  it.each(PATHS)('give %s the headers of headers.ts on Cloudflare Pages', (path) => {
    expect(apply(readRules(HOSTING_FILES['cloudflare-pages/_headers']!), path)).toEqual({
      ...headersFor(path),
      ...HTTPS_HEADERS,
    });
  });

  it.each(PATHS)('bind %s as headers.ts does on Netlify, which cannot take a header away', (path) => {
    const headers = apply(readRules(HOSTING_FILES['netlify/_headers']!), path);
    const { 'strict-transport-security': _https, ...others } = headers;
    expect(Object.keys(others)).toEqual(Object.keys(headersFor(path)));
    for (const [name, value] of Object.entries(others)) expect(bindsAsOurs(path, name, value), value).toBe(true);
  });
});

interface ServerKind {
  readonly name: string;
  readonly program: string;
  readonly file: string;
  readonly run: (config: string, folder: string) => readonly string[];
  readonly around?: (config: string, folder: string, port: number) => string;
}

const APACHE_MODULES = ['mpm_event', 'authz_core', 'dir', 'mime', 'headers'];
const SERVERS: readonly ServerKind[] = [
  {
    name: 'nginx',
    program: '/usr/sbin/nginx',
    file: 'nginx.conf',
    run: (config, folder) => ['-p', folder, '-c', config, '-g', 'daemon off; error_log stderr;'],
    around: (config, folder) =>
      `user root;\npid ${folder}/pid;\nevents {}\nhttp {\naccess_log off;\n${[
        'body',
        'proxy',
        'fastcgi',
        'uwsgi',
        'scgi',
      ]
        .map((kind) => `${kind === 'body' ? 'client_body' : kind}_temp_path ${folder}/${kind};\n`)
        .join('')}${config}}\n`,
  },
  {
    name: 'Apache',
    program: '/usr/sbin/apache2',
    file: 'apache.conf',
    run: (config) => ['-f', config, '-D', 'FOREGROUND'],
    around: (config, folder, port) =>
      [
        `ServerRoot ${folder}`,
        'ServerName localhost',
        `PidFile ${folder}/pid`,
        `ErrorLog ${folder}/log`,
        `Listen 127.0.0.1:${port}`,
        'TypesConfig /etc/mime.types',
        ...APACHE_MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
        config,
      ].join('\n'),
  },
  {
    name: 'Caddy',
    program: '/usr/bin/caddy',
    file: 'Caddyfile',
    run: (config) => ['run', '--adapter', 'caddyfile', '--config', config],
    around: (config) => `{\n  admin off\n}\n${config}`,
  },
];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts the server on a folder with PATHS in it, under the snippet with our folder and port put in. */
async function serve({ program, file, run, around }: ServerKind): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sev-hosting-'));
  for (const path of PATHS) {
    mkdirSync(dirname(join(folder, 'web', path)), { recursive: true });
    writeFileSync(join(folder, 'web', path), path);
  }
  const port = await freePort();
  const snippet = HOSTING_FILES[file]!.replaceAll('/srv/sev-verifier/web', join(folder, 'web')).replace(
    '127.0.0.1:8080',
    `127.0.0.1:${port}`,
  );
  const config = join(folder, 'config');
  writeFileSync(config, around ? around(snippet, folder, port) : snippet);
  const server = spawn(program, run(config, folder), { stdio: ['ignore', 'ignore', 'pipe'], env: { HOME: folder } });
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  onTestFinished(async () => {
    server.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 100; i++) {
    if (server.exitCode !== null) throw new Error(`${program} ended: ${said}`);
    const answer = await fetch(`${url}/index.html`).catch(() => undefined);
    if (answer?.ok) return url;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${program} does not answer: ${said}`);
}

const isInstalled = ({ program }: ServerKind): boolean =>
  spawnSync(program, ['-v'], { stdio: 'ignore' }).error === undefined;

describe('the snippets for servers (each is tried where that server is installed)', () => {
  for (const kind of SERVERS) {
    it.skipIf(!isInstalled(kind))(`${kind.name} sends the headers of headers.ts with every file`, async () => {
      const url = await serve(kind);
      for (const path of [...PATHS, '/missing.js']) {
        const answer = await fetch(url + path);
        expect(answer.status, path).toBe(path === '/missing.js' ? 404 : 200);
        for (const [name, value] of Object.entries(headersFor(path))) {
          expect(answer.headers.get(name), `${path} ${name}`).toBe(value);
        }
        const kept = answer.headers.get('cache-control') ?? '';
        if (answer.ok) expect(kept.includes('immutable'), path).toBe(path.startsWith('/assets/'));
      }
    });
  }
});
