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

/** The web app: dist/web. */
const web: UserConfig = {
  root: 'web',
  publicDir: resolve('public'),
  plugins: [svelte()],
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
