// Is this host able? Everything that sevctl probes and that libvirt's and AMD's guides tell by hand.
import type { HostCheck } from '../../shared/relay-protocol.ts';
import { type Check, type Look, skip } from './check.ts';
import { CPU_CHECKS } from './cpu-checks.ts';
import { DEVICE_CHECKS } from './device-checks.ts';
import { distributionOf } from './distribution.ts';
import { KERNEL_CHECKS } from './kernel-checks.ts';
import { type HostReadings, realHost } from './readings.ts';
import { SOFTWARE_CHECKS } from './software-checks.ts';

export const ALL_CHECKS: readonly Check[] = [...CPU_CHECKS, ...KERNEL_CHECKS, ...DEVICE_CHECKS, ...SOFTWARE_CHECKS];

/** @param sev the device to look at */
export async function checkHost({ sev }: { readonly sev: string }, host = realHost): Promise<readonly HostCheck[]> {
  const look: Look = { host: askingDeviceOnce(host), distribution: distributionOf(host), sev };
  const done = new Map<string, HostCheck>();
  for (const check of ALL_CHECKS) {
    const failed = check.after?.find((id) => ['fail', 'skip'].includes(done.get(id)?.status ?? 'fail'));
    const answer =
      failed === undefined ? await check.look(look) : skip(`Not looked at: “${done.get(failed)?.name}” comes first.`);
    done.set(check.id, { id: check.id, name: check.name, ...answer });
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

/** The firmware is asked once, however many checks want to know. */
function askingDeviceOnce(host: HostReadings): HostReadings {
  let asked: ReturnType<HostReadings['device']> | undefined;
  return { ...host, device: (path) => (asked ??= host.device(path)) };
}
