// The session blob that LAUNCH_START takes: transport keys wrapped for one PDH, and a MAC over the policy. SEV API, 6.2.
import { ByteReader, requireLength } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';

export const LAUNCH_SESSION_SIZE = 128;

export interface LaunchSessionBlob {
  /** 16 bytes; the context of the master secret. */
  readonly nonce: Uint8Array;
  /** TEK then TIK, encrypted under the KEK: 32 bytes. */
  readonly wrapTk: Uint8Array;
  /** 16 bytes: the first counter block of that encryption. */
  readonly wrapIv: Uint8Array;
  /** HMAC under the KIK over `wrapTk` alone, 32 bytes. A changed IV is caught by `policyMac`. */
  readonly wrapMac: Uint8Array;
  /** HMAC under the TIK over the policy, 32 bytes. */
  readonly policyMac: Uint8Array;
}

/**
 * @param bytes exactly 128 bytes
 * @throws SevError BYTES_LENGTH
 */
export function parseLaunchSession(bytes: Uint8Array, at = 'session'): LaunchSessionBlob {
  requireLength(bytes, LAUNCH_SESSION_SIZE, at);
  const reader = new ByteReader(bytes, at);
  return {
    nonce: reader.take(16, 'nonce'),
    wrapTk: reader.take(32, 'wrapTk'),
    wrapIv: reader.take(16, 'wrapIv'),
    wrapMac: reader.take(32, 'wrapMac'),
    policyMac: reader.take(32, 'policyMac'),
  };
}

/** @throws SevError BYTES_LENGTH when a field is too long or too short */
export function encodeLaunchSession(session: LaunchSessionBlob, at = 'session'): Uint8Array {
  const bytes = new ByteWriter(LAUNCH_SESSION_SIZE)
    .bytes(session.nonce)
    .bytes(session.wrapTk)
    .bytes(session.wrapIv)
    .bytes(session.wrapMac)
    .bytes(session.policyMac)
    .finish();
  requireLength(bytes, LAUNCH_SESSION_SIZE, at);
  return bytes;
}
