// The ID block that a guest owner signs beforehand, and its authentication information: what the firmware demands at launch.
import { SevError } from '../../errors.ts';
import { isZero } from '../../bytes/equal.ts';
import { ByteReader, requireLength } from '../../bytes/reader.ts';
import { ByteWriter } from '../../bytes/writer.ts';
import { type EcPoint, requirePoint } from '../../crypto/points.ts';
import type { EcdsaSignature } from '../../crypto/signatures.ts';
import { readEcComponent, writeEcComponent } from '../../encodings/ec-component.ts';

export const ID_BLOCK_SIZE = 96;
export const ID_AUTH_SIZE = 4096;
export const ID_KEY_SIZE = 1028;

const VERSION = 1;
/** ECDSA on P-384 with SHA-384: the only algorithm. */
const ALGORITHM = 1;
/** P-384 in AMD's numbering. */
const CURVE = 2;
const SIGNATURE_SIZE = 512;
/** Two components of 72 bytes each stand in a signature, and in a key behind its curve. */
const COMPONENTS_SIZE = 144;
/** The order of P-384's group, 48 bytes, big-endian. */
const ORDER = 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n;

/** 96 bytes; integers little-endian. AMD 56860, ID Block structure. */
export interface IdBlock {
  /** The launch digest that the firmware must arrive at, 48 bytes. */
  readonly launchDigest: Uint8Array;
  /** 16 bytes of the owner's choice. */
  readonly familyId: Uint8Array;
  /** 16 bytes of the owner's choice. */
  readonly imageId: Uint8Array;
  /** The owner's version of the guest, 32 bits. */
  readonly guestSvn: number;
  /** The guest policy, all 64 bits. */
  readonly policy: bigint;
}

/** 4,096 bytes. The author key is optional: it vouches for the ID key. */
export interface IdAuth {
  readonly idKey: EcPoint;
  /** Over the 96 bytes of the block. */
  readonly blockSignature: EcdsaSignature;
  readonly author?: {
    readonly key: EcPoint;
    /** Over the 1,028 bytes of the ID key. */
    readonly signature: EcdsaSignature;
  };
}

/** @throws SevError BYTES_LENGTH, SNP_ID_BLOCK */
export function parseIdBlock(bytes: Uint8Array, at = 'idBlock'): IdBlock {
  requireLength(bytes, ID_BLOCK_SIZE, at);
  const reader = new ByteReader(bytes, at);
  const launchDigest = reader.take(48, 'launchDigest');
  const familyId = reader.take(16, 'familyId');
  const imageId = reader.take(16, 'imageId');
  requireValue(reader.u32('version'), VERSION, `${at}.version`);
  return { launchDigest, familyId, imageId, guestSvn: reader.u32('guestSvn'), policy: reader.u64('policy') };
}

/** @throws SevError BYTES_LENGTH, BYTES_VALUE */
export function encodeIdBlock({ launchDigest, familyId, imageId, guestSvn, policy }: IdBlock): Uint8Array {
  requireLength(launchDigest, 48, 'idBlock.launchDigest');
  requireLength(familyId, 16, 'idBlock.familyId');
  requireLength(imageId, 16, 'idBlock.imageId');
  const writer = new ByteWriter(ID_BLOCK_SIZE).bytes(launchDigest).bytes(familyId).bytes(imageId);
  return writer.u32(VERSION).u32(guestSvn).u64(policy).finish();
}

/**
 * Reads the authentication information, strictly: points on their curve, numbers in range, reserved bytes zero.
 * An author key that is all zero, with a signature that is all zero, is none.
 * @throws SevError BYTES_LENGTH, BYTES_RESERVED, SNP_ID_BLOCK, CERT_POINT
 */
export function parseIdAuth(bytes: Uint8Array, at = 'idAuth'): IdAuth {
  requireLength(bytes, ID_AUTH_SIZE, at);
  const reader = new ByteReader(bytes, at);
  requireValue(reader.u32('idKeyAlgorithm'), ALGORITHM, `${at}.idKeyAlgorithm`);
  const authorAlgorithm = reader.u32('authorKeyAlgorithm');
  reader.zeros(56, 'reserved1');
  const blockSignature = readSignature(reader, 'blockSignature');
  const idKey = readKey(reader, 'idKey');
  reader.zeros(60, 'reserved2');
  const hasAuthor = !isZero(bytes.subarray(reader.offset, reader.offset + SIGNATURE_SIZE + ID_KEY_SIZE));
  if (!hasAuthor) {
    reader.take(SIGNATURE_SIZE + ID_KEY_SIZE, 'author');
    reader.zeros(892, 'reserved3');
    return { idKey, blockSignature };
  }
  requireValue(authorAlgorithm, ALGORITHM, `${at}.authorKeyAlgorithm`);
  const author = { signature: readSignature(reader, 'keySignature'), key: readKey(reader, 'authorKey') };
  reader.zeros(892, 'reserved3');
  return { idKey, blockSignature, author };
}

/** Always the whole 4,096 bytes: the kernel copies as many from QEMU's buffer. */
export function encodeIdAuth({ idKey, blockSignature, author }: IdAuth): Uint8Array {
  const writer = new ByteWriter(ID_AUTH_SIZE).u32(ALGORITHM).u32(ALGORITHM).zeros(56);
  writer.bytes(encodeSignature(blockSignature)).bytes(encodeIdKey(idKey)).zeros(60);
  if (author) writer.bytes(encodeSignature(author.signature)).bytes(encodeIdKey(author.key));
  else writer.zeros(SIGNATURE_SIZE + ID_KEY_SIZE);
  return writer.zeros(892).finish();
}

/** A public key as the firmware signs and hashes it: curve, QX, QY, 880 zeros; 1,028 bytes. */
export function encodeIdKey({ x, y }: EcPoint): Uint8Array {
  const writer = new ByteWriter(ID_KEY_SIZE).u32(CURVE);
  writeEcComponent(writer, x);
  writeEcComponent(writer, y);
  return writer.zeros(ID_KEY_SIZE - 4 - COMPONENTS_SIZE).finish();
}

function encodeSignature({ r, s }: EcdsaSignature): Uint8Array {
  const writer = new ByteWriter(SIGNATURE_SIZE);
  writeEcComponent(writer, r);
  writeEcComponent(writer, s);
  return writer.zeros(SIGNATURE_SIZE - COMPONENTS_SIZE).finish();
}

function readKey(reader: ByteReader, field: string): EcPoint {
  requireValue(reader.u32(`${field}.curve`), CURVE, reader.path(`${field}.curve`));
  const point = { x: readEcComponent(reader, `${field}.x`), y: readEcComponent(reader, `${field}.y`) };
  reader.zeros(ID_KEY_SIZE - 4 - COMPONENTS_SIZE, `${field}.reserved`);
  requirePoint(point, reader.path(field));
  return point;
}

function readSignature(reader: ByteReader, field: string): EcdsaSignature {
  const signature = { r: readEcComponent(reader, `${field}.r`), s: readEcComponent(reader, `${field}.s`) };
  reader.zeros(SIGNATURE_SIZE - COMPONENTS_SIZE, `${field}.reserved`);
  for (const name of ['r', 's'] as const) {
    const value = signature[name].reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    if (value > 0n && value < ORDER) continue;
    throw new SevError('SNP_ID_BLOCK', {
      at: reader.path(`${field}.${name}`),
      because: 'The number is out of range for P-384.',
    });
  }
  return signature;
}

function requireValue(value: number, expected: number, at: string): void {
  if (value === expected) return;
  throw new SevError('SNP_ID_BLOCK', { at, because: `It is ${value}; only ${expected} is known.` });
}
