// A challenge: the owner's question to one SNP guest, good for one answer and for a few minutes.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { toHex } from '../../bytes/text.ts';
import type { Random } from '../../crypto/subtle.ts';
import { parseGuestConfig } from './guest-config.ts';
import { encodeChallenge, type EvidenceLine, NONCE_SIZE } from './secret-lines.ts';

/** Time for a launch that waits for its owner, and for codes that are carried by hand. */
export const CHALLENGE_LIFETIME_MS = 15 * 60_000;

export interface Challenge {
  /** 32 random bytes. */
  readonly nonce: Uint8Array;
  /** What the guest was launched with; its hash is HOST_DATA. */
  readonly config: Uint8Array;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

/** @throws SevError SNP_SECRET_CONFIG */
export function makeChallenge(config: Uint8Array, random: Random, now: number): Challenge {
  parseGuestConfig(config);
  return { nonce: random(NONCE_SIZE), config: config.slice(), madeAt: now };
}

/** The line for the guest. */
export const challengeLine = (challenge: Challenge): string => encodeChallenge(challenge);

/** Names a challenge for a ledger: what was answered once is spent. */
export const challengeId = ({ nonce }: Pick<Challenge, 'nonce'>): string => toHex(nonce);

/**
 * The answer must be to this challenge, and in time. Whether the guest signed it, its report says.
 * @throws SevError SNP_SECRET_NONCE, SNP_SECRET_EXPIRED
 */
export function requireAnswer({ nonce, madeAt }: Challenge, evidence: Pick<EvidenceLine, 'nonce'>, now: number): void {
  if (!equalBytes(nonce, evidence.nonce)) throw new SevError('SNP_SECRET_NONCE', { at: 'evidence.nonce' });
  const age = now - madeAt;
  if (age >= 0 && age <= CHALLENGE_LIFETIME_MS) return;
  throw new SevError('SNP_SECRET_EXPIRED', {
    at: 'challenge',
    because: `It is ${Math.round(age / 60_000)} minutes old.`,
  });
}
