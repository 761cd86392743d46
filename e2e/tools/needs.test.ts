// A machine that ran the tests before hides what a new one is missing. So every program that a test calls is either
// installed by `.ci/run`, or the test is skipped and names it.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { OTHER_PACKAGES, PROGRAMS, USERS } from './needs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const CALLS = new Set(['findProgram', 'onPath', 'spawn', 'spawnSync', 'execFile', 'execFileSync']);
const CI_RUN = readFileSync(join(ROOT, '.ci/run'), 'utf8');
const installed = /^packages=\(([^)]*)\)/m.exec(CI_RUN)?.[1]?.trim().split(/\s+/) ?? [];

const isTestCode = (path: string): boolean =>
  /\.(ts|mjs)$/.test(path) &&
  (/\.test\.ts$/.test(path) || path.startsWith('e2e/') || /\/testing\/|\/simulator\/virtual\//.test(path));

function testFiles(): string[] {
  return ['shared', 'relay', 'web', 'e2e']
    .flatMap((room) => readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).map((p) => `${room}/${p}`))
    .filter(isTestCode);
}

/** The programs, files and `root` that a file names where it calls or looks for them. */
function needsOf(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.ES2023);
  const found: string[] = [];
  const literals = (node: ts.Node | undefined): string[] =>
    node === undefined
      ? []
      : ts.isStringLiteral(node)
        ? [node.text]
        : ts.isArrayLiteralExpression(node)
          ? node.elements.flatMap(literals)
          : [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      const name = node.expression.text;
      if (CALLS.has(name)) found.push(...literals(node.arguments[0]));
      if (name === 'describeOnVirtualHost') found.push(...literals(node.arguments[1]));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('What the tests need', () => {
  it('is known, program by program', () => {
    const files = testFiles();
    expect(files.length).toBeGreaterThan(100);
    const unknown = files.flatMap((path) =>
      needsOf(path)
        .filter((need) => !Object.hasOwn(PROGRAMS, need))
        .map((need) => `${path} calls ${need}`),
    );
    expect(unknown).toEqual([]);
  });

  it('is installed by .ci/run where it says so, and nothing else is', () => {
    const named = Object.values(PROGRAMS).flatMap((source) => (typeof source === 'object' ? [source.package] : []));
    const expected = new Set([...named, ...Object.keys(OTHER_PACKAGES)]);
    expect([...installed].sort()).toEqual([...expected].sort());
  });

  it('needs no user that a new machine does not have', () => {
    for (const [user, source] of Object.entries(USERS)) expect(source, user).toBe('made');
    const libvirtd = readFileSync(join(ROOT, 'relay/simulator/virtual/libvirtd.ts'), 'utf8');
    for (const user of Object.keys(USERS)) expect(libvirtd).toContain(`'${user}:x:`);
  });

  const inCi = process.env['CI'] !== undefined && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  it.skipIf(!inCi)('is there after .ci/run (asked only where CI is set, as root, on Debian)', () => {
    const folders = (process.env['PATH'] ?? '')
      .split(':')
      .concat('/usr/sbin', '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.0');
    const isThere = (need: string): boolean =>
      existsSync(need) || folders.some((folder) => existsSync(join(folder, need)));
    const missing = Object.entries(PROGRAMS)
      .filter(([, source]) => typeof source === 'object')
      .map(([program]) => program)
      .filter((program) => !isThere(program));
    expect(missing).toEqual([]);
  });
});
