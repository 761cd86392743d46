// Builds TypeScript tools for Node 20, which reads none: into a folder of this process alone, so that a second run
// changes nothing under the first.
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';

/**
 * @param name of the folder
 * @param entries the tool's modules by the names under which they are loaded
 * @param external packages that stay what they are
 */
export async function bundle(name, entries, external = []) {
  const outDir = resolve(`.tsbuild/${name}-${process.pid}`);
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      outDir,
      target: 'node20',
      minify: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([entry, path]) => [entry, resolve(path)])),
        output: { entryFileNames: '[name].js' },
        external,
      },
    },
    ssr: { noExternal: true, external },
  });
  const url = (entry) => pathToFileURL(`${outDir}/${entry}.js`);
  return { url, load: (entry) => import(url(entry)), remove: () => rmSync(outDir, { recursive: true, force: true }) };
}
