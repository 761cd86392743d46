// The software bill of materials: CycloneDX 1.5 as JSON, made from the lockfile alone. It holds no time and no random
// number, so that the same lockfile always gives the same bytes.
import { createHash } from 'node:crypto';
import { type LockedPackage, readLockfile, rootNeeds } from './lockfile.ts';
import { readPackage } from './project.ts';

export interface Component {
  readonly type: 'library';
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  /** `required` and `optional` reach a user; `excluded` is needed to build and test only. */
  readonly scope: 'required' | 'optional' | 'excluded';
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly License[];
  readonly purl: string;
}
type License = { readonly license: { readonly id: string } } | { readonly expression: string };

export interface Sbom {
  readonly $schema: string;
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.5';
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: object;
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** @param shipped names of the packages that reach a user, bundled or installed */
export function makeSbom(shipped: ReadonlySet<string>, packages = readLockfile(), root = rootNeeds()): Sbom {
  const project = readPackage();
  const self = `pkg:npm/${project.name}@${project.version}`;
  const byPath = new Map(packages.map((one) => [one.path, purlOf(one)]));
  const refs = (paths: readonly string[]): string[] => [...new Set(paths.map((path) => byPath.get(path)!))].sort();
  const components = distinct(packages).map((one) => componentOf(one, shipped));
  const dependencies = [
    { ref: self, dependsOn: refs(root) },
    ...components.map(({ purl }) => ({ ref: purl, dependsOn: refs(needsOf(purl, packages)) })),
  ];
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: serialNumber([self, ...components.map(({ purl, hashes }) => purl + JSON.stringify(hashes))]),
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': self,
        name: project.name,
        version: project.version,
        description: project.description,
        licenses: [licenseOf(project.license)],
        purl: self,
      },
    },
    components,
    dependencies,
  };
}

/** npm may keep one version in several folders; the bill names it once. */
const distinct = (packages: readonly LockedPackage[]): readonly LockedPackage[] =>
  [...new Map(packages.map((one) => [purlOf(one), one])).values()].sort((a, b) => (purlOf(a) < purlOf(b) ? -1 : 1));

const needsOf = (purl: string, packages: readonly LockedPackage[]): readonly string[] =>
  packages.filter((one) => purlOf(one) === purl).flatMap(({ needs }) => needs);

export const purlOf = ({ name, version }: LockedPackage): string =>
  `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`;

function componentOf(one: LockedPackage, shipped: ReadonlySet<string>): Component {
  const [group, name] = one.name.startsWith('@') ? one.name.split('/') : [undefined, one.name];
  const reaches = shipped.has(one.name) || !one.dev;
  return {
    type: 'library',
    'bom-ref': purlOf(one),
    ...(group !== undefined && { group }),
    name: name,
    version: one.version,
    scope: !reaches ? 'excluded' : one.optional ? 'optional' : 'required',
    hashes: hashesOf(one.integrity),
    licenses: [licenseOf(one.license)],
    purl: purlOf(one),
  };
}

const hashesOf = (integrity: string): Component['hashes'] =>
  integrity
    .split(' ')
    .filter((part) => part.startsWith('sha512-'))
    .map((part) => ({ alg: 'SHA-512', content: Buffer.from(part.slice(7), 'base64').toString('hex') }));

const licenseOf = (license: string): License =>
  /^[\w.-]+$/.test(license) ? { license: { id: license } } : { expression: license };

/** A name-based UUID over what the bill says, as RFC 9562 forms version 8. */
function serialNumber(parts: readonly string[]): string {
  const bytes = createHash('sha256').update(parts.join('\n')).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return `urn:uuid:${bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`;
}
