// A simulated host in this process: the software AMD-SP, its /dev/sev, and guests with monitors on real Unix sockets.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { SimulatedAmdSp, type SimulatedAmdSpOptions } from '../../shared/simulator/amd-sp.ts';
import { inState, readIfThere, writeWhole } from '../state.ts';
import type { SimulatedHost } from '../sources/types.ts';
import { simulatedAmd, simulatedDevice } from './device.ts';
import { writeDemoProfiles } from './profiles.ts';
import { SimulatedStarter } from './starter.ts';

export interface SimulatedHostOptions {
  /** Keeps the chip, the demo guest image, and where the guests' folders are. Nothing that a guest holds. */
  readonly dir: string;
  /** The operator's profiles file; without it there are profiles for the demo guest image. */
  readonly profiles?: string | undefined;
  readonly amdSp?: Omit<SimulatedAmdSpOptions, 'stored'>;
}

/** A simulated host with what only tests may look at. */
export interface SimulatedHostForTests extends SimulatedHost {
  readonly amdSp: SimulatedAmdSp;
  /** Stands for the guests' memories: NAME/console.log tells what a guest found in its own. */
  readonly guestsFolder: string;
}

export async function startSimulatedHost(options: SimulatedHostOptions): Promise<SimulatedHostForTests> {
  const { dir, profiles, amdSp: chosen = {} } = options;
  inState(dir, () => mkdirSync(dir, { recursive: true, mode: 0o700 }));
  const chipPath = join(dir, 'simulated-chip.json');
  const amdSp = await openChip(chipPath, chosen);
  const device = simulatedDevice(amdSp, () => saveChip(chipPath, amdSp));
  const guestsFolder = openGuestsFolder(dir);
  const starter = new SimulatedStarter({ amdSp, device, profiles: profiles ?? writeDemoProfiles(dir), guestsFolder });
  return {
    device,
    amd: simulatedAmd(amdSp),
    starter,
    monitors: [],
    amdSp,
    guestsFolder,
    close: async () => {
      await starter.close();
      rmSync(guestsFolder, { recursive: true, force: true });
      rmSync(whereGuestsAre(dir), { force: true });
    },
  };
}

/** The chip of the last time, where there was one. */
async function openChip(path: string, options: SimulatedAmdSpOptions): Promise<SimulatedAmdSp> {
  const text = inState(path, () => readIfThere(path));
  if (text !== undefined) return restoreChip(path, text, options);
  const amdSp = await SimulatedAmdSp.create(options);
  saveChip(path, amdSp);
  return amdSp;
}

async function restoreChip(path: string, text: string, options: SimulatedAmdSpOptions): Promise<SimulatedAmdSp> {
  try {
    return await SimulatedAmdSp.create({ ...options, stored: JSON.parse(text) });
  } catch (cause) {
    throw new SevError('RELAY_STATE', {
      at: path,
      because: 'The simulated chip that is kept there is damaged.',
      next: 'Remove that file; the simulated platform will then be a new chip.',
      cause,
    });
  }
}

const saveChip = (path: string, amdSp: SimulatedAmdSp): void =>
  inState(path, () => writeWhole(path, `${JSON.stringify(amdSp.store(), undefined, 2)}\n`));

const whereGuestsAre = (dir: string): string => join(dir, 'simulated-guests');
const FOLDER_FORM = join(tmpdir(), 'sev-simulated-');

/** A fresh folder outside `dir`, which holds no guest's memory; one that a killed relay left behind is removed. */
function openGuestsFolder(dir: string): string {
  return inState(dir, () => {
    const left = readIfThere(whereGuestsAre(dir))?.trim();
    if (left?.startsWith(FOLDER_FORM) && !left.includes('..')) rmSync(left, { recursive: true, force: true });
    const folder = mkdtempSync(FOLDER_FORM);
    writeWhole(whereGuestsAre(dir), `${folder}\n`);
    return folder;
  });
}
