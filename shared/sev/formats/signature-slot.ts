// The two signature slots of a SEV certificate. No signature covers them, so their form is all that can be held fast.
import { SevError } from '../../errors.ts';
import { isZero, reversed } from '../../bytes/equal.ts';
import { ByteReader, requireLength } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import type { EcdsaSignature } from '../../crypto/signatures.ts';
import { readEcComponent, writeEcComponent } from '../../encodings/ec-component.ts';
import {
  ALGORITHM,
  algorithmName,
  showAlgorithm,
  showUsage,
  SIGNING_ALGORITHMS,
  type SignatureAlgorithm,
  type SignerUsage,
  USAGE,
  USAGE_UNUSED,
  usageName,
} from './sev-names.ts';

/** Bytes of a slot's signature value. */
export const SIGNATURE_SIZE = 512;
const ECDSA_PADDING = SIGNATURE_SIZE - 2 * 72;
const RSA_WIDTH = { RSA_SHA256: 256, RSA_SHA384: 512 };

/** What AMD's key server once wrote into the second slot of CEKs: AMDESE/AMDSEV issue 18. */
const CEK_OF_2019 = 0x10;
const FETCH_CEK_AGAIN =
  "AMD's key server handed out such CEKs until 2019: if it is one, fetch it again. If it stays so, do not trust it.";

/** One used slot: who signed, how, and the 512 bytes of the value as stored (little-endian, zero-filled). */
export interface SignatureSlot {
  readonly usage: SignerUsage;
  readonly algorithm: SignatureAlgorithm;
  readonly value: Uint8Array;
}

/**
 * Reads one slot: usage u32, algorithm u32, value 512. SEV API, appendix C.1 and C.4.
 *
 * @returns the slot, or undefined when it is not in use (usage 0x1000, everything else zero)
 * @throws SevError BYTES_LENGTH, CERT_SLOT, CERT_ALGORITHM, BYTES_RESERVED
 */
export function readSignatureSlot(reader: ByteReader, slot: string): SignatureSlot | undefined {
  const usageValue = reader.u32(`${slot}.usage`);
  const algorithmValue = reader.u32(`${slot}.algorithm`);
  const value = reader.take(SIGNATURE_SIZE, `${slot}.value`);
  const at = reader.path(slot);

  if (usageValue === USAGE_UNUSED) {
    if (algorithmValue === 0 && isZero(value)) return undefined;
    throw new SevError('CERT_SLOT', { at, sentence: 'A signature slot says that it is unused, but is not empty.' });
  }
  const usage = usageName(usageValue);
  if (!isSigner(usage)) {
    throw new SevError('CERT_SLOT', {
      at,
      sentence: `A signature slot names ${showUsage(usageValue)}, a key that signs no such certificate.`,
      ...(usageValue === CEK_OF_2019 && algorithmValue === 0 && { next: FETCH_CEK_AGAIN }),
    });
  }
  const algorithm = SIGNING_ALGORITHMS[usage].find((name) => name === algorithmName(algorithmValue));
  if (!algorithm) {
    const because = `${showAlgorithm(algorithmValue)} is not how the ${usage} signs.`;
    throw new SevError('CERT_ALGORITHM', { at: `${at}.algorithm`, because });
  }
  const signature = { usage, algorithm, value };
  requireWellFormed(signature, at);
  return signature;
}

/** Writes one slot; undefined leaves it unused. */
export function writeSignatureSlot(writer: ByteWriter, slot: SignatureSlot | undefined): void {
  if (!slot) {
    writer.u32(USAGE_UNUSED).u32(0).zeros(SIGNATURE_SIZE);
    return;
  }
  requireLength(slot.value, SIGNATURE_SIZE, 'slot.value');
  writer.u32(USAGE[slot.usage]).u32(ALGORITHM[slot.algorithm]).bytes(slot.value);
}

/** The 512 bytes of an ECDSA signature: r and s in 72 bytes each, little-endian, then zeros. */
export function ecdsaSlotValue(signature: EcdsaSignature): Uint8Array {
  const writer = new ByteWriter(SIGNATURE_SIZE);
  writeEcComponent(writer, signature.r);
  writeEcComponent(writer, signature.s);
  return writer.zeros(ECDSA_PADDING).finish();
}

/**
 * Reads the 512 bytes of an ECDSA signature.
 * @throws SevError BYTES_LENGTH, BYTES_RESERVED, CERT_SLOT when r or s is zero
 */
export function parseEcdsaSlotValue(value: Uint8Array, at = 'signature'): EcdsaSignature {
  const reader = new ByteReader(value, at);
  const r = readEcComponent(reader, 'r');
  const s = readEcComponent(reader, 's');
  reader.zeros(ECDSA_PADDING, 'padding');
  reader.end();
  if (isZero(r) || isZero(s))
    throw new SevError('CERT_SLOT', { at, sentence: 'A signature slot names a signer, but its signature is zero.' });
  return { r, s };
}

/** The 512 bytes of an RSA signature, given big-endian and as wide as the modulus. */
export const rsaSlotValue = (signature: Uint8Array): Uint8Array =>
  new ByteWriter(SIGNATURE_SIZE).padded(reversed(signature), SIGNATURE_SIZE).finish();

/**
 * Reads the 512 bytes of an RSA signature.
 * @returns the signature, big-endian, 256 bytes for RSA_SHA256 and 512 for RSA_SHA384
 * @throws SevError BYTES_LENGTH, BYTES_RESERVED, CERT_SLOT when it is zero
 */
export function parseRsaSlotValue(value: Uint8Array, algorithm: keyof typeof RSA_WIDTH, at = 'signature'): Uint8Array {
  const reader = new ByteReader(value, at);
  const signature = reversed(reader.take(RSA_WIDTH[algorithm], 'value'));
  reader.zeros(SIGNATURE_SIZE - signature.length, 'padding');
  reader.end();
  if (isZero(signature))
    throw new SevError('CERT_SLOT', { at, sentence: 'A signature slot names a signer, but its signature is zero.' });
  return signature;
}

const isSigner = (usage: string | undefined): usage is SignerUsage =>
  usage !== undefined && Object.hasOwn(SIGNING_ALGORITHMS, usage);

function requireWellFormed({ algorithm, value }: SignatureSlot, at: string): void {
  if (algorithm === 'ECDSA_SHA256') parseEcdsaSlotValue(value, at);
  else parseRsaSlotValue(value, algorithm, at);
}
