import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';
import { parseSevCert } from '../../shared/sev/formats/sev-cert.ts';
import { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import type { AppState } from '../app.svelte.ts';
import { Platforms } from '../platforms/platforms.svelte.ts';
import type { Relay } from '../relay/relays.svelte.ts';
import { openDatabase } from '../storage/database.ts';
import { importBoxKey } from '../vault/box.ts';
import { VaultLock } from '../vault/lock.ts';
import { openOwnerKeys } from '../vault/owner-keys.ts';
import type { ProfileName } from '../profile/profile.ts';
import { rootsOf } from '../profile/roots.ts';
import type { Given } from '../workers/messages.ts';
import { collect } from '../workers/collect.ts';
import { openOwnerships } from './ownerships.ts';
import { OwnershipTask } from './ownership-task.svelte.ts';

// What the worker does, without a worker.
vi.mock('../workers/verify.ts', () => ({
  collectGiven: async (given: readonly Given[], profile: ProfileName) => collect(given, await rootsOf(profile)),
}));

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

function relayTo(host: Host, url = 'ws://host'): Relay {
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
  return { name: 'host', pairing: { url, code: 'x' }, connection } as unknown as Relay;
}

let task: OwnershipTask;
let platforms: Platforms;
let app: AppState;
let relays: Relay[];

/** The page anew: nothing is left but what is in storage. */
async function reload(): Promise<void> {
  task = new OwnershipTask(app);
  await task.resume();
}

beforeEach(async () => {
  // A database each: the platforms of the test before still hear of changes.
  const database = await openDatabase(crypto.randomUUID());
  const derive = async (passphrase: string) => importBoxKey(await sha256(toUtf8(passphrase)));
  const lock = new VaultLock(database, derive, { now: () => Date.now(), wait: () => Promise.resolve() });
  await lock.create('several plain words');
  const ownerKeys = openOwnerKeys(database, lock);
  platforms = new Platforms(database, 'demo');
  relays = [];
  const find = (url: string | undefined): Relay | undefined => relays.find(({ pairing }) => pairing.url === url);
  const ownerships = openOwnerships(database);
  app = {
    ...{ platforms, relays: { remember: () => Promise.resolve(), find } },
    ...{ ownerKeys: () => Promise.resolve(ownerKeys), ownerships: () => Promise.resolve(ownerships) },
  } as unknown as AppState;
  task = new OwnershipTask(app);
  task.choose(await ownerKeys.make('the owner'));
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => void vi.useRealTimers());

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
    await task.askRelay(relayTo(host, 'ws://one'));
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
    await task.takeMessage({ kind: 'csr', csr: amdSp.pekCsr() });
    expect(task.request?.platform?.id).toBe(known?.id);
    await task.takeMessage({ kind: 'csr', csr: (await SimulatedAmdSp.create()).pekCsr() });
    expect(task.request?.platform).toBeUndefined();
    const pek = parseSevCert(certificatesOf(amdSp).pek, 'pek');
    await expect(task.takeMessage({ kind: 'csr', csr: pek.bytes })).rejects.toThrow(/CERT_CSR/);
  });
});

/** A host whose answers to the import can be lost, and that counts what it was asked. */
async function losingHost() {
  const amdSp = await SimulatedAmdSp.create();
  const state = { lost: 'never' as 'never' | 'before' | 'after' | 'refused', imports: 0 };
  const host: Host = {
    ...honest(amdSp),
    async import(pek, oca) {
      state.imports++;
      if (state.lost === 'refused') throw new SevError('RELAY_NOT_ALLOWED');
      if (state.lost === 'before') throw new SevError('RELAY_LOST');
      await amdSp.pekCertImport(pek, oca);
      if (state.lost === 'after') throw new SevError('RELAY_TIMEOUT');
    },
  };
  const relay = relayTo(host);
  relays.push(relay);
  return { relay, state };
}

describe('an ownership that is left in the middle', () => {
  it('goes on from every step after a reload, and is not taken up again when it is done', async () => {
    const { relay, state } = await losingHost();
    await task.askRelay(relay);
    await reload();
    expect(task.request?.platform?.id).toBe(platforms.list[0]?.id);
    task.choose((await (await app.ownerKeys()).list())[0]!);
    await task.sign();
    await task.handedOver();
    const signed = task.signed?.pek;
    await reload();
    expect(task.signed?.pek).toEqual(signed);
    expect(task.owner?.name).toBe('the owner');
    expect(task.kept.record?.history.map(({ event }) => event)).toEqual(['requested', 'signed', 'handed-over']);
    await task.importByRelay();
    expect([task.error, task.after?.owned, state.imports]).toEqual([undefined, true, 1]);
    await reload();
    expect(task.kept.record).toBeUndefined();
  });

  it('imports nothing twice when the answer was lost: the chain tells that it is done', async () => {
    const { relay, state } = await losingHost();
    await task.askRelay(relay);
    await task.sign();
    state.lost = 'after';
    await task.importByRelay();
    expect([code(), task.kept.record?.state]).toEqual(['RELAY_TIMEOUT', 'import-asked']);
    await task.importByRelay();
    expect([code(), state.imports]).toEqual(['VAULT_CONFLICT', 1]);
    await reload();
    await task.importByRelay();
    await task.sign();
    expect([task.kept.record?.state, state.imports]).toEqual(['import-asked', 1]);
    await task.checkByRelay();
    expect([task.after?.owned, task.kept.record?.state, state.imports]).toEqual([true, 'owned', 1]);
    expect(platforms.list[0]?.owner?.name).toBe('the owner');
  });

  it('may import again when the chain denies it and nobody can be about to allow it', async () => {
    const { relay, state } = await losingHost();
    await task.askRelay(relay);
    await task.sign();
    state.lost = 'before';
    await task.importByRelay();
    await task.checkByRelay();
    expect([task.after?.owned, task.kept.record?.state]).toEqual([false, 'import-asked']);
    vi.setSystemTime(Date.now() + 90_000);
    await task.checkByRelay();
    expect([task.after?.owned, task.kept.record?.state]).toEqual([false, 'signed']);
    state.lost = 'never';
    await task.importByRelay();
    expect([task.after?.owned, state.imports]).toEqual([true, 2]);
  });

  it('may be asked again at once after a no, and never by two tabs', async () => {
    const { relay, state } = await losingHost();
    await task.askRelay(relay);
    await task.sign();
    state.lost = 'refused';
    await task.importByRelay();
    expect([code(), task.kept.record?.state]).toEqual(['RELAY_NOT_ALLOWED', 'signed']);
    state.lost = 'after';
    const here = task;
    await reload();
    await Promise.all([here.importByRelay(), task.importByRelay()]);
    expect(state.imports).toBe(2);
    expect([here.error, task.error]).toContainEqual(expect.objectContaining({ code: 'VAULT_CONFLICT' }));
  });

  it('is the same one when its request comes again, by whichever way, and can be given up before the import', async () => {
    const { relay, state } = await losingHost();
    await task.askRelay(relay);
    await task.sign();
    const csr = task.request!.csr.bytes;
    await reload();
    await task.takeMessage({ kind: 'csr', csr });
    expect(task.signed).toBeDefined();
    state.lost = 'after';
    await task.importByRelay();
    await task.forget();
    expect(task.kept.record?.state).toBe('import-asked');
    await task.checkByRelay();
    await task.askRelay(relay);
    expect([task.after?.owned, task.kept.record?.state]).toEqual([true, 'owned']);
    await task.forget();
    await reload();
    expect(task.kept.record).toBeUndefined();
  });
});
