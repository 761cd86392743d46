// How much work it is to try a passphrase: stored beside what it protects, and bounded when read.
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';

export interface KdfSettings {
  readonly name: 'argon2id';
  readonly memoryKib: number;
  readonly passes: number;
  readonly salt: Uint8Array;
}

/** `vault`: on each unlocking. `backup`: a file that anyone who has it can guess at for as long as they like. */
export type KdfUse = 'vault' | 'backup';

/** The least that is written. RFC 9106 recommends 64 MiB and three passes where memory is scarce. */
const LEAST = {
  vault: { memoryKib: 65_536, passes: 3 },
  backup: { memoryKib: 262_144, passes: 3 },
} as const;

/** The most that is written: a device of any year still opens what a fast one made. */
const MOST_PASSES = { vault: 12, backup: 3 } as const;
/** As long as a person waits gladly. */
const AIM_MS = 1000;

/**
 * What is read: not so little that guessing is cheap (the first version wrote 46 MiB and one pass), and at most four
 * times what is written, so that a file cannot keep the device busy for minutes.
 */
const READ = { memoryKib: [19_456, 524_288], passes: [1, 16], workKib: 4 * 262_144 * 3 } as const;

/** @param passes from `calibrated`; the least without it */
export function newKdfSettings(use: KdfUse = 'vault', passes: number = LEAST[use].passes): KdfSettings {
  const { memoryKib } = LEAST[use];
  const within = Math.min(MOST_PASSES[use], Math.max(LEAST[use].passes, passes));
  return { name: 'argon2id', memoryKib, passes: within, salt: webCryptoRandom(16) };
}

/**
 * How many passes this device does in about a second, as far as one that it just did tells.
 * @param tookMs how long these settings took
 */
export function calibrated(use: KdfUse, { memoryKib, passes }: KdfSettings, tookMs: number): number {
  const msPerPass = (tookMs / (memoryKib * passes)) * LEAST[use].memoryKib;
  const aim = Number.isFinite(msPerPass) && msPerPass > 0 ? Math.floor(AIM_MS / msPerPass) : 0;
  return newPasses(use, aim);
}

/** Whether a box should be wrapped again: it costs a guesser less than what is written today. */
export const isOutdated = ({ memoryKib, passes }: KdfSettings, use: KdfUse = 'vault'): boolean =>
  memoryKib < LEAST[use].memoryKib || passes < LEAST[use].passes;

/** @throws SevError VAULT_RECORD */
export function requireKdfSettings(settings: KdfSettings): void {
  const within = (value: number, [min, max]: readonly [number, number]) =>
    Number.isInteger(value) && value >= min && value <= max;
  const { name, memoryKib, passes, salt } = settings;
  const known = (name as string) === 'argon2id' && salt instanceof Uint8Array && salt.length === 16;
  const bounded = within(memoryKib, READ.memoryKib) && within(passes, READ.passes);
  if (known && bounded && memoryKib * passes <= READ.workKib) return;
  throw new SevError('VAULT_RECORD', { at: 'kdf' });
}

const newPasses = (use: KdfUse, aim: number): number => Math.min(MOST_PASSES[use], Math.max(LEAST[use].passes, aim));
