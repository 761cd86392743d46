// What the virtual SEV host's tests share. It needs KVM, QEMU and a C compiler; without them its tests are skipped.
import { accessSync, constants } from 'node:fs';
import { describe, onTestFinished } from 'vitest';
import { findProgram, temporaryFolder } from '../../testing.ts';
import { startVirtualSevHost, type VirtualSevHostOptions } from './host.ts';

function mayUse(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What is missing for a virtual SEV host, and for what else a suite needs. */
export const missingFor = (...programs: readonly string[]): readonly string[] => [
  ...(mayUse('/dev/kvm') ? [] : ['/dev/kvm']),
  ...['qemu-system-x86_64', 'cc', ...programs].filter((program) => findProgram(program) === undefined),
];

/** A suite that is skipped aloud where something is missing. */
export function describeOnVirtualHost(title: string, programs: readonly string[], suite: () => void): void {
  const missing = missingFor(...programs);
  if (missing.length === 0) describe(title, suite);
  else describe.skip(`${title} (missing here: ${missing.join(', ')})`, suite);
}

export async function virtualHost(options: Partial<VirtualSevHostOptions> = {}) {
  const host = await startVirtualSevHost({ dir: temporaryFolder(), ...options });
  onTestFinished(() => host.close());
  return host;
}
