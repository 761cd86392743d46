// Launch profiles: what the host operator wrote down, and the only things that a guest is ever started from.
import { createHash } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { requireDistinctMembers } from '../../../shared/encodings/strict-json.ts';
import { SevError } from '../../../shared/errors.ts';
import { plainName } from '../../../shared/text/visible.ts';
import type { FileHint, Profile } from '../../../shared/relay-protocol.ts';
import {
  array,
  boolean,
  integer,
  literal,
  object,
  optional,
  type Parsed,
  refuse,
  type Schema,
  string,
} from '../../../shared/schema.ts';

import { readTrusted } from '../../state/private-files.ts';

const MAX_FILE_BYTES = 1024 * 1024;

/** Text of one line in a form that can do no harm among QEMU's options. */
const word = (form: RegExp, what: string, maxLength = 64): Schema<string> => ({
  parse(value, at) {
    const text = string(maxLength).parse(value, at);
    return form.test(text) ? text : refuse(at, `It is not ${what}.`);
  },
});

const name = word(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'a name of letters, digits, dots, “-” and “_”');
const line = (maxLength: number): Schema<string> => word(/^[^\p{Cc}]*$/u, 'one line of text', maxLength);
const path = word(/^[^\p{Cc}]+$/u, 'a path', 1024);

const disk = object({ path, format: literal('raw', 'qcow2'), readOnly: optional(boolean) });

/** `none`, `user`, or a device of the host that the operator prepared. */
const network: Schema<'none' | 'user' | { readonly tap: string }> = {
  parse(value, at) {
    if (value === 'none' || value === 'user') return value;
    return object({ tap: word(/^[A-Za-z0-9._-]{1,15}$/, 'the name of a tap device') }).parse(value, at);
  },
};

const launchProfile = object({
  name,
  /** `plain` guests run without SEV: for trying things out, and labelled so everywhere. */
  kind: literal('sev', 'sev-es', 'plain'),
  accelerator: optional(literal('kvm', 'tcg')),
  firmware: path,
  kernel: optional(path),
  initrd: optional(path),
  cmdline: optional(line(4096)),
  cpus: integer(1, 512),
  cpuModel: name,
  memoryMiB: integer(16, 16 * 1024 * 1024),
  disks: optional(array(disk, 16)),
  network: optional(network),
  /** Where the C-bit is; by the host's CPU family when left out. Virtual SEV hosts have it in odd places. */
  cbitpos: optional(integer(0, 63)),
  reducedPhysBits: optional(integer(1, 63)),
  /** QEMU 9.1 and later: which of KVM's two ways to start SEV guests; it changes what SEV-ES measures. */
  legacyVmType: optional(literal('on', 'off', 'auto')),
  /** Keeps what the guest writes to its serial port in its folder. */
  consoleLog: optional(boolean),
  qemu: optional(path),
  /** QEMU's own seccomp filter; on when left out. */
  sandbox: optional(boolean),
});

const profilesFile = object({ maxGuests: optional(integer(1, 1000)), profiles: array(launchProfile, 256) });

export type LaunchProfile = Parsed<typeof launchProfile>;

export interface Profiles {
  readonly maxGuests: number;
  readonly profiles: readonly LaunchProfile[];
}

/**
 * Reads the operator's file. Paths in it may be relative to it.
 * @throws SevError RELAY_FILE naming the member that does not fit
 */
export function readProfiles(file: string): Profiles {
  try {
    const text = readTrusted(file);
    if (text.length > MAX_FILE_BYTES) refuse('profiles', 'It is larger than any profiles should be.');
    const value: unknown = JSON.parse(text);
    requireDistinctMembers(text, 'profiles');
    const { maxGuests = 16, profiles } = profilesFile.parse(value, '');
    profiles.forEach((profile, i) => requireSound(profile, profiles.slice(0, i)));
    return { maxGuests, profiles: profiles.map((profile) => withFullPaths(profile, dirname(resolve(file)))) };
  } catch (cause) {
    if (cause instanceof SevError && cause.code === 'RELAY_FILE') throw cause;
    const place = cause instanceof SevError && cause.at ? ` (${cause.at.replace(/^\./, '')})` : '';
    const because = cause instanceof SevError ? `${cause.sentence}${place}` : `${readWords(cause)}.`;
    throw new SevError('RELAY_FILE', {
      at: file,
      because,
      next: 'Mend the profiles; docs/host-operator.md shows one.',
      cause,
    });
  }
}

function requireSound(profile: LaunchProfile, before: readonly LaunchProfile[]): void {
  const at = `profiles.${profile.name}`;
  if (before.some((other) => other.name === profile.name)) refuse(at, 'The name is given twice.');
  if (profile.kernel === undefined && (profile.initrd ?? profile.cmdline) !== undefined) {
    refuse(at, 'Initrd and command line need a kernel.');
  }
  if (profile.kind !== 'plain' && profile.accelerator === 'tcg') refuse(at, 'SEV needs the accelerator kvm.');
}

function withFullPaths(profile: LaunchProfile, base: string): LaunchProfile {
  const full = (relative: string): string => resolve(base, relative);
  const { firmware, kernel, initrd, disks } = profile;
  return {
    ...profile,
    firmware: full(firmware),
    ...(kernel !== undefined && { kernel: full(kernel) }),
    ...(initrd !== undefined && { initrd: full(initrd) }),
    ...(disks && { disks: disks.map((one) => ({ ...one, path: full(one.path) })) }),
  };
}

const readWords = (cause: unknown): string =>
  cause instanceof SyntaxError ? 'It is not JSON' : `The system said ${(cause as NodeJS.ErrnoException).code ?? 'no'}`;

/** Hashes files once, and again only when they have changed. */
export class FileHints {
  readonly #known = new Map<string, { readonly mark: string; readonly hint: Promise<FileHint> }>();

  /** @throws SevError RELAY_FILE */
  async of(file: string): Promise<FileHint> {
    const stats = await stat(file).catch((cause: unknown) => cannotRead(file, cause));
    const mark = [stats.ino, stats.size, stats.mtimeMs].join(' ');
    const known = this.#known.get(file);
    if (known?.mark === mark) return known.hint;
    const hint = describeFile(file, stats);
    this.#known.set(file, { mark, hint });
    hint.catch(() => this.#known.delete(file));
    return hint;
  }
}

async function describeFile(file: string, { size }: Stats): Promise<FileHint> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  } catch (cause) {
    cannotRead(file, cause);
  }
  return { name: plainName(basename(file), 256), size, sha256: hash.digest('hex') };
}

function cannotRead(file: string, cause: unknown): never {
  const said = (cause as NodeJS.ErrnoException).code ?? 'no';
  throw new SevError('RELAY_FILE', { at: file, because: `It cannot be read (${said}).`, cause });
}

/** The profile as guest owners see it: names, sizes and hashes, no path of this host. */
export async function describeProfile(profile: LaunchProfile, hints: FileHints): Promise<Profile> {
  const { kernel, initrd, cmdline, cpus, cpuModel, kind } = profile;
  return {
    name: profile.name,
    firmware: await hints.of(profile.firmware),
    ...(kernel !== undefined && { kernel: await hints.of(kernel) }),
    ...(initrd !== undefined && { initrd: await hints.of(initrd) }),
    ...(cmdline !== undefined && { cmdline }),
    cpus,
    cpuModel,
    sevEs: kind === 'sev-es',
    ...(kind === 'plain' && { sev: false }),
  };
}
