// The SEV certificate, version 1: PDH, PEK, OCA and CEK, and the guest owner's GODH. SEV API, appendix C.1.
import { SevError } from '../../errors.ts';
import { ByteReader, requireLength } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { type EcPoint, requirePoint } from '../../crypto/points.ts';
import { readEcComponent, writeEcComponent } from '../../encodings/ec-component.ts';
import {
  ALGORITHM,
  aName,
  KEY_ALGORITHM,
  type KeyAlgorithm,
  type SevCertUsage,
  showAlgorithm,
  showUsage,
  SIGNERS,
  USAGE,
  usageName,
} from './sev-names.ts';
import { SEV_CERT_SIGNED_SIZE, SEV_CERT_SIZE } from './sizes.ts';
import { readSignatureSlot, type SignatureSlot, writeSignatureSlot } from './signature-slot.ts';

export type { KeyAlgorithm, SevCertUsage, SignatureAlgorithm, SignerUsage } from './sev-names.ts';
export type { SignatureSlot } from './signature-slot.ts';
export { SEV_CERT_SIGNED_SIZE, SEV_CERT_SIZE } from './sizes.ts';
export { ecdsaSlotValue, parseEcdsaSlotValue, parseRsaSlotValue, rsaSlotValue } from './signature-slot.ts';

const VERSION = 1;
const CURVE_P384 = 2;
/** From the end of y to the end of the 1,028-byte key field. */
const KEY_PADDING = SEV_CERT_SIGNED_SIZE - 0x0a4;

export interface SevCert {
  /** The whole certificate as it came, 2,084 bytes. */
  readonly bytes: Uint8Array;
  /** Its first 1,044 bytes, which the signatures cover. */
  readonly signedBody: Uint8Array;
  readonly apiMajor: number;
  readonly apiMinor: number;
  readonly usage: SevCertUsage;
  readonly algorithm: KeyAlgorithm;
  /** The point on P-384, big-endian. */
  readonly publicKey: EcPoint;
  /** Undefined is an unused slot. The order of the two carries no meaning. */
  readonly signatures: readonly [SignatureSlot | undefined, SignatureSlot | undefined];
}

/** What a maker of certificates gives; the bytes follow from it. */
export type SevCertFields = Omit<SevCert, 'bytes' | 'signedBody'>;

/**
 * Reads one SEV certificate, strictly: a key on P-384 with the algorithm of its usage, and slots of keys that may
 * sign it. Integers are little-endian, and so are the coordinates and the signatures.
 *
 * @param bytes exactly 2,084 bytes (0x824)
 * @returns fields under the specification's names; `signedBody` is 0x000–0x413
 * @throws SevError BYTES_LENGTH, BYTES_RESERVED, CERT_VERSION, CERT_USAGE, CERT_ALGORITHM, CERT_KEY, CERT_POINT, CERT_SLOT
 */
export function parseSevCert(bytes: Uint8Array, at = 'cert'): SevCert {
  requireLength(bytes, SEV_CERT_SIZE, at);
  const reader = new ByteReader(bytes.slice(), at);
  requireVersion(reader.u32('version'), at);
  const apiMajor = reader.u8('apiMajor');
  const apiMinor = reader.u8('apiMinor');
  reader.zeros(2, 'reserved');
  const usage = readUsage(reader);
  const algorithm = readAlgorithm(reader, usage);
  const publicKey = readPublicKey(reader);
  const signatures = [readSignatureSlot(reader, 'signature1'), readSignatureSlot(reader, 'signature2')] as const;
  reader.end();
  requireSigners(usage, signatures, at);
  const signedBody = reader.bytes.slice(0, SEV_CERT_SIGNED_SIZE);
  return { bytes: reader.bytes, signedBody, apiMajor, apiMinor, usage, algorithm, publicKey, signatures };
}

/** The first 1,044 bytes, for those who sign. */
export function encodeSignedBody(cert: Omit<SevCertFields, 'signatures'>): Uint8Array {
  const writer = new ByteWriter(SEV_CERT_SIGNED_SIZE);
  writer.u32(VERSION).u8(cert.apiMajor).u8(cert.apiMinor).zeros(2);
  writer.u32(USAGE[cert.usage]).u32(ALGORITHM[cert.algorithm]).u32(CURVE_P384);
  writeEcComponent(writer, cert.publicKey.x);
  writeEcComponent(writer, cert.publicKey.y);
  return writer.zeros(KEY_PADDING).finish();
}

export function encodeSevCert(cert: SevCertFields): Uint8Array {
  const writer = new ByteWriter(SEV_CERT_SIZE).bytes(encodeSignedBody(cert));
  writeSignatureSlot(writer, cert.signatures[0]);
  writeSignatureSlot(writer, cert.signatures[1]);
  return writer.finish();
}

/** @throws SevError CERT_VERSION */
export function requireVersion(version: number, at: string): void {
  if (version !== VERSION) throw new SevError('CERT_VERSION', { at: `${at}.version`, because: `It is ${version}.` });
}

function readUsage(reader: ByteReader): SevCertUsage {
  const value = reader.u32('usage');
  const usage = (Object.keys(SIGNERS) as SevCertUsage[]).find((name) => name === usageName(value));
  if (usage) return usage;
  throw new SevError('CERT_USAGE', { at: reader.path('usage'), because: `It says ${showUsage(value)}.` });
}

function readAlgorithm(reader: ByteReader, usage: SevCertUsage): KeyAlgorithm {
  const value = reader.u32('algorithm');
  if (value === ALGORITHM[KEY_ALGORITHM[usage]]) return KEY_ALGORITHM[usage];
  const because = `${aName(usage).replace(/^a/, 'A')} has ${KEY_ALGORITHM[usage]}; this one says ${showAlgorithm(value)}.`;
  throw new SevError('CERT_ALGORITHM', { at: reader.path('algorithm'), because });
}

function readPublicKey(reader: ByteReader): EcPoint {
  const curve = reader.u32('publicKey.curve');
  if (curve !== CURVE_P384) {
    const because = `The curve is ${curve}${curve === 1 ? ' (P-256)' : ''}, not 2 (P-384).`;
    throw new SevError('CERT_KEY', { at: reader.path('publicKey.curve'), because });
  }
  const point = { x: readEcComponent(reader, 'publicKey.x'), y: readEcComponent(reader, 'publicKey.y') };
  reader.zeros(KEY_PADDING, 'publicKey.padding');
  requirePoint(point, reader.path('publicKey'));
  return point;
}

function requireSigners(usage: SevCertUsage, [first, second]: SevCert['signatures'], at: string): void {
  const stranger = [first, second].find((slot) => slot && !SIGNERS[usage].includes(slot.usage));
  if (stranger) {
    throw new SevError('CERT_SLOT', {
      at,
      sentence: `A key that may not sign ${aName(usage)} (${stranger.usage}) signed it.`,
    });
  }
  if (first && first.usage === second?.usage) {
    throw new SevError('CERT_SLOT', { at, sentence: `Both signature slots name the ${first.usage}.` });
  }
}
