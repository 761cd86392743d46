// What a simulated host offers when its operator wrote no profiles: the demo guest image, plain and with SEV-ES.
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { SevError } from '../../shared/errors.ts';
import { DEMO_GUEST_IMAGE_NAME, demoGuestImage } from '../../shared/simulator/demo-guest/image.ts';
import type { DirectBoot } from '../../shared/simulator/loaded-pages.ts';
import { type LaunchProfile, readProfiles } from '../sources/launcher/profiles.ts';
import { inState, writeWhole } from '../state/state.ts';

/**
 * Writes the demo guest image and profiles for it into a folder.
 * @returns the path of the profiles, in the form of every other profiles file
 */
export function writeDemoProfiles(folder: string): string {
  const common = { firmware: DEMO_GUEST_IMAGE_NAME, cpuModel: 'EPYC', memoryMiB: 256, consoleLog: true };
  const profiles = [
    { name: 'demo', kind: 'sev', cpus: 1, ...common },
    { name: 'demo-es', kind: 'sev-es', cpus: 2, ...common },
  ];
  const path = join(folder, 'demo-profiles.json');
  inState(folder, () => {
    writeWhole(join(folder, DEMO_GUEST_IMAGE_NAME), demoGuestImage());
    writeWhole(path, `${JSON.stringify({ profiles }, undefined, 2)}\n`);
  });
  return path;
}

/**
 * Copies profiles, with the place of the C-bit on this machine where they do not say it themselves.
 * @returns the path of the copy
 */
export function fitProfiles(
  path: string,
  folder: string,
  encryption: { readonly cbitpos: number; readonly reducedPhysBits: number },
): string {
  const { maxGuests, profiles } = readProfiles(path);
  const fitted = profiles.map((profile) => ({ ...encryption, ...profile }));
  const copy = join(folder, 'profiles.json');
  inState(folder, () => writeWhole(copy, JSON.stringify({ maxGuests, profiles: fitted })));
  return copy;
}

/** The kernel of a profile with what belongs to it. */
export async function readBoot({ kernel, initrd, cmdline }: LaunchProfile): Promise<DirectBoot | undefined> {
  if (kernel === undefined) return undefined;
  return {
    kernel: await readWhole(kernel),
    ...(initrd !== undefined && { initrd: await readWhole(initrd) }),
    ...(cmdline !== undefined && { cmdline }),
  };
}

/** @throws SevError RELAY_FILE */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    const because = `${(cause as NodeJS.ErrnoException).code ?? 'It cannot be read'}.`;
    throw new SevError('RELAY_FILE', { at: path, because, cause });
  }
}
