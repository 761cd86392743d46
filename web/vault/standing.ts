// What the guest owner expects of a platform, as it is kept on this device and for as long as they have not taken it back:
// its owner, and that it is the platform that was accepted. Judged here, so that no screen can forget it.
import { SevError } from '../../shared/errors.ts';
import { chipId } from '../../shared/sev/formats/chip-id.ts';
import { ownerKeySha256 } from '../../shared/sev/formats/key-field.ts';
import type { TrustedPdh } from '../../shared/sev/verify/cert-chain.ts';
import { type Database, stored } from '../storage/database.ts';

export interface Standing {
  /** Owners that are pinned for this chip: SHA-256 of the OCA's public key field, hex. */
  readonly owners: readonly string[];
  /** The platform has another owner than the one with which it was accepted. */
  readonly changed: boolean;
}

/** @throws SevError VAULT_STORAGE */
export async function standingOf(database: Database, platform: TrustedPdh): Promise<Standing> {
  const record = await stored(database.get('platforms', await chipId(platform.chain.cek)));
  // Only what the guest owner accepted is kept. The chip is the same by its id.
  const accepted = record?.visits[0]?.seen.ocaId;
  const changed = accepted !== undefined && accepted !== platform.ocaId;
  return { owners: record?.owner ? [record.owner.keySha256] : [], changed };
}

/**
 * Before a session is made for a platform.
 * @returns the owner that is pinned for it; it goes into the session
 * @throws SevError CERT_OWNER_UNEXPECTED, CERT_PLATFORM_CHANGED while the change was not accepted
 */
export async function requireExpected(database: Database, platform: TrustedPdh): Promise<string | undefined> {
  const { owners, changed } = await standingOf(database, platform);
  const actual = await ownerKeySha256(platform.chain.oca);
  if (owners.some((owner) => owner !== actual)) throw new SevError('CERT_OWNER_UNEXPECTED', { at: 'oca' });
  if (changed) throw new SevError('CERT_PLATFORM_CHANGED', { at: 'oca' });
  return owners[0];
}
