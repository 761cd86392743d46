import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
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
 * hashes that a release is compared by. The version is the hash of that list.
 */
function offline(publicDir: string): Plugin {
  const integrity = (content: string | Uint8Array) => `sha384-${createHash('sha384').update(content).digest('base64')}`;
  return {
    name: 'sev-offline',
    apply: 'build',
    enforce: 'post',
    buildStart() {
      this.emitFile({ type: 'chunk', id: resolve('web/offline/service-worker.ts'), fileName: 'sw.js' });
    },
    generateBundle(_options, bundle) {
      const built = Object.values(bundle)
        .filter(({ fileName }) => fileName !== 'sw.js')
        .map((file) => [`/${file.fileName}`, integrity(file.type === 'chunk' ? file.code : file.source)] as const);
      const fixed = readdirSync(publicDir).map(
        (name) => [`/${name}`, integrity(readFileSync(join(publicDir, name)))] as const,
      );
      const files = [...built, ...fixed].sort(([a], [b]) => (a < b ? -1 : 1));
      const version = createHash('sha256').update(JSON.stringify(files)).digest('hex');
      const list = JSON.stringify({ version, files: Object.fromEntries(files) }, undefined, 1);
      this.emitFile({ type: 'asset', fileName: 'build.json', source: list });
      const worker = bundle['sw.js'];
      if (worker?.type !== 'chunk') throw new Error('the service worker was not built');
      worker.code = worker.code
        .replaceAll('__PRECACHE__', JSON.stringify([...files, ['/build.json', integrity(list)]]))
        .replaceAll('__VERSION__', JSON.stringify(version));
    },
  };
}

/** The web app: dist/web. */
const web: UserConfig = {
  root: 'web',
  publicDir: resolve('public'),
  plugins: [svelte(), offline(resolve('public'))],
  build: { outDir: resolve('dist/web'), emptyOutDir: true, target: 'es2023', modulePreload: { polyfill: false } },
  worker: { format: 'es' },
};

/** The two commands: dist/relay/main.js and dist/cli/main.js. Only ws and koffi stay outside. */
const node: UserConfig = {
  build: {
    ssr: true,
    outDir: resolve('dist'),
    emptyOutDir: false,
    target: 'node20',
    copyPublicDir: false,
    rolldownOptions: {
      input: { 'relay/main': resolve('relay/main.ts'), 'cli/main': resolve('web/cli/main.ts') },
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
    include: ['{shared,relay,web}/**/*.test.ts'],
    testTimeout: 20_000,
  },
};

export default defineConfig(({ mode }) => (mode === 'test' ? test : mode === 'node' ? node : web));
