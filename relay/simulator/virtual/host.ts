// The virtual SEV host: real QEMUs with KVM, whose /dev/sev and SEV commands a preloaded shim hands to the software
// AMD-SP in this process. QEMU decides what is measured, where the secret goes and what it says; memory is not encrypted.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../../serve/log.ts';
import { QemuStarter } from '../../sources/launcher.ts';
import { inState } from '../../state/state.ts';
import { openChip } from '../chip.ts';
import type { SimulatedHostForTests, SimulatedHostOptions } from '../host.ts';
import { clearLeftBehind } from '../left-behind.ts';
import { fitProfiles, writeDemoProfiles } from '../profiles.ts';
import { openRunFolder, orRemove } from '../run-folder.ts';
import { serveAmdSp } from './amd-sp-server.ts';
import { buildShim } from './build-shim.ts';
import { askEncryption } from './encryption.ts';
import { VirtualStarter } from './starter.ts';

export interface VirtualSevHostForTests extends SimulatedHostForTests {
  /** To be preloaded into whatever is to find a `/dev/sev`: QEMU, libvirtd, the relay itself. */
  readonly shim: string;
  /** Where QEMU wants the C-bit on this machine. */
  readonly cbitpos: number;
}

/**
 * @throws SevError RELAY_FILE without a C compiler or kernel headers, RELAY_LAUNCH without QEMU or KVM,
 *   RELAY_STATE, RELAY_FILE when the profiles cannot be used
 */
export async function startVirtualSevHost(options: SimulatedHostOptions): Promise<VirtualSevHostForTests> {
  const { dir, log = silentLog, amdSp: chosen = {} } = options;
  inState(dir, () => mkdirSync(dir, { recursive: true, mode: 0o700 }));
  const { amdSp, device, amd } = await openChip(dir, chosen);
  await clearLeftBehind(dir, log);
  const folder = openRunFolder(dir);
  return orRemove(folder, async () => {
    const shim = await buildShim(folder.path);
    const server = await serveAmdSp(join(folder.path, 'amd-sp.sock'), amdSp, device);
    try {
      const environment = { LD_PRELOAD: shim };
      const encryption = await askEncryption(folder.path, environment);
      const profiles = fitProfiles(options.profiles ?? writeDemoProfiles(dir), folder.path, encryption);
      const state = { path: folder.path, close: () => undefined };
      const starter = new VirtualStarter(new QemuStarter(profiles, state, log, environment));
      const close = async () => {
        await starter.close();
        await server.close();
        folder.remove();
      };
      const { cbitpos } = encryption;
      return { device, amd, starter, monitors: [], amdSp, guestsFolder: folder.guests, shim, cbitpos, close };
    } catch (error) {
      await server.close();
      throw error;
    }
  });
}
