// What the virtual SEV host's tests share. It needs KVM, QEMU and a C compiler; without them its tests are skipped.
import { accessSync, constants } from 'node:fs';
import { describe, onTestFinished } from 'vitest';
import { findProgram, temporaryFolder } from '../../testing/testing.ts';
import type { SimulatedHostOptions } from '../host.ts';
import { startVirtualSevHost } from './host.ts';

function mayUse(path: string): boolean {
  try {
    accessSync(path, path.startsWith('/dev/') ? constants.R_OK | constants.W_OK : constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

const isThere = (need: string): boolean => {
  if (need === 'root') return process.getuid?.() === 0;
  return need.startsWith('/') ? mayUse(need) : findProgram(need) !== undefined;
};

/**
 * A suite that is skipped aloud where something is missing.
 * @param more needs beyond a virtual SEV host: programs, files, `root`
 */
export function describeOnVirtualHost(title: string, more: readonly string[], suite: () => void): void {
  const missing = ['/dev/kvm', 'qemu-system-x86_64', 'cc', ...more].filter((need) => !isThere(need));
  if (missing.length === 0) describe(title, { timeout: 60_000 }, suite);
  else describe.skip(`${title} (missing here: ${missing.join(', ')})`, suite);
}

export async function virtualHost(options: Partial<SimulatedHostOptions> = {}) {
  const host = await startVirtualSevHost({ dir: temporaryFolder(), ...options });
  onTestFinished(() => host.close());
  return host;
}
