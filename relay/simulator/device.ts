// The simulated /dev/sev: the software AMD-SP with the kernel's habits in front of it.
import { SevError } from '../../shared/errors.ts';
import type { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import type { AmdCertificateSource, SevDevice } from '../sources/types.ts';

/**
 * The kernel runs INIT where a command needs it, SHUTDOWN before a reset, and refuses a reset while guests run.
 * @param save called after each change of the platform's keys
 */
export function simulatedDevice(amdSp: SimulatedAmdSp, save: () => void): SevDevice {
  const initialised = () => ensureInitialised(amdSp);
  const change = async (command: () => Promise<void>): Promise<void> => {
    await initialised();
    await command();
    save();
  };
  return {
    async platformStatus() {
      const { owned, ...status } = amdSp.platformStatus();
      return Promise.resolve({ ...status, owner: owned ? 'external' : 'self' });
    },
    async pdhCertExport() {
      await initialised();
      return amdSp.pdhCertExport();
    },
    getId: () => Promise.resolve(amdSp.getId()),
    async pekCsr() {
      await initialised();
      return amdSp.pekCsr();
    },
    pekCertImport: (pek, oca) => change(() => amdSp.pekCertImport(pek, oca)),
    pdhGen: () => change(() => amdSp.pdhGen()),
    pekGen: () => change(() => amdSp.pekGen()),
    async factoryReset() {
      const { state } = amdSp.platformStatus();
      if (state === 'working') {
        throw new SevError('RELAY_DEVICE', {
          because: 'Guests are running (EBUSY).',
          next: 'End them, then reset the platform.',
        });
      }
      if (state === 'init') await amdSp.shutdown();
      await amdSp.reset();
      save();
    },
    close: () => Promise.resolve(),
  };
}

/** Runs INIT where the platform is not initialised, as the kernel does. */
export async function ensureInitialised(amdSp: SimulatedAmdSp): Promise<void> {
  if (amdSp.platformStatus().state === 'uninit') await amdSp.init();
}

/** The simulated AMD: its key server, and its CA certificates. */
export const simulatedAmd = (amdSp: SimulatedAmdSp): AmdCertificateSource => ({
  certificatesFor: () => Promise.resolve({ cek: amdSp.amdCek(), ...amdSp.caCerts() }),
});
