// The measurement blob that the host hands out: the AMD-SP's measure, and the nonce that went into it. SEV API, 6.5.
import { SevError } from '../../errors.ts';
import { ByteReader, requireLength } from '../../bytes/reader.ts';
import { concat } from '../../bytes/writer.ts';

export const LAUNCH_MEASURE_SIZE = 48;
export const MEASURE_SIZE = 32;
export const MNONCE_SIZE = 16;

export interface LaunchMeasureBlob {
  /** HMAC-SHA-256 under the TIK, 32 bytes. */
  readonly measure: Uint8Array;
  /** The AMD-SP's freshness, 16 bytes. */
  readonly mnonce: Uint8Array;
}

/**
 * @param bytes exactly 48 bytes: measure, then mnonce
 * @throws SevError BYTES_LENGTH
 */
export function parseLaunchMeasure(bytes: Uint8Array, at = 'measurement'): LaunchMeasureBlob {
  if (bytes.length === MEASURE_SIZE) {
    throw new SevError('BYTES_LENGTH', {
      at,
      sentence: '32 bytes are a launch digest, or a measure without its nonce; a measurement has 48.',
      next: 'Give what query-sev-launch-measure or virsh domlaunchsecinfo prints, whole.',
    });
  }
  requireLength(bytes, LAUNCH_MEASURE_SIZE, at);
  const reader = new ByteReader(bytes, at);
  return { measure: reader.take(MEASURE_SIZE, 'measure'), mnonce: reader.take(MNONCE_SIZE, 'mnonce') };
}

/** @throws SevError BYTES_LENGTH when a field is too long or too short */
export function encodeLaunchMeasure(blob: LaunchMeasureBlob, at = 'measurement'): Uint8Array {
  requireLength(blob.measure, MEASURE_SIZE, `${at}.measure`);
  requireLength(blob.mnonce, MNONCE_SIZE, `${at}.mnonce`);
  return concat(blob.measure, blob.mnonce);
}
