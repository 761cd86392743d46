// A launch session: transport keys for one launch on one verified platform, under one policy.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { toHex } from '../../bytes/text.ts';
import { sharedSecret } from '../../crypto/ecdh.ts';
import { importCipherKey, importMacKey } from '../../crypto/mac.ts';
import { sha256Sync } from '../../crypto/sha256-stream.ts';
import type { CryptoKey, Random } from '../../crypto/subtle.ts';
import { parseLaunchSession } from '../formats/launch-session.ts';
import { parsePolicy } from '../formats/policy.ts';
import { parseSevCert } from '../formats/sev-cert.ts';
import { isTrustedPdh, type TrustedPdh } from '../verify/cert-chain.ts';
import { type GodhForm, makeGodh } from './godh.ts';
import { openSessionBlob, type RawTransportKeys, sealSessionBlob, wipeTransportKeys } from './session-blob.ts';

declare const brand: unique symbol;

/** Handles of the two keys. They can be used, and not read. */
export interface TransportKeys {
  readonly tek: CryptoKey;
  readonly tik: CryptoKey;
}

/**
 * `made-here`: made by `makeLaunchSession`, so the platform was verified first. `imported`: another tool's, which
 * verified nothing; it can check a measurement, and never releases a secret.
 */
export type SessionOrigin = 'made-here' | 'imported';

export interface LaunchSession {
  readonly [brand]: true;
  /** Follows from the blob: one session has one id, whatever backup it comes back from. 32 hex digits. */
  readonly id: string;
  readonly origin: SessionOrigin;
  readonly trustedPdh: TrustedPdh;
  readonly policy: number;
  /** Said yes to when the session was made, or never: the policy may let the host share the guest's key (NOKS clear). */
  readonly acceptsKeySharing: boolean;
  /** The owner that the platform had to have when the session was made: SHA-256 of the OCA's public key field, hex. */
  readonly owner?: string;
  /** The GODH certificate, 2,084 bytes. */
  readonly godh: Uint8Array;
  /** The session blob, 128 bytes. */
  readonly blob: Uint8Array;
  readonly keys: TransportKeys;
}

/** A session without its keys, for a record. `pdh` is the certificate that the session was made for. */
export interface StoredLaunchSession {
  readonly origin: SessionOrigin;
  readonly pdh: Uint8Array;
  readonly policy: number;
  readonly acceptsKeySharing: boolean;
  readonly owner?: string;
  readonly godh: Uint8Array;
  readonly blob: Uint8Array;
}

export interface MakeLaunchSession {
  readonly trustedPdh: TrustedPdh;
  readonly policy: number;
  readonly random: Random;
  /** The owner has read what NOKS clear means, and wants it so. */
  readonly acceptsKeySharing?: boolean;
  /** The owner that the platform must have, as for the session. The caller has made sure that it has. */
  readonly owner?: string | undefined;
  /** Sees TEK and TIK once, to keep them; for the vault and the command line only. The arrays are wiped afterwards. */
  readonly rawKeys?: (raw: RawTransportKeys) => void | Promise<void>;
  readonly godhForm?: GodhForm;
}

const sessions = new WeakSet<LaunchSession>();

/**
 * Makes a session for one launch. SEV API, sections 2.2 and 6.2.
 * @throws SevError MEASURE_NOT_VERIFIED, MEASURE_POLICY when a reserved bit is set, CERT_POINT
 */
export async function makeLaunchSession(args: MakeLaunchSession): Promise<LaunchSession> {
  const { trustedPdh, policy, random } = args;
  requireTrusted(trustedPdh);
  parsePolicy(policy);
  const godh = await makeGodh(args.godhForm ?? 'sevctl');
  const z = await sharedSecret(godh.privateKey, trustedPdh.pdh.publicKey, 'pdh.publicKey');
  const raw = { tek: random(16), tik: random(16) };
  try {
    const blob = await sealSessionBlob({ sharedSecret: z, raw, nonce: random(16), wrapIv: random(16), policy });
    await requireOpens(z, blob, policy, raw);
    const keys = { tek: await importCipherKey(raw.tek), tik: await importMacKey(raw.tik) };
    await args.rawKeys?.(raw);
    const acceptsKeySharing = args.acceptsKeySharing ?? false;
    const parts = { trustedPdh, policy, acceptsKeySharing, ...ownerOf(args), godh: godh.bytes, blob, keys };
    return session({ origin: 'made-here', ...parts });
  } finally {
    z.fill(0);
    wipeTransportKeys(raw);
  }
}

/**
 * Brings a session back from its record. The platform's chain has to be verified again: a record proves nothing.
 * @throws SevError MEASURE_SESSION_BLOB when the session was made for another PDH, MEASURE_POLICY, BYTES_LENGTH
 */
export function resumeLaunchSession(
  args: StoredLaunchSession & { readonly trustedPdh: TrustedPdh; readonly keys: TransportKeys },
): LaunchSession {
  const { origin, trustedPdh, pdh, policy, acceptsKeySharing, godh, blob, keys } = args;
  requireTrusted(trustedPdh);
  if (!equalBytes(pdh, trustedPdh.pdh.bytes)) {
    throw new SevError('MEASURE_SESSION_BLOB', {
      at: 'session.pdh',
      sentence: 'The session was made for another PDH than the one that was verified now.',
      next: "Verify the chain that the session was made for, or make a new session from the platform's present PDH.",
    });
  }
  parsePolicy(policy);
  parseLaunchSession(blob);
  parseSevCert(godh, 'godh');
  const own = { godh: godh.slice(), blob: blob.slice(), keys };
  return session({ origin, trustedPdh, policy, acceptsKeySharing, ...ownerOf(args), ...own });
}

/** What to keep of a session besides its keys. */
export const storeLaunchSession = (session: LaunchSession): StoredLaunchSession => ({
  origin: session.origin,
  pdh: session.trustedPdh.pdh.bytes.slice(),
  policy: session.policy,
  acceptsKeySharing: session.acceptsKeySharing,
  ...ownerOf(session),
  godh: session.godh.slice(),
  blob: session.blob.slice(),
});

const ownerOf = ({ owner }: { readonly owner?: string | undefined }): { readonly owner?: string } =>
  owner === undefined ? {} : { owner };

/** Whether a value came from this file; a look-alike that was built by hand or cloned did not. */
export const isLaunchSession = (value: LaunchSession): boolean => sessions.has(value);

/** The first 16 bytes of SHA-256 of the blob, in hex. */
export const sessionId = (blob: Uint8Array): string => toHex(sha256Sync(blob).subarray(0, 16));

function session(parts: Omit<LaunchSession, typeof brand | 'id'>): LaunchSession {
  const made = Object.freeze({ ...parts, id: sessionId(parts.blob) }) as LaunchSession;
  sessions.add(made);
  return made;
}

/** The types already ask for it; this holds where types do not reach. */
function requireTrusted(trustedPdh: TrustedPdh): void {
  if (!isTrustedPdh(trustedPdh)) throw new SevError('MEASURE_NOT_VERIFIED', { at: 'trustedPdh' });
}

async function requireOpens(z: Uint8Array, blob: Uint8Array, policy: number, raw: RawTransportKeys): Promise<void> {
  const opened = await openSessionBlob(z, blob, policy);
  const same = equalBytes(opened.tek, raw.tek) && equalBytes(opened.tik, raw.tik);
  wipeTransportKeys(opened);
  if (!same) throw new SevError('MEASURE_SESSION_BLOB', { because: 'It does not open to its own keys.' });
}
