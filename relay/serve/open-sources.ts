// Opens the sources that the options name. What is not asked for is not even loaded.
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import type { Confirm } from './answer.ts';
import type { Log } from './log.ts';
import type { HostOptions, ServeOptions } from '../command/options.ts';
import { platformOf } from './platform.ts';
import type { Sources } from './relay.ts';
import type { StateFolder } from '../state/state.ts';
import { type CapabilitiesSource, withFallback } from '../sources/fallback-device.ts';
import { LaunchedGuests } from '../sources/launched-guests.ts';
import type { LibvirtGuests } from '../sources/libvirt.ts';
import { QmpGuests } from '../sources/qmp.ts';
import type { AmdCertificateSource, Launcher, PlatformSource, SimulatedHost } from '../sources/types.ts';

export interface OpenedSources extends Sources {
  /** Ends what the relay itself does not close: the simulated host. */
  close(): Promise<void>;
  /** Lines for the operator about what was opened. */
  readonly facts: readonly string[];
}

export async function openSources(
  options: ServeOptions,
  state: StateFolder,
  log: Log,
  confirm: Confirm,
): Promise<OpenedSources> {
  const simulated = await openSimulatedHost(options, state, log);
  const monitors = new QmpGuests([...(simulated?.monitors ?? []), ...options.monitors], log);
  const libvirt = await openLibvirt(options, state, log);
  const launcher = await openLauncher(options, state, log, simulated);
  const launchers: Launcher[] = [launcher, libvirt].filter((one) => one !== undefined);
  const others = [monitors, libvirt].filter((one) => one !== undefined).map((one) => () => one.capabilities());
  return {
    platform: simulated ? simulatedPlatform(simulated, log) : await openPlatform(options, state, log, others),
    guests: [monitors, ...launchers],
    launchers,
    checks: async () => (await import('../host/host-checks.ts')).checkHost({ sev: options.sev }),
    confirmOwnership: options.allowOwnership ? confirm : undefined,
    facts: describeSources(options, simulated),
    close: async () => simulated?.close(),
  };
}

/** @param others who can tell the chain where /dev/sev cannot be opened */
export async function openPlatform(
  options: HostOptions,
  state: StateFolder,
  log: Log,
  others: readonly CapabilitiesSource[] = [],
): Promise<PlatformSource> {
  if (options.ca !== undefined && !existsSync(options.ca)) {
    throw new SevError('RELAY_FILE', { at: options.ca, because: 'It is not there.' });
  }
  const { openSevDevice } = await import('../sources/sev-device.ts');
  const device = withFallback(openSevDevice(options.sev), others);
  return platformOf(device, lazyKeyServer(options, state, log), { simulated: false, log });
}

/** Reading certificates takes a library for curves, which a relay that starts does not need yet. */
function lazyKeyServer(options: HostOptions, state: StateFolder, log: Log): AmdCertificateSource {
  let opened: Promise<AmdCertificateSource> | undefined;
  const open = async (): Promise<AmdCertificateSource> => {
    const { AmdKeyServer } = await import('../sources/amd-kds.ts');
    return new AmdKeyServer(options, state, log);
  };
  // What failed once, on a full disk, is tried again the next time.
  const opening = (): Promise<AmdCertificateSource> =>
    (opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));
  return {
    certificatesFor: async (chipIds, exportedCek) => (await opening()).certificatesFor(chipIds, exportedCek),
  };
}

export const simulatedPlatform = (host: SimulatedHost, log: Log): PlatformSource =>
  platformOf(host.device, host.amd, { simulated: true, log });

/** The software AMD-SP: with guests that are simulated too, or under real QEMUs (`--simulate=qemu`). */
export async function openSimulatedHost(
  { simulate, profiles }: HostOptions & { readonly profiles?: string | undefined },
  state: StateFolder,
  log: Log,
): Promise<SimulatedHost | undefined> {
  if (simulate === 'no') return undefined;
  const { startSimulatedHost, startVirtualSevHost } = await import('../simulator/index.ts');
  const where = { dir: join(state.path, 'simulated'), profiles };
  return simulate === 'qemu' ? startVirtualSevHost({ ...where, log }) : startSimulatedHost(where);
}

async function openLibvirt(
  { libvirt: uri }: ServeOptions,
  state: StateFolder,
  log: Log,
): Promise<LibvirtGuests | undefined> {
  if (uri === undefined) return undefined;
  const { LibvirtGuests } = await import('../sources/libvirt.ts');
  return new LibvirtGuests({ uri, state, log });
}

async function openLauncher(
  options: ServeOptions,
  state: StateFolder,
  log: Log,
  simulated: SimulatedHost | undefined,
): Promise<LaunchedGuests | undefined> {
  if (simulated) return LaunchedGuests.open(simulated.starter, log);
  if (options.profiles === undefined) return undefined;
  const { QemuStarter } = await import('../sources/launcher.ts');
  return LaunchedGuests.open(new QemuStarter(options.profiles, state, log), log);
}

function describeSources(options: ServeOptions, simulated: SimulatedHost | undefined): string[] {
  const guests = options.monitors.map(({ name }) => name);
  return [
    simulated
      ? 'platform   SIMULATED: no hardware vouches for anything here'
      : `platform   ${options.sev}${deviceHint(options.sev)}`,
    ...(guests.length > 0 ? [`monitors   ${guests.join(', ')}`] : []),
    ...(options.libvirt !== undefined ? [`libvirt    ${options.libvirt}`] : []),
    ...(options.profiles !== undefined ? [`profiles   ${options.profiles}`] : []),
    ...(options.allowOwnership ? ['ownership  allowed; each change is asked for here'] : []),
  ];
}

/** A device that cannot be opened is told at the start; the first who asks for the platform reads why. */
function deviceHint(path: string): string {
  try {
    accessSync(path, constants.R_OK);
    return '';
  } catch {
    return ' cannot be opened: `sev-relay check` tells why, and what mends it';
  }
}
