// The attestation report of SEV and SEV-ES that the PEK signs; SEV-SNP's is another. SEV API, ATTESTATION.
import { SevError } from '../../errors.ts';
import { ByteReader, requireLength } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import type { EcdsaSignature } from '../../crypto/signatures.ts';
import { readEcComponent, writeEcComponent } from '../../encodings/ec-component.ts';
import { ALGORITHM, showAlgorithm, showUsage, USAGE } from './sev-names.ts';

export const ATTESTATION_REPORT_SIZE = 208;
export const REPORT_NONCE_SIZE = 16;
/** The first firmware API that has the command ATTESTATION: Linux, KVM_SEV_GET_ATTESTATION_REPORT. */
export const FIRST_REPORT_API = { apiMajor: 0, apiMinor: 23 } as const;
/** The signature covers mnonce, launch digest and policy. */
const SIGNED_SIZE = 52;

export interface AttestationReport {
  /** The whole report as it came, 208 bytes. */
  readonly bytes: Uint8Array;
  /** Its first 52 bytes. */
  readonly signedBody: Uint8Array;
  /** As the asker gave it, 16 bytes. */
  readonly mnonce: Uint8Array;
  /** SHA-256 of all that was loaded, 32 bytes. */
  readonly launchDigest: Uint8Array;
  readonly policy: number;
  readonly signature: EcdsaSignature;
}

/**
 * Reads a report: mnonce 16, launch digest 32, policy u32, signer's usage u32, algorithm u32, reserved u32, r 72, s 72;
 * integers, r and s little-endian. What is not signed can only have the one value that it must have.
 *
 * @param bytes exactly 208 bytes
 * @throws SevError BYTES_LENGTH, BYTES_RESERVED, CERT_REPORT
 */
export function parseAttestationReport(bytes: Uint8Array, at = 'report'): AttestationReport {
  requireLength(bytes, ATTESTATION_REPORT_SIZE, at);
  const reader = new ByteReader(bytes.slice(), at);
  const mnonce = reader.take(REPORT_NONCE_SIZE, 'mnonce');
  const launchDigest = reader.take(32, 'launchDigest');
  const policy = reader.u32('policy');
  const usage = reader.u32('usage');
  if (usage !== USAGE.PEK) {
    const because = `It names ${showUsage(usage)} as its signer, not the PEK.`;
    throw new SevError('CERT_REPORT', { at: reader.path('usage'), because });
  }
  const algorithm = reader.u32('algorithm');
  if (algorithm !== ALGORITHM.ECDSA_SHA256) {
    const because = `${showAlgorithm(algorithm)} is not how the PEK signs.`;
    throw new SevError('CERT_REPORT', { at: reader.path('algorithm'), because });
  }
  reader.zeros(4, 'reserved');
  const signature = { r: readEcComponent(reader, 'signature.r'), s: readEcComponent(reader, 'signature.s') };
  reader.end();
  const signedBody = reader.bytes.slice(0, SIGNED_SIZE);
  return { bytes: reader.bytes, signedBody, mnonce, launchDigest, policy, signature };
}

export function encodeAttestationReport(report: Omit<AttestationReport, 'bytes' | 'signedBody'>): Uint8Array {
  requireLength(report.mnonce, REPORT_NONCE_SIZE, 'mnonce');
  requireLength(report.launchDigest, 32, 'launchDigest');
  const writer = new ByteWriter(ATTESTATION_REPORT_SIZE);
  writer.bytes(report.mnonce).bytes(report.launchDigest).u32(report.policy);
  writer.u32(USAGE.PEK).u32(ALGORITHM.ECDSA_SHA256).zeros(4);
  writeEcComponent(writer, report.signature.r);
  writeEcComponent(writer, report.signature.s);
  return writer.finish();
}
