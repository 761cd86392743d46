import { describe, expect, it } from 'vitest';
import { equalBytes } from '../bytes/equal.ts';
import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../bytes/text.ts';
import { rsaToJwk } from '../crypto/points.ts';
import { verifyEcdsa, verifyRsaPss } from '../crypto/signatures.ts';
import { subtle } from '../crypto/subtle.ts';
import { parseCaCert } from '../sev/formats/ca-cert.ts';
import { parseEcdsaSlotValue, parseRsaSlotValue, parseSevCert, type SevCert } from '../sev/formats/sev-cert.ts';
import { SIMULATED_CA, SIMULATED_ROOT } from '../trust/simulated-root.ts';
import { SimulatedAmdSp } from './amd-sp.ts';
import { certifyTestRoot, importRootKey } from './certify.ts';
import { TEST_ARK_KEY, TEST_ASK_KEY } from './test-root.ts';

const POLICY_ES = 4;
const PAGE = new Uint8Array(4096);

/** The platform's certificates as its export and the simulated AMD give them. */
function certificates(amdSp: SimulatedAmdSp) {
  const { pdh, chain } = amdSp.pdhCertExport();
  const [pek, oca, exportedCek] = [0, 1, 2].map((i) => parseSevCert(chain.slice(i * 2084, (i + 1) * 2084)));
  return { pdh: parseSevCert(pdh), pek: pek!, oca: oca!, exportedCek: exportedCek!, cek: parseSevCert(amdSp.amdCek()) };
}

/** Whether the slot of that signer verifies, by WebCrypto, which the simulator does not use for it. */
function isSignedBy(subject: SevCert, signer: SevCert): Promise<boolean> {
  const slot = subject.signatures.find((signature) => signature?.usage === signer.usage)!;
  return verifyEcdsa(signer.publicKey, 'SHA-256', parseEcdsaSlotValue(slot.value), subject.signedBody);
}

const launched = async (amdSp: SimulatedAmdSp, policy = 1) => {
  const handle = await amdSp.launchStart({ policy });
  await amdSp.launchUpdateData(handle, PAGE);
  return handle;
};

describe('The published test root', () => {
  const [ark, ask] = [parseCaCert(SIMULATED_CA.ark), parseCaCert(SIMULATED_CA.ask)];

  it('is pinned by the hash of its whole key, and says in its ids what it is', () => {
    expect(toHex(sha256(ark.keyField))).toBe(SIMULATED_ROOT.keySha256);
    expect(toHex(sha256(ask.keyField))).toBe(SIMULATED_ROOT.ask.keySha256);
    expect(String.fromCharCode(...ark.keyId)).toBe('SIMULATED ARK   ');
    expect(String.fromCharCode(...ask.keyId)).toBe('SIMULATED ASK   ');
    expect(toHex(ark.keyId)).toBe(SIMULATED_ROOT.keyId);
  });

  it('signs itself and its ASK', async () => {
    expect(await verifyRsaPss(ark.key, 'SHA-384', ark.signature!, ark.signedBody)).toBe(true);
    expect(await verifyRsaPss(ark.key, 'SHA-384', ask.signature!, ask.signedBody)).toBe(true);
  });

  it('belongs to the published private keys', async () => {
    const keys = { ark: ark.key, ask: ask.key };
    const again = await certifyTestRoot(await importRootKey(TEST_ARK_KEY), keys);
    expect(parseCaCert(again.ark).signedBody).toEqual(ark.signedBody);
    expect(await verifyRsaPss(ark.key, 'SHA-384', parseCaCert(again.ask).signature!, ask.signedBody)).toBe(true);

    const algorithm = { name: 'RSA-PSS', hash: 'SHA-384' };
    const askKey = await subtle.importKey('pkcs8', TEST_ASK_KEY, algorithm, true, ['sign']);
    expect((await subtle.exportKey('jwk', askKey)).n).toBe(rsaToJwk(ask.key.modulus, ask.key.exponent).n);
  });
});

describe('A simulated platform', () => {
  it('has a chain that leads to the simulated ASK', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const { pdh, pek, oca, cek, exportedCek } = certificates(amdSp);
    expect([pdh.usage, pek.usage, oca.usage, cek.usage]).toEqual(['PDH', 'PEK', 'OCA', 'CEK']);
    expect(await isSignedBy(pdh, pek)).toBe(true);
    expect(await isSignedBy(pek, oca)).toBe(true);
    expect(await isSignedBy(pek, cek)).toBe(true);
    expect(await isSignedBy(oca, oca)).toBe(true);
    expect(exportedCek.signatures).toEqual([undefined, undefined]);
    expect(exportedCek.signedBody).toEqual(cek.signedBody);
    const byAsk = parseRsaSlotValue(cek.signatures[0]!.value, 'RSA_SHA384');
    const ask = parseCaCert(amdSp.caCerts().ask);
    expect(await verifyRsaPss(ask.key, 'SHA-384', byAsk, cek.signedBody)).toBe(true);
  });

  it('is a new chip each time, and the same one when its keys were stored', async () => {
    const [first, second] = [await SimulatedAmdSp.create(), await SimulatedAmdSp.create()];
    expect(first.getId()).toHaveLength(64);
    expect(equalBytes(first.getId(), second.getId())).toBe(false);
    expect(equalBytes(first.amdCek(), second.amdCek())).toBe(false);

    const stored: unknown = JSON.parse(JSON.stringify(first.store()));
    const again = await SimulatedAmdSp.create({ stored });
    expect(again.getId()).toEqual(first.getId());
    expect(again.pdhCertExport()).toEqual(first.pdhCertExport());
    expect(again.amdCek()).toEqual(first.amdCek());
  });

  it('refuses stored keys that are damaged', async () => {
    const stored = (await SimulatedAmdSp.create()).store() as Record<string, unknown>;
    await expect(SimulatedAmdSp.create({ stored: { ...stored, pek: 'AAAA' } })).rejects.toThrow('BYTES_LENGTH');
    await expect(SimulatedAmdSp.create({ stored: { ...stored, more: 1 } })).rejects.toThrow('BYTES_VALUE');
  });

  it('has the keys that follow from the randomness it was given', async () => {
    const random = (length: number) => new Uint8Array(length).fill(7);
    const [first, second] = [await SimulatedAmdSp.create({ random }), await SimulatedAmdSp.create({ random })];
    expect(certificates(first).pdh.signedBody).toEqual(certificates(second).pdh.signedBody);
  });

  it('is working while it has guests', async () => {
    const amdSp = await SimulatedAmdSp.create();
    expect(amdSp.platformStatus()).toEqual({
      apiMajor: 0,
      apiMinor: 24,
      build: 15,
      state: 'init',
      owned: false,
      es: true,
      guests: 0,
    });
    const handles = [await amdSp.launchStart({ policy: 1 }), await amdSp.launchStart({ policy: 1 })];
    expect(amdSp.platformStatus()).toMatchObject({ state: 'working', guests: 2 });
    for (const handle of handles) await amdSp.decommission(handle);
    expect(amdSp.platformStatus()).toMatchObject({ state: 'init', guests: 0 });
  });

  it('offers nothing but its status and id before INIT', async () => {
    const amdSp = await SimulatedAmdSp.create();
    await amdSp.shutdown();
    expect(amdSp.platformStatus().state).toBe('uninit');
    expect(amdSp.getId()).toHaveLength(64);
    const status = { status: 0x01 };
    expect(() => amdSp.pdhCertExport()).toThrow(expect.objectContaining(status) as Error);
    await expect(amdSp.launchStart({ policy: 1 })).rejects.toMatchObject(status);
    await expect(amdSp.pdhGen()).rejects.toMatchObject(status);
    await amdSp.init();
    await expect(amdSp.init()).rejects.toMatchObject(status);
  });
});

describe('A policy', () => {
  it('must be of an API that the platform has', async () => {
    const amdSp = await SimulatedAmdSp.create({ apiMajor: 1, apiMinor: 22 });
    const leastApi = (major: number, minor: number) => ((minor << 24) | (major << 16) | 1) >>> 0;
    for (const [major, minor] of [
      [0, 255],
      [1, 21],
      [1, 22],
    ] as const) {
      expect(await amdSp.launchStart({ policy: leastApi(major, minor) })).toBeGreaterThan(0);
    }
    for (const [major, minor] of [
      [1, 23],
      [2, 0],
    ] as const) {
      const refused = amdSp.launchStart({ policy: leastApi(major, minor) });
      await expect(refused).rejects.toMatchObject({ status: 0x07, code: 'AMDSP_POLICY_FAILURE' });
    }
  });

  it('that asks for SEV-ES needs a platform with SEV-ES', async () => {
    const without = await SimulatedAmdSp.create({ es: false });
    await expect(without.launchStart({ policy: POLICY_ES })).rejects.toMatchObject({ status: 0x07 });
    const withEs = await SimulatedAmdSp.create();
    expect(await withEs.launchStart({ policy: POLICY_ES })).toBe(1);
  });

  it('allows key sharing only when both guests do', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const [sharing, alone] = [await amdSp.launchStart({ policy: 1 }), await amdSp.launchStart({ policy: 3 })];
    expect(await amdSp.launchStart({ policy: 1, handle: sharing })).toBe(3);
    await expect(amdSp.launchStart({ policy: 3, handle: sharing })).rejects.toMatchObject({ status: 0x07 });
    await expect(amdSp.launchStart({ policy: 1, handle: alone })).rejects.toMatchObject({ status: 0x07 });
    await expect(amdSp.launchStart({ policy: 1, handle: 99 })).rejects.toMatchObject({ status: 0x10 });
  });
});

describe('LAUNCH_START', () => {
  it('wants GODH and session together, and well-formed', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const { pdh } = amdSp.pdhCertExport();
    await expect(amdSp.launchStart({ policy: 1, godh: pdh })).rejects.toMatchObject({ status: 0x16 });
    const session = new Uint8Array(128);
    await expect(amdSp.launchStart({ policy: 1, session })).rejects.toMatchObject({ status: 0x16 });
    const start = (godh: Uint8Array, blob: Uint8Array) => amdSp.launchStart({ policy: 1, godh, session: blob });
    await expect(start(pdh.slice(1), session)).rejects.toMatchObject({ status: 0x06 });
    await expect(start(pdh, session.slice(1))).rejects.toMatchObject({ status: 0x04 });
    await expect(start(pdh, session)).rejects.toMatchObject({ status: 0x0b });
    expect(amdSp.platformStatus().guests).toBe(0);
  });
});

describe('A guest goes from launch to running, and never back', () => {
  const packet = { header: new Uint8Array(52), payload: new Uint8Array(16), guestLength: 16 };
  const invalidState = { status: 0x02, code: 'AMDSP_INVALID_GUEST_STATE' };

  it('LUPDATE: loads, and gives no secret or report away', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const handle = await launched(amdSp);
    expect(amdSp.guestStatus(handle)).toEqual({ policy: 1, state: 1 });
    await expect(amdSp.launchSecret(handle, packet)).rejects.toMatchObject(invalidState);
    await expect(amdSp.launchFinish(handle)).rejects.toMatchObject(invalidState);
    await expect(amdSp.attestationReport(handle, new Uint8Array(16))).rejects.toMatchObject(invalidState);
  });

  it('LSECRET: takes secrets, and loads no more', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const handle = await launched(amdSp, POLICY_ES);
    expect(await amdSp.launchMeasure(handle)).toHaveLength(48);
    expect(amdSp.guestStatus(handle).state).toBe(2);
    await expect(amdSp.launchUpdateData(handle, PAGE)).rejects.toMatchObject(invalidState);
    await expect(amdSp.launchUpdateVmsa(handle, PAGE)).rejects.toMatchObject(invalidState);
    await expect(amdSp.launchMeasure(handle)).rejects.toMatchObject(invalidState);
    await expect(amdSp.launchSecret(handle, packet)).rejects.toMatchObject({ status: 0x0b });
  });

  it('RUNNING: reports, and takes nothing more', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const handle = await launched(amdSp);
    await amdSp.launchMeasure(handle);
    await amdSp.launchFinish(handle);
    expect(amdSp.guestStatus(handle).state).toBe(3);
    await expect(amdSp.launchSecret(handle, packet)).rejects.toMatchObject(invalidState);
    await expect(amdSp.launchFinish(handle)).rejects.toMatchObject(invalidState);
    expect(await amdSp.attestationReport(handle, new Uint8Array(16))).toHaveLength(208);
  });

  it('is unknown once it was decommissioned, and before it was started', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const handle = await launched(amdSp);
    await amdSp.decommission(handle);
    expect(() => amdSp.guestStatus(handle)).toThrow(expect.objectContaining({ status: 0x10 }) as Error);
    await expect(amdSp.launchMeasure(handle)).rejects.toMatchObject({ status: 0x10 });
    await expect(amdSp.decommission(7)).rejects.toMatchObject({ status: 0x10 });
  });

  it('takes data in multiples of 16 bytes, and VMSA pages only with SEV-ES', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const handle = await amdSp.launchStart({ policy: 1 });
    for (const size of [0, 15, 17]) {
      const refused = amdSp.launchUpdateData(handle, new Uint8Array(size));
      await expect(refused).rejects.toMatchObject({ status: 0x04 });
    }
    await expect(amdSp.launchUpdateVmsa(handle, PAGE)).rejects.toMatchObject(invalidState);
    const es = await amdSp.launchStart({ policy: POLICY_ES });
    await expect(amdSp.launchUpdateVmsa(es, PAGE.slice(1))).rejects.toMatchObject({ status: 0x04 });
    await amdSp.launchUpdateVmsa(es, PAGE);
  });

  it('measures with a fresh nonce each time', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const measures = [await launched(amdSp), await launched(amdSp)].map((handle) => amdSp.launchMeasure(handle));
    const [first, second] = await Promise.all(measures);
    expect(equalBytes(first!.slice(32), second!.slice(32))).toBe(false);
    expect(equalBytes(first!.slice(0, 32), second!.slice(0, 32))).toBe(false);
  });
});

describe('An attestation report', () => {
  it('is unknown to firmware before 0.23', async () => {
    const old = await SimulatedAmdSp.create({ apiMinor: 22 });
    await expect(old.attestationReport(1, new Uint8Array(16))).rejects.toMatchObject({ code: 'AMDSP_INVALID_COMMAND' });
  });

  it('is signed by the PEK over nonce, digest and policy', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const handle = await launched(amdSp, 3);
    await amdSp.launchMeasure(handle);
    const mnonce = new Uint8Array(16).fill(9);
    const report = await amdSp.attestationReport(handle, mnonce);
    expect(report.slice(0, 16)).toEqual(mnonce);
    expect(toHex(report.slice(16, 48))).toBe(toHex(sha256(PAGE)));
    expect(toHex(report.slice(48, 64))).toBe('03000000021000000200000000000000');
    const component = (offset: number) => report.slice(offset, offset + 48).reverse();
    const signature = { r: component(64), s: component(136) };
    const { pek } = certificates(amdSp);
    expect(await verifyEcdsa(pek.publicKey, 'SHA-256', signature, report.slice(0, 52))).toBe(true);
    await expect(amdSp.attestationReport(handle, mnonce.slice(1))).rejects.toMatchObject({ status: 0x04 });
  });
});
