// A simulated platform as JSON, so that it can come back as the same chip. Its keys are test keys and stored in clear.
import { SEV_CERT_SIZE } from '../sev/formats/sizes.ts';
import { blob, boolean, literal, object, type Parsed, toJsonValue } from '../schema.ts';
import type { Chip, OwnedKeys } from './platform-identity.ts';
import { platformKeyOf } from './platform-key.ts';

const certificate = blob(SEV_CERT_SIZE);
const scalar = blob(48);

const storedChip = object({
  format: literal('simulated-chip.v1'),
  /** What the file is, for whoever finds it. */
  what: literal('SIMULATED AMD-SP: test keys, no secrets of anyone'),
  id: blob(64),
  cek: scalar,
  amdCek: certificate,
  owned: boolean,
  pek: scalar,
  pdh: scalar,
  ocaCert: certificate,
  pekCert: certificate,
  pdhCert: certificate,
});
export type StoredChip = Parsed<typeof storedChip>;

export interface PlatformIdentity {
  readonly chip: Chip;
  readonly keys: OwnedKeys;
}

/** @returns a value for JSON.stringify */
export function storeIdentity({ chip, keys }: PlatformIdentity): unknown {
  const stored: StoredChip = {
    format: 'simulated-chip.v1',
    what: 'SIMULATED AMD-SP: test keys, no secrets of anyone',
    id: chip.id,
    cek: chip.cek.secret,
    amdCek: chip.amdCek,
    owned: keys.owned,
    pek: keys.pek.secret,
    pdh: keys.pdh.secret,
    ocaCert: keys.ocaCert,
    pekCert: keys.pekCert,
    pdhCert: keys.pdhCert,
  };
  return toJsonValue(stored);
}

/** @throws SevError BYTES_* naming the member that does not fit */
export function restoreIdentity(value: unknown): PlatformIdentity {
  const stored = storedChip.parse(value, 'chip');
  const { owned, ocaCert, pekCert, pdhCert } = stored;
  return {
    chip: { id: stored.id, cek: platformKeyOf(stored.cek), amdCek: stored.amdCek },
    keys: { owned, ocaCert, pek: platformKeyOf(stored.pek), pekCert, pdh: platformKeyOf(stored.pdh), pdhCert },
  };
}
