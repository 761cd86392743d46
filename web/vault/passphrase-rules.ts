// Which passphrases are taken. A vault is guessed at by whoever has the device, a backup by whoever has the file: that one
// has to stand longer.
import { SevError } from '../../shared/errors.ts';
import type { KdfUse } from './kdf-settings.ts';
import { MIN_PASSPHRASE } from './limits.ts';
import { strengthWords } from './strength-words.ts';

/**
 * Guesses, as powers of ten. At a thousand a second, which takes many processors with 64 MiB and three passes each, 10^10
 * last for four months and 10^12 for thirty years; words by chance go far beyond.
 */
const LEAST_GUESSES: Readonly<Record<KdfUse, number>> = { vault: 10, backup: 12 };

/** @throws SevError VAULT_WEAK, which says why */
export async function requireStrong(passphrase: string, use: KdfUse = 'vault'): Promise<void> {
  const normal = passphrase.normalize('NFKC');
  const least = MIN_PASSPHRASE[use];
  if ([...normal].length < least) throw new SevError('VAULT_WEAK', { because: strengthWords.short(least) });
  // With its dictionaries it is large: it is loaded when a passphrase is chosen.
  const { estimate } = await import('./strength.ts');
  const { guessesLog10, warning } = estimate(normal);
  if (guessesLog10 >= LEAST_GUESSES[use]) return;
  throw new SevError('VAULT_WEAK', { because: strengthWords.because(warning) });
}
