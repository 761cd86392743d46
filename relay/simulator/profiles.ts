// Launch profiles of the simulated host: what a guest is started from.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import type { FileHint, Profile } from '../../shared/relay-protocol.ts';
import type { DirectBoot } from '../../shared/simulator/loaded-pages.ts';

/** As the host operator writes one; files by their paths. */
export interface SimulatedProfile {
  readonly name: string;
  readonly firmware: string;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly cmdline?: string;
  readonly cpus: number;
  readonly cpuModel: string;
  readonly sevEs: boolean;
  readonly memoryMiB: number;
}

/** What `sev-relay --simulate` offers. @param firmware the path of the demo guest image */
export const demoProfiles = (firmware: string): readonly SimulatedProfile[] => [
  { name: 'demo', firmware, cpus: 1, cpuModel: 'EPYC-v4', sevEs: false, memoryMiB: 256 },
  { name: 'demo-es', firmware, cpus: 2, cpuModel: 'EPYC-v4', sevEs: true, memoryMiB: 256 },
];

/** The profile as guest owners see it: names, sizes and hashes, for finding the same files in their own library. */
export async function describeProfile(profile: SimulatedProfile): Promise<Profile> {
  const { name, kernel, initrd, cmdline, cpus, cpuModel, sevEs } = profile;
  return {
    name,
    firmware: await describeFile(profile.firmware),
    ...(kernel !== undefined && { kernel: await describeFile(kernel) }),
    ...(initrd !== undefined && { initrd: await describeFile(initrd) }),
    ...(cmdline !== undefined && { cmdline }),
    cpus,
    cpuModel,
    sevEs,
  };
}

async function describeFile(path: string): Promise<FileHint> {
  const bytes = await readWhole(path);
  return { name: basename(path), size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** The kernel of a profile with what belongs to it. */
export async function readBoot(profile: SimulatedProfile): Promise<DirectBoot | undefined> {
  const { kernel, initrd, cmdline } = profile;
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
