// The lockfile as a list of packages and who needs whom: the one source for the SBOM and the licence list.
import { readText } from './project.ts';

/** One package of `package-lock.json`, lockfile version 3. */
export interface LockedPackage {
  /** Where npm puts it, such as `node_modules/a/node_modules/b`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression as the package declares it. */
  readonly license: string;
  /** Subresource integrity of the tarball: `sha512-…` in base64. */
  readonly integrity: string;
  /** Needed only to build and test. */
  readonly dev: boolean;
  readonly optional: boolean;
  /** Paths of the packages that this one resolves its dependencies to. */
  readonly needs: readonly string[];
}

interface Entry {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}
type Entries = Readonly<Record<string, Entry>>;

export function readLockfile(text = readText('package-lock.json')): readonly LockedPackage[] {
  const { packages } = JSON.parse(text) as { readonly packages: Entries };
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => ({
      path,
      name: nameAt(path),
      version: entry.version ?? '',
      license: entry.license ?? '',
      integrity: entry.integrity ?? '',
      dev: entry.dev === true || entry.devOptional === true,
      optional: entry.optional === true || entry.devOptional === true,
      needs: needsOf(path, entry, packages),
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What the project itself asks for, as paths. */
export function rootNeeds(text = readText('package-lock.json')): readonly string[] {
  const { packages } = JSON.parse(text) as { readonly packages: Readonly<Record<string, Entry & Development>> };
  const root = packages[''] ?? {};
  return needsOf('', { ...root, dependencies: { ...root.dependencies, ...root.devDependencies } }, packages);
}
interface Development {
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const nameAt = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

function needsOf(path: string, entry: Entry, packages: Entries): readonly string[] {
  const names = Object.keys({ ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies });
  return names
    .map((name) => resolveFrom(path, name, packages))
    .filter((found) => found !== undefined)
    .sort();
}

/** Node's own way of looking: beside the package first, then one level up, to the root. */
function resolveFrom(path: string, name: string, packages: Entries): string | undefined {
  const here = path === '' ? `node_modules/${name}` : `${path}/node_modules/${name}`;
  if (Object.hasOwn(packages, here)) return here;
  if (path === '') return undefined;
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/')));
  return resolveFrom(parent, name, packages);
}
