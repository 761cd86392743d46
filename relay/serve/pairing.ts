// Pairing codes: one for each guest owner, with what it may reach and until when. Kept in the state folder as digests, and
// compared in constant time. The operator's own first code stands there in clear, so that its link stays the same.
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { array, boolean, integer, literal, object, optional, type Parsed, string } from '../../shared/schema.ts';
import { inState, readIfThere, type StateFolder, writeWhole } from '../state/state.ts';
import { releaseLock, takeLock } from '../state/state-lock.ts';
import { PAIRING } from './words.ts';

// 16 letters of 32: 80 bits. No vowels that make words, nothing that looks like something else.
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const FORM = /^[0-9a-hjkmnp-tv-z]{4}(-[0-9a-hjkmnp-tv-z]{4}){3}$/;

export function makePairingCode(): string {
  const group = (): string => Array.from({ length: 4 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}

/** A name as the operator gives it to an owner. */
export const OWNER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const scope = object({
  /** Launch profiles by name; all when missing. */
  profiles: optional(array(string(128), 256)),
  /**
   * `own`: guests that this owner launched. `shared`: those, and guests that no owner launched, such as monitors that the
   * operator named. `all`: every guest; only commands of this host itself.
   */
  guests: literal('own', 'shared', 'all'),
  /** Guests by id or name, besides those. */
  named: optional(array(string(128), 256)),
  /** Whether ownership commands may be asked for, where the relay allows them at all. */
  ownership: boolean,
});
export type Scope = Parsed<typeof scope>;

const time = integer(0, Number.MAX_SAFE_INTEGER);
const pairing = object({
  name: string(64),
  /** SHA-256 of the code without dashes, hex. */
  codeSha256: string(64),
  scope,
  /** Milliseconds since the epoch. */
  createdAt: time,
  expiresAt: optional(time),
});
export type Pairing = Parsed<typeof pairing>;

const pairingsFile = object({ pairings: array(pairing, 1_000) });

/** The pairing whose link the relay itself shows. */
export const FIRST_PAIRING = 'first';
const FIRST_SCOPE: Scope = { guests: 'shared', ownership: true };
export const DAY_MS = 24 * 60 * 60 * 1000;
export const DEFAULT_DAYS = 30;

const fileOf = (state: StateFolder): string => join(state.path, 'pairings.json');
const codeFileOf = (state: StateFolder): string => join(state.path, 'pairing-code');

export const isExpired = ({ expiresAt }: Pairing, now: number): boolean => expiresAt !== undefined && expiresAt <= now;

/** @throws SevError RELAY_STATE */
export function readPairings(state: StateFolder): readonly Pairing[] {
  const path = fileOf(state);
  return inState(path, () => {
    const text = readIfThere(path);
    if (text === undefined) return [];
    try {
      return pairingsFile.parse(JSON.parse(text), 'pairings').pairings;
    } catch (cause) {
      // Letting everybody in, or nobody without a word, would both be wrong.
      if (cause instanceof SyntaxError || (cause instanceof SevError && cause.code === 'BYTES_VALUE'))
        throw new SevError('RELAY_STATE', { at: path, ...PAIRING.damaged, cause });
      throw cause;
    }
  });
}

/** Changes the list, one process at a time. */
function changePairings(state: StateFolder, change: (now: readonly Pairing[]) => readonly Pairing[]): void {
  const path = fileOf(state);
  inState(path, () => {
    const lock = `${path}.lock`;
    if (takeLock(lock) !== undefined) throw new SevError('RELAY_STATE', { at: path, ...PAIRING.busy });
    try {
      writeWhole(path, `${JSON.stringify({ pairings: change(readPairings(state)) }, undefined, 2)}\n`);
    } finally {
      releaseLock(lock);
    }
  });
}

/**
 * Makes a code for an owner.
 * @returns the code, which is kept nowhere in clear
 * @throws SevError RELAY_USAGE for a name that is taken or no name, RELAY_STATE
 */
export function addPairing(state: StateFolder, wanted: Omit<Pairing, 'codeSha256' | 'createdAt'>, now: number): string {
  if (!OWNER_NAME.test(wanted.name)) throw new SevError('RELAY_USAGE', PAIRING.noName);
  const code = makePairingCode();
  changePairings(state, (before) => {
    const kept = before.filter((other) => other.name !== wanted.name || !isExpired(other, now));
    if (kept.some(({ name }) => name === wanted.name)) throw new SevError('RELAY_USAGE', PAIRING.taken(wanted.name));
    return [...kept, { ...wanted, codeSha256: digest(code).toString('hex'), createdAt: now }];
  });
  return code;
}

/**
 * Ends a pairing: its code is refused from now on, and a relay that runs drops its clients.
 * @throws SevError RELAY_USAGE when there is none of this name, RELAY_STATE
 */
export function revokePairing(state: StateFolder, name: string): void {
  changePairings(state, (before) => {
    const kept = before.filter((other) => other.name !== name);
    if (kept.length === before.length) throw new SevError('RELAY_USAGE', PAIRING.unknown(name));
    return kept;
  });
  if (name === FIRST_PAIRING) inState(state.path, () => rmSync(codeFileOf(state), { force: true }));
}

/**
 * The code whose link the relay shows: the one of before while it is good, else a new one.
 * @throws SevError RELAY_STATE
 */
export function firstCodeOf(state: StateFolder, now: number): string {
  const path = codeFileOf(state);
  const code = inState(path, () => readIfThere(path)?.trim());
  const known = readPairings(state).find(({ name }) => name === FIRST_PAIRING);
  const isRight = code !== undefined && FORM.test(code);
  if (isRight && known && !isExpired(known, now) && known.codeSha256 === digest(code).toString('hex')) return code;
  // A code of a relay that knew no pairings is taken over; one that has expired, or was revoked, is not.
  const next = isRight && !known ? code : makePairingCode();
  changePairings(state, (before) => [
    ...before.filter(({ name }) => name !== FIRST_PAIRING),
    {
      name: FIRST_PAIRING,
      codeSha256: digest(next).toString('hex'),
      scope: FIRST_SCOPE,
      createdAt: now,
      expiresAt: now + DEFAULT_DAYS * DAY_MS,
    },
  ]);
  if (next !== code) inState(path, () => writeWhole(path, `${next}\n`));
  return next;
}

/** Commands of this host speak to the relay by a code of their own, which lives as long as the relay does. */
const LOCAL: Omit<Pairing, 'codeSha256'> = {
  name: 'this host',
  scope: { guests: 'all', ownership: true },
  createdAt: 0,
};

/** Who may come in. The list is read again whenever it has changed, so that a revoked code ends at once. */
export class PairingGate {
  readonly #state: StateFolder;
  readonly #local: Pairing;
  readonly #now: () => number;
  #mark = '';
  #pairings: readonly Pairing[] = [];

  constructor(state: StateFolder, localCode: string, now: () => number = Date.now) {
    this.#state = state;
    this.#local = { ...LOCAL, codeSha256: digest(localCode).toString('hex') };
    this.#now = now;
  }

  /**
   * Lets a client in that knows a code. Wrong codes are never counted against the right one: with 80 bits there is nothing
   * to be slowed down, and an address may be shared by many.
   * @throws SevError RELAY_PAIRING, RELAY_STATE
   */
  admit(token: string): Pairing {
    const given = digest(token);
    let found: Pairing | undefined;
    // All of them are compared, so that the time tells nothing about which one it was.
    for (const one of [...this.#current(), this.#local]) {
      const right = timingSafeEqual(given, Buffer.from(one.codeSha256.padEnd(64, '0').slice(0, 64), 'hex'));
      if (right) found = one;
    }
    if (found === undefined) throw new SevError('RELAY_PAIRING');
    if (isExpired(found, this.#now())) throw new SevError('RELAY_PAIRING', PAIRING.expired);
    return found;
  }

  /** Whether a pairing is still good: neither revoked nor expired since its client came in. */
  isGood(pairing: Pairing): boolean {
    if (pairing === this.#local) return true;
    const found = this.#current().find(({ codeSha256 }) => codeSha256 === pairing.codeSha256);
    return found !== undefined && !isExpired(found, this.#now());
  }

  #current(): readonly Pairing[] {
    const mark = inState(this.#state.path, () => {
      const stats = statSync(fileOf(this.#state), { throwIfNoEntry: false });
      return stats ? `${stats.ino} ${stats.mtimeMs} ${stats.size}` : '';
    });
    if (mark !== this.#mark) {
      this.#pairings = readPairings(this.#state);
      this.#mark = mark;
    }
    return this.#pairings;
  }
}

// Digests have one length, so the comparison takes one time; case and dashes are how people type.
const digest = (code: string): Buffer =>
  createHash('sha256').update(code.toLowerCase().replaceAll(/[\s-]/g, '')).digest();
