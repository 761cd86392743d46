// The platform's chain by way of QEMU or libvirt, for a relay that may not open /dev/sev itself.
import { SevError } from '../../shared/errors.ts';
import type { SevCapabilities } from './qmp/sev-commands.ts';
import type { SevDevice } from './types.ts';

/** Whoever can ask the platform on behalf of a guest: a monitor's query-sev-capabilities, libvirt's nodesevinfo. */
export type CapabilitiesSource = () => Promise<SevCapabilities>;

/**
 * The device, with its chain and its id taken from elsewhere where the device itself cannot be used. What changes the
 * platform, and its status, only the device can do. When nobody else can help, the device's own words stand.
 */
export function withFallback(device: SevDevice, others: readonly CapabilitiesSource[]): SevDevice {
  const orElse = async <T>(own: Promise<T>, from: (capabilities: SevCapabilities) => T | undefined): Promise<T> => {
    try {
      return await own;
    } catch (error) {
      if (!(error instanceof SevError && error.code === 'RELAY_DEVICE')) throw error;
      for (const ask of others) {
        const found = await ask().then(from, () => undefined);
        if (found !== undefined) return found;
      }
      throw error;
    }
  };
  return {
    ...device,
    pdhCertExport: () => orElse(device.pdhCertExport(), ({ pdh, chain }) => ({ pdh, chain })),
    getId: () => orElse(device.getId(), ({ cpu0Id }) => cpu0Id),
  };
}
