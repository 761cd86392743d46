// docs/LICENCES.md: what reaches a user and under which licence, with its text, and what only builds and tests.
import { existsSync, readdirSync } from 'node:fs';
import { type LockedPackage, readLockfile } from './lockfile.ts';
import { inProject, readPackage, readText } from './project.ts';
import { SHIPPED } from './shipped.ts';

/** Licences that the shipped packages may have: each lets the whole be given away under Apache-2.0. */
export const ALLOWED = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '(MIT OR Apache-2.0)'];

/** What is inside a package beyond its own licence, read by a person once. */
const INSIDE: Readonly<Record<string, string>> = {
  'zxing-wasm': 'Its WebAssembly file is built from zxing-cpp, which is under Apache-2.0 (the text is in LICENSE).',
};

export function licencesPage(packages = readLockfile()): string {
  const shipped = SHIPPED.map(({ name, in: places }) => ({ ...packageNamed(name, packages), places }));
  const builds = packages.filter(({ name, dev }) => dev && !SHIPPED.some((one) => one.name === name));
  return [
    '# Licences',
    '',
    `${readPackage().name} itself is under Apache-2.0; its text is in \`LICENSE\`. This page is generated from the lockfile`,
    "and the packages' own files by `npm run docs:generate`, and a test holds it to them.",
    '',
    '## What reaches you',
    '',
    '| package | version | licence | where |',
    '| --- | --- | --- | --- |',
    ...shipped.map(
      ({ name, version, license, places }) => `| ${name} | ${version} | ${license} | ${places.join(', ')} |`,
    ),
    '',
    '*page*: inside the web app. *commands*: inside `sev-relay` and `sev-verifier`. *installed*: by npm beside them; koffi',
    'brings one of its `@koromix/koffi-…` packages, of the same version and licence, for the machine that it is installed on.',
    '',
    "AMD's root certificates (ARK, ASK) are AMD's own public data; they are included to be compared with.",
    '',
    '## What only builds and tests',
    '',
    '| licence | packages |',
    '| --- | --- |',
    ...byLicence(builds).map(([licence, names]) => `| ${licence} | ${names.join(', ')} |`),
    '',
    '## Texts',
    '',
    ...shipped.flatMap(({ name }) => textOf(name)),
  ].join('\n');
}

export function packageNamed(name: string, packages: readonly LockedPackage[]): LockedPackage {
  const found = packages.find(({ path }) => path === `node_modules/${name}`);
  if (!found) throw new Error(`${name} is not in the lockfile`);
  return found;
}

function byLicence(packages: readonly LockedPackage[]): readonly (readonly [string, readonly string[]])[] {
  const licences = [...new Set(packages.map(({ license }) => license))].sort();
  const namesOf = (licence: string): string[] => [
    ...new Set(packages.filter(({ license }) => license === licence).map(({ name }) => name)),
  ];
  return licences.map((licence) => [licence, namesOf(licence)] as const);
}

/** The licence files of a package, as they lie in it. */
function textOf(name: string): readonly string[] {
  const folder = `node_modules/${name}`;
  const files = existsSync(inProject(folder))
    ? readdirSync(inProject(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
    : [];
  if (files.length === 0) throw new Error(`${name} has no licence file`);
  const texts = files.flatMap((file) => ['```text', readText(`${folder}/${file}`).trim(), '```', '']);
  return [`### ${name}`, '', ...(INSIDE[name] ? [INSIDE[name], ''] : []), ...texts];
}
