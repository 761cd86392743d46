import { describe, expect, it } from 'vitest';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import { simRoots } from '../../testing/sim-roots.ts';
import { vectorPlatform } from '../../testing/vector-platform.ts';
import { SevError } from '../../errors.ts';
import { fromBase64, fromUtf8, toHex, toUtf8 } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import { parseCertChain } from '../formats/cert-chain.ts';
import { parseSevCert } from '../formats/sev-cert.ts';
import { verifyCertChain } from '../verify/cert-chain.ts';
import { sevctlId } from '../verify/cert-id.ts';
import { exportOwnerKey, importOwnerKey, makeOwnerKey } from './owner-key.ts';
import { isKeyOf, makeOcaCertificate, parsePekCsr, requireOwner, signPekCsr, verifyOca } from './ownership.ts';

const EXTRACTABLE = { extractable: true };
const FORMS = ['sec1-der', 'sec1-pem', 'pkcs8-pem'] as const;

const messageOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    if (error instanceof SevError) return `${error.message} | ${error.next}`;
    throw error;
  }
  return 'accepted';
};

describe("An owner's key", () => {
  it.each(FORMS)('is given out and taken in again: %s', async (form) => {
    const key = await makeOwnerKey(EXTRACTABLE);
    const file = await exportOwnerKey(key, form);
    const again = await importOwnerKey(file, { extractable: false });
    expect(again.publicKey).toEqual(key.publicKey);
    expect(again.privateKey.extractable).toBe(false);
    const oca = await verifyOca(await makeOcaCertificate(again));
    expect(isKeyOf(key, oca)).toBe(true);
  });

  it('stays in the vault when it is not extractable', async () => {
    const key = await makeOwnerKey({ extractable: false });
    expect(await messageOf(() => exportOwnerKey(key, 'pkcs8-pem'))).toContain('CERT_PEM');
  });

  it('is read as openssl writes it: with parameters before it, or without the public key', async () => {
    const key = await makeOwnerKey(EXTRACTABLE);
    const pem = fromUtf8(await exportOwnerKey(key, 'sec1-pem'));
    const parameters = '-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n';
    expect((await importOwnerKey(toUtf8(parameters + pem), EXTRACTABLE)).publicKey).toEqual(key.publicKey);
    expect((await importOwnerKey(toUtf8(pem.replaceAll('\n', '\r\n')), EXTRACTABLE)).publicKey).toEqual(key.publicKey);
    const der = await exportOwnerKey(key, 'sec1-der');
    const bare = concat(Uint8Array.of(0x30, 62), der.slice(3, 65));
    expect((await importOwnerKey(bare, EXTRACTABLE)).publicKey).toEqual(key.publicKey);
    const { x, y } = key.publicKey;
    const short = (sign: number): Uint8Array =>
      concat(Uint8Array.of(0x30, 116), der.slice(3, 65), Uint8Array.of(0xa1, 52, 3, 50, 0, sign), x);
    const odd = y.at(-1)! & 1;
    expect((await importOwnerKey(short(2 + odd), EXTRACTABLE)).publicKey).toEqual(key.publicKey);
    expect(await messageOf(() => importOwnerKey(short(3 - odd), EXTRACTABLE))).toContain('another key');
  });

  it('is refused when it is cut, changed, encrypted or of another kind, without quoting it', async () => {
    const key = await makeOwnerKey(EXTRACTABLE);
    const der = await exportOwnerKey(key, 'sec1-der');
    const secret = toHex(der.slice(8, 56));
    const refused = async (bytes: Uint8Array, saying = ''): Promise<void> => {
      const message = await messageOf(() => importOwnerKey(bytes, EXTRACTABLE));
      expect(message).toContain('CERT_PEM');
      expect(message).toContain(saying);
      expect(message).not.toContain(secret.slice(0, 16));
    };
    for (let length = 0; length < der.length; length++) await refused(der.subarray(0, length));
    await refused(concat(der, Uint8Array.of(0)));
    const changed = (offset: number, ...values: number[]): Uint8Array => {
      const copy = der.slice();
      copy.set(values, offset);
      return copy;
    };
    await refused(changed(20, der[20]! ^ 1), 'belongs to another key');
    await refused(changed(8, ...new Array<number>(48).fill(0)), 'out of range');
    await refused(changed(8, ...new Array<number>(48).fill(255)), 'out of range');
    await refused(changed(64, 0x23), 'no EC key on secp384r1');
    await refused(
      toUtf8('-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----'),
      'openssl ec',
    );
    await refused(toUtf8('-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----'));
    const pem = fromUtf8(await exportOwnerKey(key, 'pkcs8-pem'));
    await refused(toUtf8(pem + pem), 'There are 2 keys');
    const labelled = (label: string): Uint8Array => toUtf8(`-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----`);
    await refused(labelled('OPENSSH PRIVATE KEY'), 'OpenSSH');
    await refused(labelled('RSA PRIVATE KEY'), 'no EC key');
    await refused(labelled('PUBLIC KEY'), 'public key');
    await refused(labelled('CERTIFICATE'), 'X.509');
    // Sequences of an encrypted PKCS #8, a public key, a PKCS #12 store, and a curve that is written out.
    await refused(Uint8Array.of(0x30, 4, 0x30, 0, 4, 0), 'encrypted');
    await refused(Uint8Array.of(0x30, 4, 0x30, 0, 3, 0), 'public key');
    await refused(Uint8Array.of(0x30, 5, 2, 1, 3, 0x30, 0), 'PKCS #12');
    await refused(
      concat(Uint8Array.of(0x30, 66), der.slice(3, 56), Uint8Array.of(0xa0, 11, 0x30, 9), der.slice(56, 65)),
      'written out',
    );
    await refused(new Uint8Array(5000).fill(0x30));
  });
});

describeWithVectors('Taking the simulated platform into ownership', () => {
  const files = vectorJson<{ oca_id: string; rejected: { file: string }[] }>('ownership.json');
  const csr = vectorBytes('ownership/pek_csr.cert');
  const ownerKey = () => importOwnerKey(vectorBytes('sim/owner.key.pem'), EXTRACTABLE);

  it("reads the owner's certificate of another implementation, and makes the same one", async () => {
    const theirs = await verifyOca(vectorBytes('ownership/oca.cert'));
    const ours = await verifyOca(await makeOcaCertificate(await ownerKey()));
    expect(await sevctlId(theirs)).toBe(files.oca_id);
    expect(ours.signedBody).toEqual(theirs.signedBody);
    expect(ours.signatures.map((slot) => slot?.usage)).toEqual(theirs.signatures.map((slot) => slot?.usage));
  });

  it("signs the request as another implementation does, but for the signature's randomness", async () => {
    const [key, oca] = [await ownerKey(), await verifyOca(vectorBytes('ownership/oca.cert'))];
    const signed = await signPekCsr(parsePekCsr(csr), { key, oca });
    const theirs = vectorBytes('ownership/pek_csr.signed.cert');
    expect(signed.subarray(0, 0x41c)).toEqual(theirs.subarray(0, 0x41c));
    expect(signed.subarray(0x41c + 144)).toEqual(theirs.subarray(0x41c + 144));
  });

  it('ends with a platform whose chain names this owner', async () => {
    const amdSp = await vectorPlatform();
    const key = await makeOwnerKey({ extractable: false });
    const oca = await verifyOca(await makeOcaCertificate(key));
    const request = parsePekCsr(amdSp.pekCsr(), parseCertChain(vectorBytes('sim/full_chain.cert')).pek);
    await amdSp.pekCertImport(await signPekCsr(request, { key, oca }), oca.bytes);
    const { pdh, chain } = amdSp.pdhCertExport();
    const amd = concat(vectorBytes('sim/cek.cert'), vectorBytes('sim/ask.cert'), vectorBytes('sim/ark.cert'));
    const trusted = await verifyCertChain(parseCertChain(concat(pdh, chain.subarray(0, 4168), amd)), simRoots());
    expect(await messageOf(() => requireOwner(trusted, oca))).toBe('accepted');
    const stranger = await verifyOca(vectorBytes('ownership/oca.cert'));
    expect(await messageOf(() => requireOwner(trusted, stranger))).toContain('CERT_OWNER_UNEXPECTED');
  });

  it.each([
    ['sim/pek.cert', 'signed already, by the OCA'],
    ['ownership/pek_csr.signed.cert', 'signed already, by the OCA'],
    ['sim/pdh.cert', 'another use (PDH)'],
    ['sim/oca.cert', 'another use (OCA)'],
  ])('takes no request that is none: %s', async (path, saying) => {
    const message = await messageOf(() => parsePekCsr(vectorBytes(path)));
    expect(message).toContain('CERT_CSR');
    expect(message).toContain(saying);
  });

  it('refuses every file that the vectors call no request', () => {
    for (const { file } of files.rejected) expect(() => parsePekCsr(vectorBytes(file))).toThrow('CERT_CSR');
  });

  it('takes no request of another platform, and no certificate of another key', async () => {
    const pek = parseCertChain(vectorBytes('certs/naples/full_chain.cert')).pek;
    expect(await messageOf(() => parsePekCsr(csr, pek))).toContain('of another platform');
    const oca = await verifyOca(vectorBytes('ownership/oca.cert'));
    const key = await makeOwnerKey({ extractable: false });
    expect(await messageOf(() => signPekCsr(parsePekCsr(csr), { key, oca }))).toContain('CERT_KEY at oca');
  });

  it('takes no OCA that does not sign itself', async () => {
    const oca = vectorBytes('ownership/oca.cert');
    oca[0x41c]! ^= 1;
    expect(await messageOf(() => verifyOca(oca))).toContain('CERT_SIGNATURE at oca.signature1');
    expect(await messageOf(() => verifyOca(vectorBytes('sim/pek.cert')))).toContain('CERT_USAGE');
    const other = parseCertChain(vectorBytes('negative/oca-not-self.chain')).oca;
    expect(await messageOf(() => verifyOca(other.bytes))).toContain('CERT_SIGNATURE');
  });

  it.each(['oca', 'pek', 'cek', 'pdh', 'owner'])('reads the key files of another implementation: %s', async (name) => {
    const file = vectorBytes(`sim/${name}.key.pem`);
    const { publicKey } = await importOwnerKey(file, EXTRACTABLE);
    const cert = parseSevCert(vectorBytes(name === 'owner' ? 'ownership/oca.cert' : `sim/${name}.cert`));
    expect(publicKey).toEqual(cert.publicKey);
    const der = fromBase64(fromUtf8(file).replaceAll(/-----[^-]+-----|\s/g, ''));
    expect(await exportOwnerKey(await importOwnerKey(der, EXTRACTABLE), 'sec1-der')).toEqual(der);
    expect(await exportOwnerKey(await importOwnerKey(der, EXTRACTABLE), 'sec1-pem')).toEqual(file);
  });

  it('reads no RSA key', async () => {
    expect(await messageOf(() => importOwnerKey(vectorBytes('sim/ark.key.pem'), EXTRACTABLE))).toContain('CERT_PEM');
  });
});
