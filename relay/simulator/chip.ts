// The simulated chip of a host: kept in a file, so that the host's next start finds the same platform.
import { join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { SimulatedAmdSp, type SimulatedAmdSpOptions } from '../../shared/simulator/amd-sp.ts';
import { inState, readIfThere, writeWhole } from '../state/state.ts';
import type { AmdCertificateSource, SevDevice } from '../sources/types.ts';
import { simulatedAmd, simulatedDevice } from './device.ts';

export interface SimulatedChip {
  readonly amdSp: SimulatedAmdSp;
  readonly device: SevDevice;
  readonly amd: AmdCertificateSource;
}

/** The chip of the last time where there was one, and a new one otherwise. @throws SevError RELAY_STATE */
export async function openChip(dir: string, options: SimulatedAmdSpOptions): Promise<SimulatedChip> {
  const path = join(dir, 'simulated-chip.json');
  const text = inState(path, () => readIfThere(path));
  const amdSp = text === undefined ? await SimulatedAmdSp.create(options) : await restoreChip(path, text, options);
  const save = () => inState(path, () => writeWhole(path, `${JSON.stringify(amdSp.store(), undefined, 2)}\n`));
  if (text === undefined) save();
  return { amdSp, device: simulatedDevice(amdSp, save), amd: simulatedAmd(amdSp) };
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
