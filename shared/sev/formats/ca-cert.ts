// AMD's CA certificate: the ARK (root) and the ASK (SEV signing key). SEV API, appendix B.1.
import { SevError } from '../../errors.ts';
import { reversed } from '../../bytes/equal.ts';
import { ByteReader } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import type { RsaKey } from '../../crypto/signatures.ts';
import { requireVersion } from './sev-cert.ts';
import { showUsage, USAGE, usageName } from './sev-names.ts';

const HEADER_SIZE = 64;
/** Where the header says how wide the modulus is; the certificate's own length follows from it. */
const MODULUS_SIZE_OFFSET = 60;
const EXPONENT = 65537;

export interface CaCert {
  /** The whole certificate as it came: 832 or 1,600 bytes, or the 576 of Naples' truncated ARK. */
  readonly bytes: Uint8Array;
  /** Everything before the signature: 576 or 1,088 bytes. */
  readonly signedBody: Uint8Array;
  readonly keyId: Uint8Array;
  readonly certifyingKeyId: Uint8Array;
  readonly usage: 'ARK' | 'ASK';
  readonly modulusSizeBits: 2048 | 4096;
  /** Big-endian. */
  readonly key: RsaKey;
  /** Exponent and modulus as stored: the bytes that are hashed and pinned. */
  readonly keyField: Uint8Array;
  /** Big-endian; undefined in the truncated form in which AMD serves Naples' ARK. */
  readonly signature: Uint8Array | undefined;
}

export type CaCertFields = Omit<CaCert, 'bytes' | 'signedBody' | 'keyField'>;

/**
 * Reads an ARK or ASK. Integers, the key and the signature are little-endian. RSA 2048 goes with SHA-256, RSA 4096
 * with SHA-384; no algorithm is stored. Only a 2,048-bit ARK may lack its signature.
 *
 * @param bytes exactly 832 or 1,600 bytes, or 576
 * @throws SevError BYTES_LENGTH, BYTES_RESERVED, CERT_VERSION, CERT_USAGE, CERT_KEY
 */
export function parseCaCert(bytes: Uint8Array, at = 'ca'): CaCert {
  const reader = new ByteReader(bytes.slice(), at);
  requireVersion(reader.u32('version'), at);
  const keyId = reader.take(16, 'keyId');
  const certifyingKeyId = reader.take(16, 'certifyingKeyId');
  const usage = readUsage(reader);
  reader.zeros(16, 'reserved');
  const modulusSizeBits = readSize(reader);
  const { key, keyField } = readKey(reader, modulusSizeBits / 8);
  const signedBody = reader.bytes.slice(0, reader.offset);
  const truncated = usage === 'ARK' && modulusSizeBits === 2048 && reader.remaining === 0;
  const signature = truncated ? undefined : reversed(reader.take(modulusSizeBits / 8, 'signature'));
  reader.end();
  return { bytes: reader.bytes, signedBody, keyId, certifyingKeyId, usage, modulusSizeBits, key, keyField, signature };
}

export function encodeCaCert(cert: CaCertFields): Uint8Array {
  const size = cert.modulusSizeBits / 8;
  const writer = new ByteWriter(HEADER_SIZE + 3 * size);
  writer.u32(1).bytes(cert.keyId).bytes(cert.certifyingKeyId).u32(USAGE[cert.usage]).zeros(16);
  writer.u32(cert.modulusSizeBits).u32(cert.modulusSizeBits);
  writer.padded(reversed(cert.key.exponent), size).padded(reversed(cert.key.modulus), size);
  return cert.signature ? writer.padded(reversed(cert.signature), size).finish() : writer.finish();
}

/**
 * How long the CA certificate at the beginning of these bytes is with its signature, by its header.
 * @throws SevError BYTES_LENGTH, CERT_KEY
 */
export function caCertSize(bytes: Uint8Array, at = 'ca'): number {
  const reader = new ByteReader(bytes.subarray(MODULUS_SIZE_OFFSET - 4, HEADER_SIZE), at);
  return HEADER_SIZE + (3 * readSize(reader)) / 8;
}

function readUsage(reader: ByteReader): 'ARK' | 'ASK' {
  const value = reader.u32('usage');
  const usage = usageName(value);
  if (usage === 'ARK' || usage === 'ASK') return usage;
  throw new SevError('CERT_USAGE', { at: reader.path('usage'), because: `It says ${showUsage(value)}.` });
}

function readSize(reader: ByteReader): 2048 | 4096 {
  const exponentBits = reader.u32('exponentSize');
  const modulusBits = reader.u32('modulusSize');
  if (exponentBits === modulusBits && (modulusBits === 2048 || modulusBits === 4096)) return modulusBits;
  const because = `Sizes of ${exponentBits} and ${modulusBits} bits; AMD's keys have 2048 or 4096.`;
  throw new SevError('CERT_KEY', { at: reader.path('modulusSize'), because });
}

function readKey(reader: ByteReader, size: number): { key: RsaKey; keyField: Uint8Array } {
  const exponentAt = reader.path('exponent');
  if (reader.u32('exponent') !== EXPONENT) {
    throw new SevError('CERT_KEY', { at: exponentAt, because: `The exponent is not ${EXPONENT}.` });
  }
  reader.zeros(size - 4, 'exponent');
  const modulus = reversed(reader.take(size, 'modulus'));
  const isFullWidth = modulus[0]! >= 0x80 && modulus[size - 1]! % 2 === 1;
  if (!isFullWidth) {
    const because = `The modulus is no odd number of ${size * 8} bits.`;
    throw new SevError('CERT_KEY', { at: reader.path('modulus'), because });
  }
  const keyField = reader.bytes.slice(HEADER_SIZE, reader.offset);
  return { key: { modulus, exponent: Uint8Array.of(1, 0, 1) }, keyField };
}
