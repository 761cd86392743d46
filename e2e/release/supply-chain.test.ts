// The bill of materials, the licences and the list of dependencies say what is really so.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GENERATED } from './generate.ts';
import { ALLOWED, packageNamed } from './licences.ts';
import { readLockfile } from './lockfile.ts';
import { inProject, readPackage } from './project.ts';
import { makeSbom } from './sbom.ts';
import { SHIPPED } from './shipped.ts';
import { importedPackages } from './sources.ts';

const packages = readLockfile();
const shippedNames = new Set(SHIPPED.map(({ name }) => name));

describe('what is shipped', () => {
  it('is every package that the sources import, and no other but those that they bring', () => {
    const direct = SHIPPED.filter(({ by }) => by === undefined).map(({ name }) => name);
    expect(direct).toEqual(importedPackages());
    for (const { by } of SHIPPED) if (by !== undefined) expect(shippedNames).toContain(by);
  });

  it('is installed only where it cannot be bundled', () => {
    const { dependencies, optionalDependencies } = readPackage();
    const installed = SHIPPED.filter(({ in: places }) => places.includes('installed')).map(({ name }) => name);
    expect(Object.keys({ ...dependencies, ...optionalDependencies }).sort()).toEqual(installed);
  });

  it('is pinned to one version, with the hash of its tarball', () => {
    for (const { version, integrity } of SHIPPED.map(({ name }) => packageNamed(name, packages))) {
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
      expect(integrity).toMatch(/^sha512-/);
    }
  });

  it('may be given away under Apache-2.0', () => {
    for (const { name } of SHIPPED) expect(ALLOWED).toContain(packageNamed(name, packages).license);
  });
});

describe('the bill of materials', () => {
  const sbom = makeSbom(shippedNames, packages);

  it('is the same every time', () => {
    expect(JSON.stringify(makeSbom(shippedNames))).toBe(JSON.stringify(sbom));
  });

  it('names the packages that npm names', () => {
    const text = execFileSync('npm', ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { components } = JSON.parse(text) as { components: { purl: string }[] };
    const names = (all: readonly { purl: string }[]): string[] =>
      [...new Set(all.map(({ purl }) => decodeURIComponent(purl)))].sort();
    expect(names(sbom.components)).toEqual(names(components));
  });

  it('calls optional what the relay can do without, and excluded what no user gets', () => {
    const scope = (name: string): string | undefined =>
      sbom.components.find(({ purl }) => decodeURIComponent(purl).startsWith(`pkg:npm/${name}@`))?.scope;
    expect([scope('ws'), scope('koffi'), scope('svelte'), scope('vitest')]).toEqual([
      'required',
      'optional',
      'required',
      'excluded',
    ]);
  });

  it('links only packages that it names, each reached from the project', () => {
    const refs = new Set(sbom.components.map((component) => component['bom-ref']));
    const needs = new Map(sbom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
    const reached = new Set<string>();
    const visit = (ref: string): void => {
      if (reached.has(ref)) return;
      reached.add(ref);
      needs.get(ref)?.forEach(visit);
    };
    visit(sbom.dependencies[0]!.ref);
    for (const ref of refs) expect(reached, ref).toContain(ref);
    expect(reached.size).toBe(refs.size + 1);
  });

  it('gives every package a hash and a licence', () => {
    for (const { purl, hashes, licenses } of sbom.components) {
      expect(hashes[0]?.content, purl).toMatch(/^[0-9a-f]{128}$/);
      expect(JSON.stringify(licenses), purl).not.toBe('[{"expression":""}]');
    }
  });
});

describe('generated pages', () => {
  it.each(Object.keys(GENERATED))('%s is what its sources say; else run `npm run docs:generate`', (path) => {
    expect(readFileSync(inProject(path), 'utf8')).toBe(GENERATED[path]!());
  });
});
