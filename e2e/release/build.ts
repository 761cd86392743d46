// Builds one commit in a folder of its own, far from the sources that it came from.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './project.ts';
import { filesBelow } from './manifest.ts';

export interface Surroundings {
  readonly folder: string;
  /** Another time zone, language and user mask, which must not show in the result. */
  readonly env: Readonly<Record<string, string>>;
}

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 });

/** Which sources are built: the commit, or what lies in the folder where that differs or there is no git. */
export function describeSources(): { readonly files: readonly string[]; readonly name: string } {
  const listed = git('ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0');
  const files = listed.filter((path) => path !== '' && existsSync(join(ROOT, path)));
  const changed = git('status', '--porcelain').trim() !== '';
  const commit = git('rev-parse', 'HEAD').trim();
  return { files, name: changed ? `commit ${commit} with uncommitted changes` : `commit ${commit}` };
}

/** Copies the sources, and the installed packages as a folder of its own: a link would lead both builds to one path. */
export function copySources(files: readonly string[], folder: string): void {
  for (const path of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path), { preserveTimestamps: false });
  }
  const modules = join(ROOT, 'node_modules');
  const linked = spawnSync('cp', ['-al', modules, join(folder, 'node_modules')], { stdio: 'ignore' });
  if (linked.status !== 0) cpSync(modules, join(folder, 'node_modules'), { recursive: true });
}

export interface Built {
  readonly dist: string;
  /** The npm package, beside the dist folder; npm gives all files in it one fixed time. */
  readonly tarball: string;
}

export function buildIn({ folder, env }: Surroundings): Built {
  for (const args of [[], ['--mode', 'node']]) vite(folder, ['build', '--logLevel', 'warn', ...args], env);
  const packed = spawnSync('npm', ['pack', '--silent', '--ignore-scripts'], { cwd: folder, encoding: 'utf8' });
  if (packed.status !== 0) throw new Error(`npm pack in ${folder} failed:\n${packed.stderr}`);
  return { dist: join(folder, 'dist'), tarball: join(folder, packed.stdout.trim().split('\n').at(-1)!) };
}

/** Names of the packages whose code is inside the built files, read from the source maps of a build of its own. */
export function packagesInside({ folder, env }: Surroundings, mode: 'page' | 'commands'): readonly string[] {
  const out = join(folder, 'maps', mode);
  const args = mode === 'page' ? [] : ['--mode', 'node'];
  vite(folder, ['build', '--logLevel', 'error', '--sourcemap', '--outDir', out, ...args], env);
  const sources = filesBelow(out)
    .filter((path) => path.endsWith('.map'))
    .flatMap((path) => (JSON.parse(readFileSync(join(out, path), 'utf8')) as { sources: string[] }).sources);
  const names = sources.map(
    (source) => /^((?:@[^/]+\/)?[^/]+)\//.exec(source.split('node_modules/').slice(1).at(-1) ?? '')?.[1],
  );
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

function vite(folder: string, args: readonly string[], env: Readonly<Record<string, string>>): void {
  const program = join(folder, 'node_modules/vite/bin/vite.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`The build in ${folder} failed:\n${stdout}${stderr}`);
}

/** Where two folders differ, in words; empty when they are equal byte by byte. */
export function differences(a: string, b: string): string[] {
  const [inA, inB] = [filesBelow(a), filesBelow(b)];
  const missing = [
    ...inA.filter((path) => !inB.includes(path)).map((path) => `${path} is only in ${a}`),
    ...inB.filter((path) => !inA.includes(path)).map((path) => `${path} is only in ${b}`),
  ];
  const changed = inA
    .filter((path) => inB.includes(path))
    .map((path) => [path, firstDifference(join(a, path), join(b, path))] as const)
    .filter(([, at]) => at !== undefined)
    .map(([path, at]) => `${path} differs from byte ${at} on`);
  return [...missing, ...changed];
}

/** The offset of the first byte that differs; undefined when there is none. */
export function firstDifference(a: string, b: string): number | undefined {
  const [x, y] = [readFileSync(a), readFileSync(b)];
  if (x.equals(y)) return undefined;
  const at = x.findIndex((byte, i) => byte !== y[i]);
  return at === -1 ? Math.min(statSync(a).size, statSync(b).size) : at;
}
