// Asks the registry for known vulnerabilities of the packages in the lockfile. Where it gives no answer, that is said.
import { spawnSync } from 'node:child_process';
import { ROOT } from './project.ts';
import { SHIPPED } from './shipped.ts';

export type Audit =
  | { readonly kind: 'clean' }
  /** Known holes, those that reach a user first. */
  | { readonly kind: 'found'; readonly reaching: readonly string[]; readonly building: readonly string[] }
  /** Nobody knows; `because` is what the registry or the network said. */
  | { readonly kind: 'not-checked'; readonly because: string };

interface Report {
  readonly message?: string;
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly via: readonly unknown[] }>>;
}

export function readAudit(output: string): Audit {
  const report = parse(output);
  if (report?.vulnerabilities === undefined) {
    return { kind: 'not-checked', because: plainReason(report?.message ?? 'no answer that could be read') };
  }
  const found = Object.entries(report.vulnerabilities).map(([name, { severity }]) => ({ name, severity }));
  if (found.length === 0) return { kind: 'clean' };
  const reaches = (name: string): boolean => SHIPPED.some((one) => one.name === name);
  const lines = (all: typeof found): string[] => all.map(({ name, severity }) => `${name} (${severity})`);
  return {
    kind: 'found',
    reaching: lines(found.filter(({ name }) => reaches(name))),
    building: lines(found.filter(({ name }) => !reaches(name))),
  };
}

export function audit(): Audit {
  const { stdout } = spawnSync('npm', ['audit', '--json'], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 60_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return readAudit(stdout ?? '');
}

/** In words; true when nothing that reaches a user is known to be broken. */
export function tellAudit(result: Audit): { readonly good: boolean; readonly text: string } {
  switch (result.kind) {
    case 'clean':
      return { good: true, text: 'audit          no known vulnerabilities' };
    case 'not-checked':
      return {
        good: true,
        text: `audit          NOT CHECKED: the registry did not say which packages are vulnerable (${result.because}).\n               Run \`npm audit\` where the registry answers it, before you publish.`,
      };
    case 'found': {
      const { reaching, building } = result;
      const parts = [
        ...(reaching.length > 0 ? [`reach a user: ${reaching.join(', ')}`] : []),
        ...(building.length > 0 ? [`only build and test: ${building.join(', ')}`] : []),
      ];
      return { good: reaching.length === 0, text: `audit          known vulnerabilities; ${parts.join('; ')}` };
    }
  }
}

function parse(output: string): Report | undefined {
  try {
    return JSON.parse(output) as Report;
  } catch {
    return undefined;
  }
}

/** The first line, without the addresses in it. */
const plainReason = (message: string): string =>
  (message.split('\n')[0] ?? '')
    .split(' ')
    .filter((word) => !/^(?:GET|POST|-)$/.test(word) && !/^https?:\/\//.test(word))
    .join(' ')
    .trim();
