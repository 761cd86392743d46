import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import type { SevError } from '../../shared/errors.ts';
import { parseSevCert } from '../../shared/formats/sev-cert.ts';
import { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import type { AppState } from '../app.svelte.ts';
import { Platforms } from '../platforms/platforms.svelte.ts';
import type { Relay } from '../relay/relays.svelte.ts';
import { openDatabase } from '../storage/database.ts';
import { importBoxKey } from '../vault/box.ts';
import { VaultLock } from '../vault/lock.ts';
import { openOwnerKeys } from '../vault/owner-keys.ts';
import { collect } from '../workers/collect.ts';
import { OwnershipTask } from './ownership-task.svelte.ts';

// What the worker does, without a worker.
vi.mock('../workers/verify.ts', () => ({ collectGiven: collect }));

/** What a relay answers; a test has it lie. */
interface Host {
  csr: () => Uint8Array;
  certificates: () => ReturnType<typeof certificatesOf>;
  import: (pek: Uint8Array, oca: Uint8Array) => Promise<void>;
}

function certificatesOf(amdSp: SimulatedAmdSp) {
  const { pdh, chain } = amdSp.pdhCertExport();
  return { pdh, pek: chain.slice(0, 2084), oca: chain.slice(2084, 4168), cek: amdSp.amdCek(), ...amdSp.caCerts() };
}

const honest = (amdSp: SimulatedAmdSp): Host => ({
  csr: () => amdSp.pekCsr(),
  certificates: () => certificatesOf(amdSp),
  import: (pek, oca) => amdSp.pekCertImport(pek, oca),
});

function relayTo(host: Host): Relay {
  const status = { apiMajor: 0, apiMinor: 24, build: 15, es: true, owner: 'self' };
  const answers: Record<string, (params: { pek: Uint8Array; oca: Uint8Array }) => unknown> = {
    'platform.certificates': () => host.certificates(),
    'platform.status': () => status,
    'owner.csr': () => ({ csr: host.csr() }),
    'owner.import': ({ pek, oca }) => host.import(pek, oca),
  };
  const connection = {
    start: () => undefined,
    watch: (heard: (state: object) => void) => (heard({ name: 'open' }), () => undefined),
    ask: (method: string, params: never) => Promise.resolve(answers[method]?.(params)),
  };
  return { name: 'host', pairing: { url: 'ws://host', code: 'x' }, connection } as unknown as Relay;
}

let task: OwnershipTask;
let platforms: Platforms;

beforeEach(async () => {
  // A database each: the platforms of the test before still hear of changes.
  const database = await openDatabase(crypto.randomUUID());
  const derive = async (passphrase: string) => importBoxKey(await sha256(toUtf8(passphrase)));
  const lock = new VaultLock(database, derive, { now: () => Date.now(), wait: () => Promise.resolve() });
  await lock.create('several plain words');
  const ownerKeys = openOwnerKeys(database, lock);
  platforms = new Platforms(database);
  const app = { platforms, relays: { remember: () => Promise.resolve() }, ownerKeys: () => Promise.resolve(ownerKeys) };
  task = new OwnershipTask(app as unknown as AppState);
  task.choose(await ownerKeys.make('the owner'));
});

const code = (): string | undefined => (task.error as SevError | undefined)?.code;

describe('taking a platform into ownership', () => {
  it('ends with a chain that names the owner, who is pinned', async () => {
    await task.askRelay(relayTo(honest(await SimulatedAmdSp.create())));
    await task.sign();
    expect(platforms.list[0]?.owner).toBeUndefined();
    await task.importByRelay();
    expect(task.after?.owned).toBe(true);
    expect(platforms.list[0]?.owner).toMatchObject({ keySha256: task.owner?.id, name: 'the owner' });
  });

  it('refuses the request of another platform that a relay slips in', async () => {
    const [one, other] = [await SimulatedAmdSp.create(), await SimulatedAmdSp.create()];
    await task.askRelay(relayTo({ ...honest(one), csr: () => other.pekCsr() }));
    expect(code()).toBe('CERT_CSR');
    expect(task.request).toBeUndefined();
  });

  it('pins nothing when a relay says that it imported, and did not', async () => {
    const host = { ...honest(await SimulatedAmdSp.create()), import: () => Promise.resolve() };
    await task.askRelay(relayTo(host));
    await task.sign();
    await task.importByRelay();
    expect(task.after).toMatchObject({ owned: false });
    expect(platforms.list[0]?.owner).toBeUndefined();
  });

  it('refuses the chain of another platform of the same owner as proof of the import', async () => {
    const [one, other] = [await SimulatedAmdSp.create(), await SimulatedAmdSp.create()];
    await task.askRelay(relayTo(honest(other)));
    await task.sign();
    await task.importByRelay();
    expect(task.after?.owned).toBe(true);

    const host = { ...honest(one), import: () => Promise.resolve() };
    await task.askRelay(relayTo(host));
    await task.sign();
    host.certificates = () => certificatesOf(other);
    await task.importByRelay();
    expect(code()).toBe('CERT_MIXED');
    expect(task.after).toBeUndefined();
  });

  it('names the platform of a request that came by hand, when its chain was met before', async () => {
    const amdSp = await SimulatedAmdSp.create();
    await task.askRelay(relayTo(honest(amdSp)));
    const [known] = platforms.list;
    task.takeMessage({ kind: 'csr', csr: amdSp.pekCsr() });
    expect(task.request?.platform?.id).toBe(known?.id);
    task.takeMessage({ kind: 'csr', csr: (await SimulatedAmdSp.create()).pekCsr() });
    expect(task.request?.platform).toBeUndefined();
    const pek = parseSevCert(certificatesOf(amdSp).pek, 'pek');
    expect(() => task.takeMessage({ kind: 'csr', csr: pek.bytes })).toThrow(/CERT_CSR/);
  });
});
