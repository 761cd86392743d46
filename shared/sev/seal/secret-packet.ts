// Sealing secrets for a launch that may have them.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import type { Random } from '../../crypto/subtle.ts';
import { type Release, factsOfRelease } from '../decide/decision.ts';
import { parseSecretTable } from '../../guest/secret-table.ts';
import { openPacket, requirePayloadSize, sealPacket, type SecretPacket } from './packet-crypto.ts';

export type { SecretPacket } from './packet-crypto.ts';

/**
 * Encrypts a secret table under the TEK with a fresh IV, and authenticates it under the TIK together with the measure
 * that the guest owner expects: the packet serves this one launch.
 *
 * @param table a secret table, padded to a multiple of 16 bytes; the caller wipes it
 * @throws SevError MEASURE_NOT_VERIFIED when `decide` did not make the release, MEASURE_SECRET_TABLE, MEASURE_SECRET_SIZE
 */
export async function sealSecret(release: Release, table: Uint8Array, random: Random): Promise<SecretPacket> {
  const { keys, expectedMeasure } = factsOfRelease(release);
  requirePayloadSize(table.length);
  parseSecretTable(table);
  const packet = await sealPacket(keys, expectedMeasure, random(16), table);
  const opened = await openPacket(keys, expectedMeasure, packet);
  const same = equalBytes(opened, table);
  opened.fill(0);
  if (!same) throw new SevError('MEASURE_SECRET_TABLE', { because: 'The packet does not open to its own table.' });
  return packet;
}
