// A simulated platform whose certificates lie in a folder, as an operator would send them.
import { concat } from '../../../shared/bytes/writer.ts';
import { SimulatedAmdSp, type SimulatedAmdSpOptions } from '../../../shared/simulator/amd-sp.ts';
import type { TestFolder } from './folder.ts';

export interface SimulatedPlatform {
  readonly amdSp: SimulatedAmdSp;
  /** The path of the chain in sevctl's form, ASK and ARK included. */
  readonly chain: string;
}

/** The whole chain, the CEK as the simulated AMD signed it. */
export function fullChain(amdSp: SimulatedAmdSp): Uint8Array {
  const { pdh, chain } = amdSp.pdhCertExport();
  const { ask, ark } = amdSp.caCerts();
  return concat(pdh, chain.slice(0, 2 * 2084), amdSp.amdCek(), ask, ark);
}

export async function simulatedPlatform(
  folder: TestFolder,
  options?: SimulatedAmdSpOptions,
): Promise<SimulatedPlatform> {
  const amdSp = await SimulatedAmdSp.create(options);
  return { amdSp, chain: folder.write('chain.cert', fullChain(amdSp)) };
}
