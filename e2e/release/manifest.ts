// Makes the manifest of a built package: `dist/web` as the app, `dist/relay`, `dist/cli` and their chunks as the commands.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { MANIFEST_FORMAT, type ReleasedFile, type ReleaseManifest } from '../../web/cli/release-manifest.ts';
import { readPackage } from './project.ts';

const COMMAND_FOLDERS = ['relay', 'cli', 'chunks'];

/** @param dist a folder that was empty before the build */
export function makeManifest(dist: string): ReleaseManifest {
  const { name, version } = readPackage();
  const web = join(dist, 'web');
  return {
    format: MANIFEST_FORMAT,
    name,
    version,
    build: buildOf(web),
    app: filesBelow(web).map((path) => released(web, path, `/${path}`)),
    commands: COMMAND_FOLDERS.flatMap((folder) =>
      filesBelow(join(dist, folder)).map((path) => released(join(dist, folder), path, `${folder}/${path}`)),
    ),
  };
}

/** The list for programs that everybody has: `sha256sum -c SHA256SUMS` in the dist folder. */
export const sumsOf = ({ app, commands }: ReleaseManifest): string =>
  [...app.map((file) => ({ ...file, path: `web${file.path}` })), ...commands]
    .map(({ sha256, path }) => `${sha256}  ${path}\n`)
    .join('');

/** The version that the About page shows, after a look at whether it is the hash of the list beside it. */
function buildOf(web: string): string {
  const { version, files } = JSON.parse(readFileSync(join(web, 'build.json'), 'utf8')) as {
    readonly version: string;
    readonly files: Readonly<Record<string, string>>;
  };
  const own = createHash('sha256')
    .update(JSON.stringify(Object.entries(files)))
    .digest('hex');
  if (own !== version) throw new Error(`build.json names ${version}, but its list hashes to ${own}`);
  for (const [path, integrity] of Object.entries(files)) {
    const content = readFileSync(join(web, path));
    if (integrity !== `sha384-${createHash('sha384').update(content).digest('base64')}`)
      throw new Error(`${path} is not what build.json says`);
  }
  return version;
}

function released(folder: string, path: string, name: string): ReleasedFile {
  const content = readFileSync(join(folder, path));
  return { path: name, size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

export const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
