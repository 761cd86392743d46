import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, it } from 'vitest';
import { concat } from '../../shared/bytes/writer.ts';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { importMacKey, verifyMac } from '../../shared/crypto/mac.ts';
import { sha256 } from '../../shared/crypto/subtle.ts';
import { expectLaunch } from '../../shared/sev/decide/expectation.ts';
import { visitOf } from '../../shared/sev/decide/continuity.ts';
import { SevError } from '../../shared/errors.ts';
import { LUKS_PASSPHRASE_GUID } from '../../shared/guest/known-secrets.ts';
import { parseSecretTable } from '../../shared/guest/secret-table.ts';
import { parseLaunchMeasure } from '../../shared/sev/formats/launch-measure.ts';
import { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import { computeLaunchDigest, hashGuestImage } from '../../shared/sev/verify/launch-digest.ts';
import { encodeMeasuredLaunch } from '../../shared/sev/verify/launch-measure.ts';
import { parseCertChain } from '../../shared/sev/formats/cert-chain.ts';
import { chipId } from '../../shared/sev/formats/chip-id.ts';
import { ownerKeySha256 } from '../../shared/sev/formats/key-field.ts';
import { verifyCertChain } from '../../shared/sev/verify/cert-chain.ts';
import { SIMULATED_ROOT } from '../../shared/trust/simulated-root.ts';
import { type TrustingProfile, trusting } from '../profile/roots.ts';
import { DATABASE_NAME, type Database, openDatabase } from '../storage/database.ts';
import { importBoxKey, open as openBox, seal as sealBox } from './box.ts';
import { type BoxedKeys, keyPurpose } from './key-record.ts';
import { type Derive, VaultLock } from './lock.ts';
import { openSecrets } from './secrets.ts';
import { type Alone, type LaunchCase, openVault, type Vault } from './vault.ts';

const DEMO = trusting('demo');
const POLICY = 0x0b;
const image = new Uint8Array(4096).fill(7);
const secret = [{ guid: LUKS_PASSPHRASE_GUID, data: toUtf8('correct horse battery staple\0') }];

/** Of a file that was read here, and is no OVMF. */
const READ_HERE = {
  origins: { image: 'hashed-here' },
  guestImage: { size: 1, kind: 'unknown', entries: [] },
} as const;

const noWait = { now: () => Date.now(), wait: () => Promise.resolve() };
let database: Database;
let amdSp: SimulatedAmdSp;
let lock: VaultLock;
/** Of the guest that was launched last. */
let lastHandle: number;

/** Quick in place of memory-hard. */
const quick: Derive = async (passphrase) => importBoxKey(await sha256(toUtf8(passphrase)));

/** Stands for navigator.locks, which Node does not have: one holder of a name at a time, and a refusal for all others. */
function tabs(): () => Vault {
  const held = new Set<string>();
  return () => openVault(database, lock, oneAtATime(held), DEMO);
}

const oneAtATime =
  (held = new Set<string>()): Alone =>
  async (name, work) => {
    if (held.has(name)) throw new SevError('VAULT_BUSY');
    held.add(name);
    return work().finally(() => held.delete(name));
  };

async function chainOf(platform: SimulatedAmdSp): Promise<Uint8Array> {
  const { pdh, chain } = platform.pdhCertExport();
  const { ask, ark } = platform.caCerts();
  return Promise.resolve(concat(pdh, chain.slice(0, 2 * 2084), platform.amdCek(), ask, ark));
}

/** Launches on the simulated platform with a session, and tells what it reports. */
async function launch(session: LaunchCase['session'], chain: Uint8Array, loaded = image): Promise<LaunchCase> {
  const { godh, blob, policy } = session;
  const handle = await amdSp.launchStart({ policy, godh, session: blob });
  lastHandle = handle;
  await amdSp.launchUpdateData(handle, loaded);
  const { apiMajor, apiMinor, build } = amdSp.platformStatus();
  const reported = { ...parseLaunchMeasure(await amdSp.launchMeasure(handle)), apiMajor, apiMinor, build, policy };
  return {
    chain,
    session,
    reported,
    expectation: await expectLaunch({ guestImage: hashGuestImage(image) }, READ_HERE),
  };
}

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof SevError ? error.code : error),
  );

beforeEach(async () => {
  indexedDB.deleteDatabase(DATABASE_NAME);
  database = await openDatabase();
  lock = new VaultLock(database, quick, noWait);
  amdSp = await SimulatedAmdSp.create();
});

describe('for real, the vault', () => {
  const real = (profile?: TrustingProfile): Vault => openVault(database, lock, oneAtATime(), profile);

  it('makes no session for a simulated platform, and says what it is', async () => {
    await lock.create('several plain words');
    const wanted = { chain: await chainOf(amdSp), policy: POLICY, acceptsKeySharing: false };
    expect(await refusal(real().makeSession(wanted))).toBe('CERT_SIMULATED');
  });

  it('seals a secret that it keeps for genuine platforms alone, even if the simulated root were trusted', async () => {
    await lock.create('several plain words');
    const kept = { name: 'disk', guid: LUKS_PASSPHRASE_GUID, endsWithNul: true, text: 'correct horse' };
    const { id } = await openSecrets(database, lock).keep(kept);
    const chain = await chainOf(amdSp);
    const seal = async (simulated: boolean): Promise<unknown> => {
      const root = { ...SIMULATED_ROOT, simulated };
      const vault = real({ name: 'real', roots: () => Promise.resolve([root]) });
      const session = await vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
      return refusal(vault.seal(await launch(session, chain), [{ storedId: id }]));
    };
    expect(await seal(true)).toBe('MEASURE_SIMULATED');
    expect(await seal(false)).toBe('done');
  });
});

describe('the terms of a session', () => {
  const open = async () => {
    await lock.create('several plain words');
    const [vault, chain] = [tabs()(), await chainOf(amdSp)];
    const session = await vault.makeSession({ chain, policy: 0x01, acceptsKeySharing: false });
    return { vault, asked: await launch(session, chain), session };
  };

  it('cannot be changed in storage: neither beside the launch, nor beside its keys', async () => {
    const { vault, asked, session } = await open();
    const accepts = { ...asked, session: { ...session, acceptsKeySharing: true } };
    expect((await vault.judge(asked)).kind, 'key sharing was not accepted').toBe('withhold');
    expect(await refusal(vault.judge(accepts))).toBe('VAULT_CHANGED');
    expect(await refusal(vault.seal(accepts, secret))).toBe('VAULT_CHANGED');
    for (const change of [{ policy: 0x0b }, { owner: 'aa'.repeat(32) }])
      expect(await refusal(vault.judge({ ...asked, session: { ...session, ...change } }))).toBe('VAULT_CHANGED');
    const keys = (await database.get('keys', session.id)) as BoxedKeys;
    await database.put('keys', { ...keys, terms: { ...keys.terms!, acceptsKeySharing: true } });
    expect(await refusal(vault.judge(accepts))).toBe('VAULT_RECORD');
    const { terms: _terms, ...without } = keys;
    await database.put('keys', without);
    expect(await refusal(vault.judge(accepts))).toBe('VAULT_RECORD');
  });

  it('of a session from before they were kept accept nothing', async () => {
    await lock.create('several plain words');
    const [vault, chain] = [tabs()(), await chainOf(amdSp)];
    const session = await vault.makeSession({ chain, policy: 0x01, acceptsKeySharing: true });
    const asked = await launch(session, chain);
    expect((await vault.judge(asked)).kind).toBe('release');
    const key = (await lock.key())!;
    const keys = (await database.get('keys', session.id)) as BoxedKeys;
    const plain = await openBox(key, keys.box, keyPurpose(keys));
    const { sessionId } = keys;
    await database.put('keys', { sessionId, box: await sealBox(key, plain, keyPurpose({ sessionId })) });
    const { findings, kind } = await vault.judge(asked);
    expect({
      kind,
      refused: findings.filter(({ severity }) => severity === 'refused').map(({ code }) => code),
    }).toEqual({
      kind: 'withhold',
      refused: ['MEASURE_KEY_SHARING'],
    });
  });
});

describe('the owner that is expected of a platform', () => {
  const seenOf = async (chain: Uint8Array) =>
    visitOf(await verifyCertChain(parseCertChain(chain), [SIMULATED_ROOT]), new Date());
  const ownerOf = (chain: Uint8Array) => ownerKeySha256(parseCertChain(chain).oca);
  /** The platform as it was met, with an owner pinned, or none. */
  async function met(chain: Uint8Array, keySha256?: string, ocaId?: string): Promise<void> {
    const id = await chipId(parseCertChain(chain).cek);
    const seen = { ...(await seenOf(chain)), ...(ocaId !== undefined && { ocaId }) };
    const owner = keySha256 === undefined ? {} : { owner: { keySha256, name: 'ACME', pinnedAt: 1 } };
    const times = { revision: 0, metAt: 1, seenAt: 1 };
    await database.put('platforms', {
      id,
      name: 'host',
      chain,
      ...times,
      ...owner,
      visits: [{ seen, kind: 'unchanged' }],
    });
  }
  const wanted = (chain: Uint8Array) => ({ chain, policy: POLICY, acceptsKeySharing: false });

  it('is asked for before a session is made, and goes into it', async () => {
    const [vault, chain] = [tabs()(), await chainOf(amdSp)];
    await met(chain, 'aa'.repeat(32));
    expect(await refusal(vault.makeSession(wanted(chain)))).toBe('CERT_OWNER_UNEXPECTED');
    await met(chain, await ownerOf(chain));
    const session = await vault.makeSession(wanted(chain));
    expect(session.owner).toBe(await ownerOf(chain));
    const { findings, kind } = await vault.judge(await launch(session, chain));
    expect({ kind, finding: findings.find(({ code }) => code === 'OWNER_EXPECTED')?.severity }).toEqual({
      kind: 'release',
      finding: 'ok',
    });
  });

  it('is asked for at the release, also where it was pinned after the session was made', async () => {
    const [vault, chain] = [tabs()(), await chainOf(amdSp)];
    await met(chain);
    const asked = await launch(await vault.makeSession(wanted(chain)), chain);
    await met(chain, 'aa'.repeat(32));
    const { findings, kind } = await vault.judge(asked);
    expect(kind).toBe('withhold');
    expect(findings.filter(({ code }) => code === 'OWNER_EXPECTED')).toMatchObject([{ severity: 'refused' }]);
    expect(await refusal(vault.seal(asked, secret))).toBe('MEASURE_NOT_VERIFIED');
  });

  it('stays with an open launch when its platform is forgotten', async () => {
    const [vault, chain] = [tabs()(), await chainOf(amdSp)];
    await met(chain, await ownerOf(chain));
    const session = await vault.makeSession(wanted(chain));
    await database.clear('platforms');
    const { findings } = await vault.judge(await launch(session, chain));
    expect(findings.some(({ code }) => code === 'OWNER_EXPECTED')).toBe(true);
    const other = await vault.judge(await launch({ ...session, owner: 'bb'.repeat(32) }, chain));
    expect(other.kind).toBe('withhold');
  });

  it('makes no session while another owner than the accepted one was not accepted', async () => {
    const [vault, chain] = [tabs()(), await chainOf(amdSp)];
    await met(chain, undefined, 'cc'.repeat(32));
    expect(await refusal(vault.makeSession(wanted(chain)))).toBe('CERT_PLATFORM_CHANGED');
  });
});

describe('the vault', () => {
  it('makes sessions only for platforms whose chain verifies', async () => {
    const vault = tabs()();
    const chain = await chainOf(amdSp);
    const session = await vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    expect(session.id).toMatch(/^[0-9a-f]{32}$/);
    const broken = chain.slice();
    broken[3 * 2084 + 5]! ^= 1;
    const wanted = { chain: broken, policy: POLICY, acceptsKeySharing: false };
    expect(await refusal(vault.makeSession(wanted))).toBe('CERT_SIGNATURE');
  });

  it('keeps keys that can be used and not read', async () => {
    const session = await tabs()().makeSession({
      chain: await chainOf(amdSp),
      policy: POLICY,
      acceptsKeySharing: false,
    });
    const keys = await database.get('keys', session.id);
    expect(keys).toMatchObject({ tek: { extractable: false }, tik: { extractable: false } });
  });

  it('keeps keys in a box once there is a passphrase, and asks for it while it is locked', async () => {
    await lock.create('several plain words');
    const vault = tabs()();
    const chain = await chainOf(amdSp);
    const session = await vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const keys = await database.get('keys', session.id);
    expect(Object.keys(keys!).sort()).toEqual(['box', 'sessionId', 'terms']);
    const asked = await launch(session, chain);
    lock.lock();
    expect(await refusal(vault.judge(asked))).toBe('VAULT_LOCKED');
    expect(await refusal(vault.seal(asked, secret))).toBe('VAULT_LOCKED');
    await lock.unlock('several plain words');
    expect(await refusal(vault.seal(asked, secret))).toBe('done');
  });

  it('seals what the platform opens, and gives the same packet however often it is asked', async () => {
    const vault = tabs()();
    const chain = await chainOf(amdSp);
    const session = await vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const asked = await launch(session, chain);
    const first = await vault.seal(asked, secret);
    const again = await vault.seal(asked, [{ guid: LUKS_PASSPHRASE_GUID, data: toUtf8('another') }]);
    expect(again).toEqual(first);
    expect(await vault.packetOf(session.id)).toEqual(first);
  });

  it('seals a stored secret without anybody seeing it, and keeps the session free when it is not there', async () => {
    await lock.create('several plain words');
    const secrets = openSecrets(database, lock);
    const text = 'correct horse battery staple';
    const { id } = await secrets.keep({ name: 'disk', guid: LUKS_PASSPHRASE_GUID, endsWithNul: true, text });
    const vault = tabs()();
    const chain = await chainOf(amdSp);
    const session = await vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const asked = await launch(session, chain);
    expect(await refusal(vault.seal(asked, [{ storedId: 'another' }]))).toBe('VAULT_RECORD');
    expect((await database.get('ledger', session.id))?.boundAt).toBeUndefined();
    const packet = await vault.seal(asked, [{ storedId: id }]);
    const plain = await amdSp.launchSecret(lastHandle, { ...packet, guestLength: packet.payload.length });
    expect(parseSecretTable(plain)).toEqual(secret);
  });

  it('opens keys for their own session only', async () => {
    await lock.create('several plain words');
    const vault = tabs()();
    const chain = await chainOf(amdSp);
    const make = () => vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const [a, b] = [await make(), await make()];
    const moved = (await database.get('keys', a.id))!;
    await database.put('keys', { ...moved, sessionId: b.id });
    expect(await refusal(vault.judge(await launch(b, chain)))).toBe('VAULT_RECORD');
  });

  it('gives keys to other tools only out of an open vault, and seals nothing new under them any more', async () => {
    const vault = tabs()();
    const chain = await chainOf(amdSp);
    const make = () => vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const practice = await make();
    expect(await refusal(vault.takeOut(practice.id))).toBe('VAULT_MISSING_KEY');
    await lock.create('several plain words');
    const [fresh, sealed] = [await make(), await make()];
    const [one, other] = [await launch(fresh, chain), await launch(sealed, chain)];
    const packet = await vault.seal(other, secret);
    lock.lock();
    expect(await refusal(vault.takeOut(fresh.id))).toBe('VAULT_LOCKED');
    await lock.unlock('several plain words');
    const { tik } = await vault.takeOut(fresh.id);
    const handle = await importMacKey(tik);
    const launchDigest = await computeLaunchDigest({ guestImage: hashGuestImage(image) });
    const message = encodeMeasuredLaunch({ ...one.reported, launchDigest });
    expect(await verifyMac(handle, message, one.reported.measure)).toBe(true);
    expect(await refusal(vault.seal(one, secret))).toBe('VAULT_ELSEWHERE');
    await vault.takeOut(sealed.id);
    expect(await vault.seal(other, secret)).toEqual(packet);
  });

  it('never seals after a mismatch, and the session stays free for the right launch', async () => {
    const vault = tabs()();
    const chain = await chainOf(amdSp);
    const session = await vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const other = image.slice();
    other[100]! ^= 1;
    expect(await refusal(vault.seal(await launch(session, chain, other), secret))).toBe('MEASURE_NOT_VERIFIED');
    expect(await vault.packetOf(session.id)).toBeUndefined();
    expect(await refusal(vault.seal(await launch(session, chain), secret))).toBe('done');
  });

  it('binds a session to the first measurement that got a packet: a second launch of the same session gets none', async () => {
    const vault = tabs()();
    const chain = await chainOf(amdSp);
    const session = await vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const [first, second] = [await launch(session, chain), await launch(session, chain)];
    expect((await vault.judge(second)).kind).toBe('release');
    await vault.seal(first, secret);
    expect(await refusal(vault.seal(second, secret))).toBe('MEASURE_SESSION_USED');
  });

  it('lets one of two tabs seal, and gives the other nothing of its own', async () => {
    const tab = tabs();
    const chain = await chainOf(amdSp);
    const session = await tab().makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const asked = await launch(session, chain);
    const outcomes = await Promise.all([refusal(tab().seal(asked, secret)), refusal(tab().seal(asked, secret))]);
    expect(outcomes.sort()).toEqual(['VAULT_BUSY', 'done']);
  });

  it('lets two tabs without locks seal for one measurement only', async () => {
    const tab = (): Vault => openVault(database, lock, (_name, work) => work(), DEMO);
    const chain = await chainOf(amdSp);
    const session = await tab().makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const launches = [await launch(session, chain), await launch(session, chain)];
    const outcomes = await Promise.all(launches.map((asked) => refusal(tab().seal(asked, secret))));
    expect(outcomes.sort()).toEqual(['MEASURE_SESSION_USED', 'done']);
  });

  it('goes on after it was interrupted between binding and sealing', async () => {
    const chain = await chainOf(amdSp);
    const vault = tabs()();
    const session = await vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const asked = await launch(session, chain);
    const measurement = concat(asked.reported.measure, asked.reported.mnonce);
    await database.put('ledger', { sessionId: session.id, createdAt: 1, measurement, boundAt: 2 });
    expect(await refusal(vault.seal(asked, secret))).toBe('done');
  });

  it('forgets the keys of a retired session, and seals nothing under it', async () => {
    const vault = tabs()();
    const chain = await chainOf(amdSp);
    const session = await vault.makeSession({ chain, policy: POLICY, acceptsKeySharing: false });
    const asked = await launch(session, chain);
    const keys = await database.get('keys', session.id);
    await vault.retire(session.id);
    expect(await refusal(vault.seal(asked, secret))).toBe('VAULT_MISSING_KEY');
    await database.put('keys', keys!);
    expect(await refusal(vault.seal(asked, secret))).toBe('MEASURE_SESSION_USED');
  });
});
