import { describe, expect, it } from 'vitest';
import { concat } from '../bytes/writer.ts';
import { verifyEcdsa } from '../crypto/signatures.ts';
import { webCryptoRandom } from '../crypto/subtle.ts';
import { encodeSevCert, parseEcdsaSlotValue, parseSevCert, type SevCert } from '../sev/formats/sev-cert.ts';
import { describeWithVectors, vectorBytes } from '../testing/vectors.ts';
import { vectorPlatform } from '../testing/vector-platform.ts';
import { SimulatedAmdSp } from './amd-sp.ts';
import { certificateOf, signed, slotBy } from './certify.ts';
import { makePlatformKey } from './platform-key.ts';

/** An owner with an OCA, who signs requests as sev-tool and sevctl do. */
function makeOwner() {
  const key = makePlatformKey(webCryptoRandom);
  const content = certificateOf('OCA', key, { apiMajor: 0, apiMinor: 0 });
  const oca = signed(content, slotBy('OCA', key, content));
  const sign = (csr: Uint8Array) => signed(parseSevCert(csr), slotBy('OCA', key, parseSevCert(csr)));
  return { oca, sign };
}

const exported = (amdSp: SimulatedAmdSp) => {
  const { pdh, chain } = amdSp.pdhCertExport();
  return { pdh: parseSevCert(pdh), pek: parseSevCert(chain.slice(0, 2084)), oca: chain.slice(2084, 4168) };
};

const slotVerifies = (subject: SevCert, signer: SevCert, slot: 0 | 1) =>
  verifyEcdsa(signer.publicKey, 'SHA-256', parseEcdsaSlotValue(subject.signatures[slot]!.value), subject.signedBody);

describe('Taking a platform into ownership', () => {
  it('keeps the PEK, countersigns it in the free slot, and makes a new PDH', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const before = exported(amdSp);
    const owner = makeOwner();
    await amdSp.pekCertImport(owner.sign(amdSp.pekCsr()), owner.oca);

    const after = exported(amdSp);
    expect(amdSp.platformStatus().owned).toBe(true);
    expect(after.pek.signedBody).toEqual(before.pek.signedBody);
    expect(after.oca).toEqual(owner.oca);
    expect(after.pdh.publicKey).not.toEqual(before.pdh.publicKey);
    expect(after.pek.signatures.map((slot) => slot?.usage)).toEqual(['OCA', 'CEK']);
    expect(await slotVerifies(after.pek, parseSevCert(owner.oca), 0)).toBe(true);
    expect(await slotVerifies(after.pek, parseSevCert(amdSp.amdCek()), 1)).toBe(true);
    expect(await slotVerifies(after.pdh, after.pek, 0)).toBe(true);
  });

  it('works when the owner signed in the second slot', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const owner = makeOwner();
    const request = parseSevCert(owner.sign(amdSp.pekCsr()));
    const [slot] = request.signatures;
    await amdSp.pekCertImport(encodeSevCert({ ...request, signatures: [undefined, slot] }), owner.oca);
    expect(exported(amdSp).pek.signatures.map((signature) => signature?.usage)).toEqual(['CEK', 'OCA']);
  });

  it('is refused for a platform that has an owner', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const owner = makeOwner();
    await amdSp.pekCertImport(owner.sign(amdSp.pekCsr()), owner.oca);
    const again = amdSp.pekCertImport(owner.sign(amdSp.pekCsr()), owner.oca);
    await expect(again).rejects.toMatchObject({ status: 0x05 });
    await amdSp.pekGen();
    expect(amdSp.platformStatus().owned).toBe(false);
    await amdSp.pekCertImport(owner.sign(amdSp.pekCsr()), owner.oca);
  });

  it('is refused for another platform, wrong kinds, wrong signatures and damaged bytes', async () => {
    const [amdSp, other] = [await SimulatedAmdSp.create(), await SimulatedAmdSp.create()];
    const [owner, stranger] = [makeOwner(), makeOwner()];
    const request = owner.sign(amdSp.pekCsr());
    const refused = async (pek: Uint8Array, oca: Uint8Array, status: number) =>
      expect(amdSp.pekCertImport(pek, oca)).rejects.toMatchObject({ status });
    await refused(owner.sign(other.pekCsr()), owner.oca, 0x06);
    await refused(owner.oca, owner.oca, 0x06);
    await refused(request, request, 0x06);
    await refused(request.slice(1), owner.oca, 0x06);
    await refused(request, owner.oca.slice(1), 0x06);
    await refused(request, stranger.oca, 0x0a);
    await refused(amdSp.pekCsr(), owner.oca, 0x0a);
    const flipped = owner.oca.slice();
    flipped[0x420]! ^= 1;
    await refused(request, flipped, 0x0a);
    const { pek } = exported(amdSp);
    await refused(
      encodeSevCert({ ...pek, signatures: [parseSevCert(request).signatures[0], pek.signatures[1]] }),
      owner.oca,
      0x06,
    );
    expect(amdSp.platformStatus().owned).toBe(false);
  });
});

describe('Renewing keys', () => {
  it('PDH_GEN makes a new PDH under the same PEK, also while guests run', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const before = exported(amdSp);
    await amdSp.launchStart({ policy: 1 });
    await amdSp.pdhGen();
    const after = exported(amdSp);
    expect(after.pek).toEqual(before.pek);
    expect(after.pdh.publicKey).not.toEqual(before.pdh.publicKey);
  });

  it('PEK_GEN, PEK_CSR and PEK_CERT_IMPORT want a platform without guests', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const owner = makeOwner();
    const request = owner.sign(amdSp.pekCsr());
    await amdSp.launchStart({ policy: 1 });
    const status = { status: 0x01 };
    await expect(amdSp.pekGen()).rejects.toMatchObject(status);
    await expect(amdSp.pekCertImport(request, owner.oca)).rejects.toMatchObject(status);
    expect(() => amdSp.pekCsr()).toThrow(expect.objectContaining(status) as Error);
  });

  it('PLATFORM_RESET wants UNINIT, and ends ownership with new keys; the CEK stays', async () => {
    const amdSp = await SimulatedAmdSp.create();
    const owner = makeOwner();
    await amdSp.pekCertImport(owner.sign(amdSp.pekCsr()), owner.oca);
    const [before, cek] = [exported(amdSp), amdSp.amdCek()];
    await expect(amdSp.reset()).rejects.toMatchObject({ status: 0x01 });
    await amdSp.shutdown();
    await amdSp.reset();
    await amdSp.init();
    const after = exported(amdSp);
    expect(amdSp.platformStatus().owned).toBe(false);
    expect(after.pek.publicKey).not.toEqual(before.pek.publicKey);
    expect(after.oca).not.toEqual(before.oca);
    expect(amdSp.amdCek()).toEqual(cek);
  });
});

describeWithVectors('The platform of the vectors', () => {
  it('exports its chain byte for byte as the reference does', async () => {
    const { pdh, chain } = (await vectorPlatform()).pdhCertExport();
    expect(concat(pdh, chain)).toEqual(vectorBytes('sim/pdh_cert_export.bin'));
  });
});

describeWithVectors('The request and the owner of the vectors', () => {
  it("are this platform's request, signed by another implementation, and are taken", async () => {
    const amdSp = await vectorPlatform();
    expect(amdSp.pekCsr()).toEqual(vectorBytes('ownership/pek_csr.cert'));
    await amdSp.pekCertImport(vectorBytes('ownership/pek_csr.signed.cert'), vectorBytes('ownership/oca.cert'));
    const { pek, oca } = exported(amdSp);
    expect(oca).toEqual(vectorBytes('ownership/oca.cert'));
    const referencePek = parseSevCert(vectorBytes('ownership/full_chain_after.cert').slice(2084, 4168));
    expect(pek.signedBody).toEqual(referencePek.signedBody);
    expect(pek.signatures[0]).toEqual(referencePek.signatures[0]);
    expect(pek.signatures[1]!.usage).toBe(referencePek.signatures[1]!.usage);
  });

  it.each(['sim/pek.cert', 'sim/pdh.cert'])('%s is no request', async (path) => {
    const amdSp = await vectorPlatform();
    const taken = amdSp.pekCertImport(vectorBytes(path), vectorBytes('ownership/oca.cert'));
    await expect(taken).rejects.toThrow(/AMDSP_(INVALID_CERTIFICATE|BAD_SIGNATURE)/);
  });
});
