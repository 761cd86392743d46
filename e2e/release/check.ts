// `npm run release:check`: builds one commit twice, on two paths, and compares every byte; looks into the bundles; writes
// the package, the manifest, the sums and the bill of materials to dist/release; asks for known vulnerabilities.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { encodeManifest } from '../../web/cli/release-manifest.ts';
import { audit, tellAudit } from './audit.ts';
import {
  type Built,
  buildIn,
  copySources,
  describeSources,
  differences,
  firstDifference,
  packagesInside,
  type Surroundings,
} from './build.ts';
import { makeManifest, sumsOf } from './manifest.ts';
import { inProject } from './project.ts';
import { makeSbom } from './sbom.ts';
import { SHIPPED } from './shipped.ts';

/** Two machines as far as one can play them: other path, time zone, language. */
const surroundings = (folder: string): readonly [Surroundings, Surroundings] => [
  { folder: join(folder, 'a'), env: { TZ: 'UTC', LANG: 'C' } },
  { folder: join(folder, 'another place', 'with-a-longer-name'), env: { TZ: 'Asia/Kolkata', LANG: 'de_DE.UTF-8' } },
];

export function main(): number {
  const folder = mkdtempSync(join(tmpdir(), 'sev-release-'));
  try {
    const { problems, built } = examine(folder, console.log);
    writeRelease(built);
    const { good, text } = tellAudit(audit());
    console.log(text);
    if (!good) problems.push('A package that reaches a user has a known vulnerability.');
    for (const problem of problems) console.error(`WRONG: ${problem}`);
    return problems.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Builds the sources twice below an empty folder, and looks at the results.
 * @returns what is wrong, in sentences, and the first of the two builds
 */
export function examine(folder: string, tell: (line: string) => void): { problems: string[]; built: Built } {
  const { files, name } = describeSources();
  tell(`sources        ${name}, ${files.length} files`);
  const places = surroundings(folder);
  const [a, b] = places.map((place) => {
    mkdirSync(place.folder, { recursive: true });
    copySources(files, place.folder);
    return buildIn(place);
  }) as [Built, Built];
  const found = differences(a.dist, b.dist);
  if (firstDifference(a.tarball, b.tarball) !== undefined) found.push('the two npm packages');
  if (found.length === 0) tell('two builds     equal, byte by byte, and so are their npm packages');
  const problems = [...found.map((one) => `The two builds differ: ${one}.`), ...lookInside(places[0], tell)];
  return { problems, built: a };
}

/** What is bundled must be what docs/dependencies.md says. */
function lookInside(place: Surroundings, tell: (line: string) => void): readonly string[] {
  return (['page', 'commands'] as const).flatMap((where) => {
    const inside = packagesInside(place, where);
    tell(`inside ${where.padEnd(8)}${inside.join(', ')}`);
    const told = SHIPPED.filter((one) => one.in.includes(where)).map(({ name }) => name);
    return [
      ...inside
        .filter((name) => !told.includes(name))
        .map((name) => `${name} is in the ${where}, and nobody said why.`),
      ...told
        .filter((name) => !inside.includes(name))
        .map((name) => `${name} is said to be in the ${where}, but is not.`),
    ];
  });
}

function writeRelease({ dist, tarball }: Built): void {
  const manifest = makeManifest(dist);
  const target = inProject('dist/release');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const sbom = makeSbom(new Set(SHIPPED.map(({ name }) => name)));
  cpSync(tarball, join(target, basename(tarball)));
  writeFileSync(join(target, 'manifest.json'), encodeManifest(manifest));
  writeFileSync(join(target, 'SHA256SUMS'), sumsOf(manifest));
  writeFileSync(join(target, 'sbom.cdx.json'), `${JSON.stringify(sbom, undefined, 1)}\n`);
  console.log(`build          ${manifest.build}`);
  console.log(`written        dist/release/: ${basename(tarball)}, manifest.json, SHA256SUMS, sbom.cdx.json`);
}
