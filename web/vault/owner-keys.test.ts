import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { fromUtf8, toUtf8 } from '../../shared/bytes/text.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';
import { exportOwnerKey, makeOwnerKey } from '../../shared/sev/session/owner-key.ts';
import { makeOcaCertificate, parsePekCsr, verifyOca } from '../../shared/sev/session/ownership.ts';
import { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import { parseSevCert } from '../../shared/sev/formats/sev-cert.ts';
import { verifyEcLink } from '../../shared/sev/verify/sev-links.ts';
import { DATABASE_NAME, type Database, openDatabase } from '../storage/database.ts';
import { importBoxKey } from './box.ts';
import { VaultLock } from './lock.ts';
import { openOwnerKeys, type OwnerKeys } from './owner-keys.ts';

const noWait = { now: () => Date.now(), wait: () => Promise.resolve() };
let database: Database;
let lock: VaultLock;
let ownerKeys: OwnerKeys;

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof SevError ? error.code : error),
  );

beforeEach(async () => {
  indexedDB.deleteDatabase(DATABASE_NAME);
  database = await openDatabase();
  const derive = async (passphrase: string) => importBoxKey(await sha256(toUtf8(passphrase)));
  lock = new VaultLock(database, derive, noWait);
  ownerKeys = openOwnerKeys(database, lock);
  await lock.create('several plain words');
});

describe('the keys of a platform owner', () => {
  it('sign a request so that the platform takes it, and the signature is of the kept certificate', async () => {
    const { id, oca: kept } = await ownerKeys.make('Our machines');
    const amdSp = await SimulatedAmdSp.create();
    const csr = amdSp.pekCsr();
    const { signed, oca } = await ownerKeys.sign(id, csr);
    expect(oca).toEqual(kept);
    await expect(verifyEcLink(await verifyOca(oca), parseSevCert(signed, 'pek'))).resolves.not.toThrow();
    await amdSp.pekCertImport(signed, oca);
    expect(amdSp.pdhCertExport().chain.slice(2084, 2 * 2084)).toEqual(oca);
  });

  it('lie in a box, and are not used while the vault is locked', async () => {
    const { id } = await ownerKeys.make('Our machines');
    expect(Object.keys((await database.get('ownerKeys', id))!).sort()).toEqual(
      ['box', 'createdAt', 'id', 'name', 'oca', 'origin'].sort(),
    );
    const csr = (await SimulatedAmdSp.create()).pekCsr();
    lock.lock();
    expect(await refusal(ownerKeys.sign(id, csr))).toBe('VAULT_LOCKED');
    expect(await refusal(ownerKeys.export(id))).toBe('VAULT_LOCKED');
    expect(await refusal(ownerKeys.make('another'))).toBe('VAULT_LOCKED');
    expect((await ownerKeys.list()).map(({ name }) => name)).toEqual(['Our machines']);
  });

  it('are not made before there is a passphrase', async () => {
    await database.clear('vault');
    const other = new VaultLock(database, () => Promise.reject(new Error('not asked')), noWait);
    expect(await refusal(openOwnerKeys(database, other).make('x'))).toBe('VAULT_NONE');
  });

  it('go out as PEM and come in again as the same key, under their first name', async () => {
    const made = await ownerKeys.make('Our machines');
    const pem = await ownerKeys.export(made.id);
    expect(fromUtf8(pem)).toMatch(/^-----BEGIN EC PRIVATE KEY-----/);
    expect(await ownerKeys.import('again', pem.slice())).toEqual(made);
    await ownerKeys.forget(made.id);
    expect(await ownerKeys.list()).toEqual([]);
    const back = await ownerKeys.import(' Theirs ', pem, made.oca);
    expect(back).toMatchObject({ id: made.id, name: 'Theirs', origin: 'imported', oca: made.oca });
    expect(pem.every((byte) => byte === 0)).toBe(true);
  });

  it('refuse a certificate of another key, a file that is no key, and a request that is none', async () => {
    const [mine, theirs] = [await makeOwnerKey({ extractable: true }), await makeOwnerKey({ extractable: true })];
    const file = await exportOwnerKey(mine, 'pkcs8-pem');
    expect(await refusal(ownerKeys.import('x', file, await makeOcaCertificate(theirs)))).toBe('CERT_KEY');
    expect(await refusal(ownerKeys.import('x', toUtf8('no key')))).toBe('CERT_PEM');
    const { id, oca } = await ownerKeys.make('mine');
    expect(() => parsePekCsr(oca)).toThrow();
    expect(await refusal(ownerKeys.sign(id, oca))).toBe('CERT_CSR');
  });

  it('open under their own id only', async () => {
    const [a, b] = [await ownerKeys.make('a'), await ownerKeys.make('b')];
    const { box } = (await database.get('ownerKeys', a.id))!;
    await database.put('ownerKeys', { ...b, box });
    expect(await refusal(ownerKeys.export(b.id))).toBe('VAULT_RECORD');
  });

  it('can be renamed, and not to nothing', async () => {
    const { id } = await ownerKeys.make('a');
    await ownerKeys.rename(id, ' b ');
    await ownerKeys.rename(id, '  ');
    expect((await ownerKeys.list())[0]).toMatchObject({ id, name: 'b' });
    expect(await refusal(ownerKeys.rename('other', 'x'))).toBe('VAULT_RECORD');
  });
});
