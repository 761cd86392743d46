// A simulated host in this process: the software AMD-SP, its /dev/sev, and guests with monitors on real Unix sockets.
import { mkdirSync } from 'node:fs';
import type { SimulatedAmdSp, SimulatedAmdSpOptions } from '../../shared/simulator/amd-sp.ts';
import { type Log, silentLog } from '../serve/log.ts';
import type { SimulatedHost } from '../sources/types.ts';
import { inState } from '../state/state.ts';
import { openChip } from './chip.ts';
import { clearLeftBehind } from './left-behind.ts';
import { writeDemoProfiles } from './profiles.ts';
import { openRunFolder, orRemove } from './run-folder.ts';
import { SimulatedStarter } from './starter.ts';

export interface SimulatedHostOptions {
  /** Keeps the chip, the demo guest image, and where the guests' folders are. Nothing that a guest holds. */
  readonly dir: string;
  /** The operator's profiles file; without it there are profiles for the demo guest image. */
  readonly profiles?: string | undefined;
  readonly amdSp?: Omit<SimulatedAmdSpOptions, 'stored'>;
  readonly log?: Log;
}

/** A simulated host with what only tests may look at. */
export interface SimulatedHostForTests extends SimulatedHost {
  readonly amdSp: SimulatedAmdSp;
  /** NAME/console.log in it tells what a guest found in its memory. */
  readonly guestsFolder: string;
}

/** @throws SevError RELAY_STATE, RELAY_FILE when the profiles cannot be used */
export async function startSimulatedHost(options: SimulatedHostOptions): Promise<SimulatedHostForTests> {
  const { dir, amdSp: chosen = {}, log = silentLog } = options;
  inState(dir, () => mkdirSync(dir, { recursive: true, mode: 0o700 }));
  const { amdSp, device, amd } = await openChip(dir, chosen);
  const profiles = options.profiles ?? writeDemoProfiles(dir);
  await clearLeftBehind(dir, log);
  const folder = openRunFolder(dir);
  return orRemove(folder, () => {
    const starter = new SimulatedStarter({ amdSp, device, profiles, guestsFolder: folder.guests });
    const close = async () => {
      await starter.close();
      folder.remove();
    };
    return { device, amd, starter, monitors: [], amdSp, guestsFolder: folder.guests, close };
  });
}
