import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAudit, tellAudit } from './audit.ts';
import { differences } from './build.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sev-release-test-'));
  // A folder may hold two copies of all packages: on a busy machine they take their time to go.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }), 60_000);
  return folder;
}

describe('two folders', () => {
  const folders = (): [string, string] => {
    const folder = temporaryFolder();
    return ['a', 'b'].map((name) => {
      mkdirSync(join(folder, name, 'deep'), { recursive: true });
      writeFileSync(join(folder, name, 'deep/file'), 'same');
      return join(folder, name);
    }) as [string, string];
  };

  it('are equal when they are', () => {
    expect(differences(...folders())).toEqual([]);
  });

  it('differ by a byte, by a length, and by a file', () => {
    const [a, b] = folders();
    writeFileSync(join(b, 'deep/file'), 'sAme');
    expect(differences(a, b)).toEqual(['deep/file differs from byte 1 on']);
    writeFileSync(join(b, 'deep/file'), 'same and more');
    expect(differences(a, b)).toEqual(['deep/file differs from byte 4 on']);
    writeFileSync(join(a, 'only'), '');
    expect(differences(a, b)).toContain(`only is only in ${a}`);
  });
});

describe('the audit', () => {
  const report = (...names: readonly string[]): string =>
    JSON.stringify({ vulnerabilities: Object.fromEntries(names.map((name) => [name, { severity: 'high', via: [] }])) });

  it('is clean when the registry knows of nothing', () => {
    expect(tellAudit(readAudit(report()))).toEqual({ good: true, text: expect.stringContaining('no known') as string });
  });

  it('fails for what reaches a user, and only tells of what builds and tests', () => {
    expect(tellAudit(readAudit(report('svelte', 'vitest')))).toEqual({
      good: false,
      text: expect.stringMatching(/reach a user: svelte \(high\); only build and test: vitest/) as string,
    });
    expect(tellAudit(readAudit(report('vitest'))).good).toBe(true);
  });

  it.each([
    ['nothing', ''],
    [
      'a refusal',
      '{"message":"405 Method Not Allowed - POST https://registry.example/-/npm/v1/security/advisories/bulk"}',
    ],
    ['a page', '<html>'],
  ])('is called NOT CHECKED when the registry says %s, without its address', (_title, output) => {
    const { text } = tellAudit(readAudit(output));
    expect(text).toContain('NOT CHECKED');
    expect(text).not.toContain('registry.example');
  });
});
