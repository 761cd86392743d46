// The owner's keys (OCA) of a platform owner: made, used and given out by the vault, and never seen by anybody else.
import { ownerKeySha256 } from '../../shared/sev/formats/key-field.ts';
import { SevError } from '../../shared/errors.ts';
import { parseSevCert, type SevCert } from '../../shared/sev/formats/sev-cert.ts';
import { exportOwnerKey, importOwnerKey, makeOwnerKey, type OwnerKey } from '../../shared/sev/session/owner-key.ts';
import { isKeyOf, makeOcaCertificate, parsePekCsr, signPekCsr, verifyOca } from '../../shared/sev/session/ownership.ts';
import type { ProfileName } from '../profile/profile.ts';
import { type Database, stored } from '../storage/database.ts';
import { announce } from '../storage/records.ts';
import { type Box, open, seal } from './box.ts';
import type { VaultLock } from './lock.ts';
import { requireKey } from './vault-key.ts';

declare module '../storage/database.ts' {
  interface Stores {
    /** Only web/vault reads and writes it. */
    ownerKeys: { key: string; value: OwnerKeyRecord };
  }
}

/** What everybody may know of an owner's key. */
export interface OwnerKeyFacts {
  /** SHA-256 of the OCA's whole public key field, hex: the same by which a platform's owner is pinned. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly origin: 'made' | 'imported';
  /** The certificate that goes to platforms with each signed PEK, 2,084 bytes; signed once, so that it stays the same. */
  readonly oca: Uint8Array;
}

/** As it lies in storage: the private key in PEM (PKCS #8), in a box that opens for this id only. */
export interface OwnerKeyRecord extends OwnerKeyFacts {
  readonly box: Box;
}

export interface OwnerKeys {
  /** Newest first. */
  list(): Promise<readonly OwnerKeyFacts[]>;
  /** @throws SevError VAULT_NONE, VAULT_LOCKED, VAULT_STORAGE */
  make(name: string): Promise<OwnerKeyFacts>;
  /**
   * Takes in a key in PEM or DER, and its certificate where there is one: without it a new one is made. A key that is
   * here already keeps its name and certificate.
   * @param file the caller's; it is wiped
   * @throws SevError VAULT_DEMO, CERT_PEM, CERT_KEY when the certificate is of another key, and as `make`
   */
  import(name: string, file: Uint8Array, oca?: Uint8Array): Promise<OwnerKeyFacts>;
  /** @throws SevError VAULT_RECORD when it is no longer there */
  rename(id: string, name: string): Promise<void>;
  /**
   * Signs a platform's request.
   * @param pek the PEK of the platform's chain, where the request must be of this very platform
   * @returns `signed` and `oca`, 2,084 bytes each: the two that PEK_CERT_IMPORT takes
   * @throws SevError CERT_CSR and as parseSevCert, VAULT_LOCKED, VAULT_RECORD
   */
  sign(id: string, csr: Uint8Array, pek?: SevCert): Promise<{ readonly signed: Uint8Array; readonly oca: Uint8Array }>;
  /**
   * The private key in the clear, as PEM (SEC 1, as sev-tool wants it): only after the owner was warned.
   * @returns bytes that the caller wipes
   * @throws SevError VAULT_LOCKED, VAULT_RECORD
   */
  export(id: string): Promise<Uint8Array>;
  forget(id: string): Promise<void>;
}

const MAX_NAME = 64;

export const ownerKeyPurpose = (id: string): string => `sev-verifier owner key ${id}`;

/** @param profile a demo makes keys of its own, and takes in none that is used elsewhere */
export function openOwnerKeys(database: Database, lock: VaultLock, profile: ProfileName = 'real'): OwnerKeys {
  async function keep(name: string, key: OwnerKey, given: { origin: OwnerKeyFacts['origin']; oca?: Uint8Array }) {
    const oca = given.oca ?? (await makeOcaCertificate(key));
    const id = await ownerKeySha256(parseSevCert(oca, 'oca'));
    const known = await stored(database.get('ownerKeys', id));
    if (known) return factsOf(known);
    const pem = await exportOwnerKey(key, 'pkcs8-pem');
    try {
      const box = await seal(await requireKey(lock), pem, ownerKeyPurpose(id));
      const facts = { id, name: plainName(name), createdAt: Date.now(), origin: given.origin, oca };
      await put({ ...facts, box });
      return facts;
    } finally {
      pem.fill(0);
    }
  }

  async function put(record: OwnerKeyRecord): Promise<void> {
    await stored(database.put('ownerKeys', record));
    announce({ store: 'ownerKeys', key: record.id });
  }

  async function find(id: string): Promise<OwnerKeyRecord> {
    const record = await stored(database.get('ownerKeys', id));
    if (!record) throw new SevError('VAULT_RECORD', { at: 'ownerKey', because: 'It is no longer there.' });
    return record;
  }

  /** Opens the key for one act. */
  async function use<T>({ id, box }: OwnerKeyRecord, extractable: boolean, act: (key: OwnerKey) => Promise<T>) {
    const pem = await open(await requireKey(lock), box, ownerKeyPurpose(id));
    try {
      return await act(await importOwnerKey(pem, { extractable }));
    } finally {
      pem.fill(0);
    }
  }

  return {
    async list() {
      const records = await stored(database.getAll('ownerKeys'));
      return records.sort((a, b) => b.createdAt - a.createdAt).map(factsOf);
    },
    async make(name) {
      await requireKey(lock);
      return keep(name, await makeOwnerKey({ extractable: true }), { origin: 'made' });
    },
    async import(name, file, oca) {
      try {
        if (profile === 'demo') throw new SevError('VAULT_DEMO');
        await requireKey(lock);
        const key = await importOwnerKey(file, { extractable: true });
        if (oca) await requireOwn(key, oca);
        return await keep(name, key, { origin: 'imported', ...(oca && { oca: oca.slice() }) });
      } finally {
        file.fill(0);
      }
    },
    async rename(id, name) {
      const record = await find(id);
      await put({ ...record, name: plainName(name, record.name) });
    },
    async sign(id, csr, pek) {
      const request = parsePekCsr(csr, pek);
      const record = await find(id);
      const oca = await verifyOca(record.oca);
      return use(record, false, async (key) => ({ signed: await signPekCsr(request, { key, oca }), oca: oca.bytes }));
    },
    export: async (id) => use(await find(id), true, (key) => exportOwnerKey(key, 'sec1-pem')),
    async forget(id) {
      await stored(database.delete('ownerKeys', id));
      announce({ store: 'ownerKeys', key: id });
    },
  };
}

async function requireOwn(key: OwnerKey, oca: Uint8Array): Promise<void> {
  if (isKeyOf(key, await verifyOca(oca))) return;
  throw new SevError('CERT_KEY', {
    at: 'oca',
    sentence: 'The owner certificate (OCA) is of another key.',
    next: 'Give the certificate and the key that were made together, or the key alone.',
  });
}

const factsOf = ({ id, name, createdAt, origin, oca }: OwnerKeyRecord): OwnerKeyFacts => ({
  id,
  name,
  createdAt,
  origin,
  oca,
});

const plainName = (name: string, otherwise = 'Owner key'): string => name.trim().slice(0, MAX_NAME) || otherwise;
