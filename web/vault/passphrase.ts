// A passphrase that nobody has to invent: easy to read out, hard to guess.
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';

/** 32 letters and digits without those that look alike, so that a byte chooses one without a bias. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';
const GROUPS = 6;
const GROUP = 5;

/** 30 characters of 5 bits each, 150 bits, in groups: `k7wqp-…`. */
export function generatePassphrase(random = webCryptoRandom): string {
  const letters = Array.from(random(GROUPS * GROUP), (byte) => LETTERS[byte % 32]!);
  return Array.from({ length: GROUPS }, (_, i) => letters.slice(i * GROUP, (i + 1) * GROUP).join('')).join('-');
}
