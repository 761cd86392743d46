// The pairing code: made once, kept in the state folder, compared in constant time, and guessed at slowly.
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { inState, readIfThere, type StateFolder, writeWhole } from '../state/state.ts';

// 16 letters of 32: 80 bits. No vowels that make words, nothing that looks like something else.
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const FORM = /^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/;

export function makePairingCode(): string {
  const group = (): string => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}

/**
 * The code of this state folder, so that a paired page finds the relay again after a restart.
 * @throws SevError RELAY_STATE
 */
export function pairingCodeOf(state: StateFolder): string {
  const path = join(state.path, 'pairing-code');
  return inState(path, () => {
    const kept = readIfThere(path)?.trim();
    if (kept !== undefined && FORM.test(kept)) return kept;
    const code = makePairingCode();
    writeWhole(path, `${code}\n`);
    return code;
  });
}

/** How often an address may guess: `tries` at once, and one more every `everyMs`. */
export interface GuessLimit {
  readonly tries: number;
  readonly everyMs: number;
  readonly addresses: number;
}

const GUESS_LIMIT: GuessLimit = { tries: 10, everyMs: 6_000, addresses: 1_000 };

export class PairingGate {
  readonly #expected: Buffer;
  readonly #limit: GuessLimit;
  readonly #now: () => number;
  /** Address → the moment at which all its guesses are forgotten. */
  readonly #guesses = new Map<string, number>();

  constructor(code: string, limit: GuessLimit = GUESS_LIMIT, now: () => number = Date.now) {
    this.#expected = fingerprint(code);
    this.#limit = limit;
    this.#now = now;
  }

  /**
   * Lets a client in that knows the code.
   * @throws SevError RELAY_PAIRING, or RELAY_BUSY after too many wrong codes from this address
   */
  admit(token: string, address: string): void {
    const now = this.#now();
    const forgotten = Math.max(now, this.#guesses.get(address) ?? 0);
    const { tries, everyMs, addresses } = this.#limit;
    if (forgotten - now > (tries - 1) * everyMs) throw new SevError('RELAY_BUSY');
    if (timingSafeEqual(fingerprint(token), this.#expected)) return;
    if (this.#guesses.size >= addresses) this.#forget(now);
    this.#guesses.set(address, forgotten + everyMs);
    throw new SevError('RELAY_PAIRING');
  }

  #forget(now: number): void {
    for (const [address, forgotten] of this.#guesses) if (forgotten <= now) this.#guesses.delete(address);
    // Still full of fresh guesses: somebody has many addresses. Begin anew rather than grow.
    if (this.#guesses.size >= this.#limit.addresses) this.#guesses.clear();
  }
}

// Digests have one length, so the comparison takes one time; case and dashes are how people type.
const fingerprint = (code: string): Buffer =>
  createHash('sha256').update(code.toLowerCase().replaceAll(/[\s-]/g, '')).digest();
