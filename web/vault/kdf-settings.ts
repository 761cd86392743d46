// How much work it is to try a passphrase: stored beside what it protects, and bounded when read.
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';

export interface KdfSettings {
  readonly name: 'argon2id';
  readonly memoryKib: number;
  readonly passes: number;
  readonly salt: Uint8Array;
}

/** About a second of a laptop's time, and 46 MiB: the setting that OWASP recommends for one pass. */
const PRESENT = { name: 'argon2id', memoryKib: 47_104, passes: 1 } as const;
/** A record that asks for more would only make the device stall; one that asks for less would make guessing cheap. */
const BOUNDS = { memoryKib: [19_456, 1_048_576], passes: [1, 16] } as const;

export const newKdfSettings = (): KdfSettings => ({ ...PRESENT, salt: webCryptoRandom(16) });

/** @throws SevError VAULT_RECORD */
export function requireKdfSettings(settings: KdfSettings): void {
  const within = (value: number, [min, max]: readonly [number, number]) =>
    Number.isInteger(value) && value >= min && value <= max;
  const { name, memoryKib, passes, salt } = settings;
  const known = (name as string) === 'argon2id' && salt instanceof Uint8Array && salt.length === 16;
  if (known && within(memoryKib, BOUNDS.memoryKib) && within(passes, BOUNDS.passes)) return;
  throw new SevError('VAULT_RECORD', { at: 'kdf' });
}
