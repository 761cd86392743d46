// Is this host able? Everything that sevctl probes and that libvirt's and AMD's guides tell by hand. A fault has one line, its
// cause; what only follows from it is skipped.
import type { HostCheck } from '../../shared/relay-protocol.ts';
import { type Check, type Look, skip } from './check.ts';
import { CPU_CHECKS } from './cpu-checks.ts';
import { DEVICE_CHECKS } from './device-checks.ts';
import { distributionOf } from './distribution.ts';
import { readFacts } from './host-facts.ts';
import { KERNEL_CHECKS, SNP_CHECKS } from './kernel-checks.ts';
import { realHost } from './readings.ts';
import { SOFTWARE_CHECKS } from './software-checks.ts';
import { SAY } from './words.ts';

export const ALL_CHECKS: readonly Check[] = [
  ...CPU_CHECKS,
  ...KERNEL_CHECKS,
  ...DEVICE_CHECKS,
  ...SNP_CHECKS,
  ...SOFTWARE_CHECKS,
];

/** @param sev the device to look at */
export async function checkHost({ sev }: { readonly sev: string }, host = realHost): Promise<readonly HostCheck[]> {
  const done = new Map<string, HostCheck>();
  /** For each check that failed, or was skipped because of one that did: the name of the cause. */
  const causes = new Map<string, string>();
  const blockedBy = (...ids: readonly string[]): string | undefined =>
    ids.map((id) => causes.get(id)).find((cause) => cause !== undefined);
  const look: Look = { host, distribution: distributionOf(host), sev, facts: await readFacts(host, sev), blockedBy };
  for (const { id, name, after = [], look: lookAt } of ALL_CHECKS) {
    const cause = blockedBy(...after);
    const answer = cause === undefined ? await lookAt(look) : skip(SAY.skipped(cause));
    done.set(id, { id, name, ...answer });
    if (answer.status === 'fail') causes.set(id, name);
    else if (cause !== undefined) causes.set(id, cause);
    else if (answer.status === 'skip') {
      const own = [...causes.values()].find((named) => answer.message === SAY.follows(named).message);
      if (own !== undefined) causes.set(id, own);
    }
  }
  return [...done.values()];
}

export interface Readiness {
  readonly sev: boolean;
  readonly sevEs: boolean;
}

/** Whether the host can run SEV guests, and SEV-ES guests too. What could not be looked at does not count against it. */
export function readinessOf(checks: readonly HostCheck[]): Readiness {
  const failed = new Set(checks.filter(({ status }) => status === 'fail').map(({ id }) => id));
  const able = (needed: string): boolean =>
    !ALL_CHECKS.some((check) => check.needed === needed && failed.has(check.id));
  return { sev: able('sev'), sevEs: able('sev') && able('sev-es') };
}
