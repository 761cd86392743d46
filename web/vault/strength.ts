// How hard a passphrase is to guess: estimated by zxcvbn-ts, which knows common passwords, words, dates and walks over the
// keyboard. Also the words for one that nobody has to invent. Loaded when a passphrase is chosen, and by nothing else.
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';

export interface Estimate {
  /** How many guesses it takes, as a power of ten. */
  readonly guessesLog10: number;
  readonly warning: string | null | undefined;
}

/** What comes behind it makes nothing weaker, and its time grows with the square. */
const MOST_LOOKED_AT = 100;
/** The EFF's long list of 7,776 words, 12.9 bits each; it comes with the estimator. */
const WORDS = dictionary['diceware-common'] as readonly string[];
const GENERATED_WORDS = 6;

let estimator: ZxcvbnFactory | undefined;

/** @param passphrase as it will be used: in the normal form that the key derivation takes */
export function estimate(passphrase: string): Estimate {
  estimator ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  const { guessesLog10, feedback } = estimator.check(passphrase.slice(0, MOST_LOOKED_AT));
  return { guessesLog10, warning: feedback.warning };
}

/** Six words by chance, 77 bits: `abacus zoology …`. */
export const generateWords = (random = webCryptoRandom): string =>
  Array.from({ length: GENERATED_WORDS }, () => WORDS[below(WORDS.length, random)]!).join(' ');

/** Evenly among the numbers below `count`, of two bytes each: those of the incomplete last round are thrown away. */
function below(count: number, random: (size: number) => Uint8Array): number {
  const most = 65_536 - (65_536 % count);
  for (;;) {
    const [high, low] = random(2) as unknown as [number, number];
    const number = high * 256 + low;
    if (number < most) return number % count;
  }
}
