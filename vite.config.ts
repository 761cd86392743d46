import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin, type UserConfig } from 'vite';
import type {} from 'vitest/config';

/** Serves the test data that SEV_VECTORS names as one module, so that the same suite runs in Node and in a browser. */
function vectors(): Plugin {
  const name = 'virtual:sev-vectors';
  return {
    name: 'sev-vectors',
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load(id) {
      if (id !== `\0${name}`) return undefined;
      const folder = process.env['SEV_VECTORS'];
      const paths = folder ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
      const files = paths
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [relative(folder!, path), readFileSync(path).toString('base64')]);
      return `export const files = ${JSON.stringify(Object.fromEntries(files))};`;
    },
  };
}

/**
 * Builds the service worker with its list of files and their integrity, and writes the same list as `build.json`: the
 * hashes that a release is compared by. The version is the hash of that list. Only what was written is hashed, since
 * other plugins still change chunks late.
 */
function offline(): Plugin {
  const integrity = (content: string | Uint8Array) => `sha384-${createHash('sha384').update(content).digest('base64')}`;
  const filesOf = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'sw.js')
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [`/${relative(folder, path).replaceAll('\\', '/')}`, integrity(readFileSync(path))] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    name: 'sev-offline',
    apply: 'build',
    buildStart() {
      this.emitFile({ type: 'chunk', id: resolve('web/offline/service-worker.ts'), fileName: 'sw.js' });
    },
    writeBundle({ dir = '' }) {
      const files = filesOf(dir);
      const version = createHash('sha256').update(JSON.stringify(files)).digest('hex');
      const list = JSON.stringify({ version, files: Object.fromEntries(files) }, undefined, 1);
      writeFileSync(join(dir, 'build.json'), list);
      const worker = readFileSync(join(dir, 'sw.js'), 'utf8')
        .replaceAll('__PRECACHE__', JSON.stringify([...files, ['/build.json', integrity(list)]]))
        .replaceAll('__VERSION__', JSON.stringify(version));
      writeFileSync(join(dir, 'sw.js'), worker);
    },
  };
}

/** The web app: dist/web. */
const web: UserConfig = {
  root: 'web',
  publicDir: resolve('public'),
  plugins: [svelte(), offline()],
  build: { outDir: resolve('dist/web'), emptyOutDir: true, target: 'es2023', modulePreload: { polyfill: false } },
  worker: { format: 'es' },
};

/** An earlier build's chunks have other names: left behind, they would be packed. The web app beside them stays. */
function withoutOldChunks(): Plugin {
  let folder: string;
  return {
    name: 'sev-without-old-chunks',
    apply: 'build',
    configResolved: ({ build }) => void (folder = resolve(build.outDir)),
    buildStart() {
      for (const name of ['chunks', 'relay', 'cli']) rmSync(join(folder, name), { recursive: true, force: true });
    },
  };
}

/** The two commands: dist/relay/main.js and dist/cli/main.js. Only ws and koffi stay outside. */
const node: UserConfig = {
  plugins: [withoutOldChunks()],
  build: {
    ssr: true,
    outDir: resolve('dist'),
    emptyOutDir: false,
    target: 'node20',
    copyPublicDir: false,
    rolldownOptions: {
      input: { 'relay/main': resolve('relay/command/main.ts'), 'cli/main': resolve('web/cli/main.ts') },
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      external: ['ws', 'koffi'],
    },
  },
  ssr: { noExternal: true, external: ['ws', 'koffi'] },
};

/** Unit tests; the end-to-end stories have a runner of their own. */
const test: UserConfig = {
  plugins: [vectors(), svelte()],
  test: {
    testTimeout: 60_000,
    // Of two cores vitest leaves one idle by itself, and many of these tests wait for processes of their own.
    maxWorkers: availableParallelism(),
    projects: [
      // Pure: its files leave nothing behind in a process, and need not load each module anew.
      { extends: true, test: { name: 'shared', include: ['shared/**/*.test.ts'], isolate: false } },
      { extends: true, test: { name: 'rest', include: ['{relay,web,e2e}/**/*.test.ts'] } },
    ],
  },
};

/** Those of `shared` once more, in a real browser: `npm run unit:browser`. */
async function unitBrowser(): Promise<UserConfig> {
  const { playwright } = await import('@vitest/browser-playwright');
  const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', ...quiet];
  return {
    plugins: [vectors()],
    // Named, so that no page is loaded anew because a dependency was found late.
    optimizeDeps: {
      include: [
        'age-encryption',
        'fast-check',
        '@noble/curves/nist.js',
        '@noble/hashes/hmac.js',
        '@noble/hashes/sha2.js',
      ],
    },
    test: {
      include: ['shared/**/*.test.ts'],
      // Held against a package that needs Node; the format has vectors of its own.
      exclude: ['shared/airgap/interop.slow.test.ts'],
      testTimeout: 60_000,
      isolate: false,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath, args } }),
        instances: [{ browser: 'chromium' }],
      },
    },
  };
}

export default defineConfig(({ mode }) => {
  if (mode === 'unit-browser') return unitBrowser();
  return mode === 'test' ? test : mode === 'node' ? node : web;
});
