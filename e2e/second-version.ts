// Another version of the app: a real build of the same sources with one sentence changed, installed beside the commands.
import { cpSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

/** The sentence that only the second version says, on its About page. */
export const NEWS = 'This is the second version.';
const CHANGED = 'Verifies an AMD SEV platform and its guest on your own device, before you hand over a secret.';

/**
 * Builds it.
 * @param dist an empty folder, which gets what an installation has: `cli`, `relay`, `chunks` and `web`
 */
export async function buildSecondVersion(dist: string): Promise<void> {
  for (const folder of ['cli', 'relay', 'chunks'])
    cpSync(join('dist', folder), join(dist, folder), { recursive: true });
  let changes = 0;
  const news = {
    name: 'news',
    transform(code: string, id: string): string | undefined {
      if (!id.endsWith('web/strings/shell.ts') || !code.includes(CHANGED)) return undefined;
      changes += 1;
      return code.replace(CHANGED, NEWS);
    },
  };
  await build({
    configFile: resolve('vite.config.ts'),
    mode: 'production',
    logLevel: 'error',
    plugins: [news],
    build: { outDir: join(dist, 'web') },
  });
  if (changes === 0) throw new Error('The second version is the same as the first: its sentence was not found.');
}

/** Puts the second version where the first one was. */
export function install(from: string, to: string): void {
  for (const folder of ['cli', 'relay', 'chunks', 'web']) {
    rmSync(join(to, folder), { recursive: true, force: true });
    cpSync(join(from, folder), join(to, folder), { recursive: true });
  }
}
