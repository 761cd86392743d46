// The cryptography of a secret packet, SEV API section 6.6. Asks for no release: only `sealSecret` may build on it.
import { SevError } from '../../errors.ts';
import { le32 } from '../../bytes/number.ts';
import { requireLength } from '../../bytes/reader.ts';
import { concat } from '../../bytes/writer.ts';
import { aesCtr, mac, verifyMac } from '../../crypto/mac.ts';
import { encodePacketHeader, PACKET_HEADER_SIZE, parsePacketHeader } from '../formats/secret-packet.ts';
import { MAX_SECRET_SIZE } from '../../guest/secret-table.ts';
import type { TransportKeys } from '../session/launch-session.ts';

/** What the host injects: it can neither read nor change it, nor use it for another launch. */
export interface SecretPacket {
  /** 52 bytes. */
  readonly header: Uint8Array;
  /** The encrypted table. */
  readonly payload: Uint8Array;
}

/** The first byte of every packet's message. */
const CONTEXT_LAUNCH_SECRET = 0x01;
const NO_FLAGS = 0;

/**
 * @param measure the expected measure, 32 bytes. The form without it, of APIs before 0.17, is not made here.
 */
export async function sealPacket(
  keys: TransportKeys,
  measure: Uint8Array,
  iv: Uint8Array,
  table: Uint8Array,
): Promise<SecretPacket> {
  const payload = await aesCtr(keys.tek, iv, table);
  const message = packetMessage(iv, payload, measure);
  return { header: encodePacketHeader({ compressed: false, iv, mac: await mac(keys.tik, message) }), payload };
}

/**
 * Opens a packet as the AMD-SP does: the maker's last look at what it made.
 * @returns the table
 * @throws SevError BYTES_LENGTH, BYTES_RESERVED, MEASURE_SECRET_SIZE, AMDSP_BAD_MEASUREMENT
 */
export async function openPacket(keys: TransportKeys, measure: Uint8Array, packet: SecretPacket): Promise<Uint8Array> {
  requireLength(packet.header, PACKET_HEADER_SIZE, 'header');
  const { compressed, iv, mac } = parsePacketHeader(packet.header);
  requirePayloadSize(packet.payload.length);
  const right = !compressed && (await verifyMac(keys.tik, packetMessage(iv, packet.payload, measure), mac));
  if (!right) throw new SevError('AMDSP_BAD_MEASUREMENT', { at: 'header.mac' });
  return aesCtr(keys.tek, iv, packet.payload);
}

/** @throws SevError MEASURE_SECRET_SIZE */
export function requirePayloadSize(size: number): void {
  if (size >= 16 && size <= MAX_SECRET_SIZE && size % 16 === 0) return;
  const because = `${size} bytes; a packet has a multiple of 16 up to ${MAX_SECRET_SIZE}.`;
  throw new SevError('MEASURE_SECRET_SIZE', { at: 'payload', because });
}

/** Guest length and transport length are the same: nothing is compressed. */
const packetMessage = (iv: Uint8Array, payload: Uint8Array, measure: Uint8Array): Uint8Array => {
  requireLength(measure, 32, 'measure');
  const length = le32(payload.length);
  return concat(Uint8Array.of(CONTEXT_LAUNCH_SECRET), le32(NO_FLAGS), iv, length, length, payload, measure);
};
