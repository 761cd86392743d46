import { describe, expect, it } from 'vitest';
import { toHex } from '../bytes/text.ts';
import { sha256 } from '../crypto/subtle.ts';
import { parseX509 } from '../snp/formats/x509.ts';
import { describeWithVectors, vectorBytes } from '../testing/vectors.ts';
import { parseCaCert } from '../sev/formats/ca-cert.ts';
import { AMD_ROOTS } from './amd-roots.ts';
import { loadAmdAuthorities, loadAmdSnpCertificates } from './load-amd-snp-certificates.ts';
import { rootOfRsaKey, rsaKeySha256 } from './rsa-key-hash.ts';

/** SHA-256 of the whole certificate and of its whole SubjectPublicKeyInfo, as several projects publish them. */
const PUBLISHED = {
  'ARK-Milan': [
    '69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd',
    '9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9',
  ],
  'SEV-Milan': [
    '67d303bd3905fd38db8b20e0793699870e7fa612eaad5dec358293fd8c0bac1b',
    '42491669ccb851d627ea9846cd24eccbeb7de7c2a62740120fff88001d38ebb6',
  ],
  'SEV-VLEK-Milan': [
    'c5e081f59b7efab1fe2f8b505e159704e72f29cab7ef7cf628a05a42439082f5',
    '66450a123ea5876206df67f2514a4fea224c0f63b18313423078b0edc4535e33',
  ],
  'ARK-Genoa': [
    '4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1',
    '429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831',
  ],
  'SEV-Genoa': [
    '5464738c1546aed5f2cecf1dc98c5c960a92e8913238a61711bc90ec6e828521',
    '0324d55bcd48ba877a8fd87c0e1b4934dec8448e3807a24384a34dc6a6c9ebb8',
  ],
  'SEV-VLEK-Genoa': [
    '197e610743a917d6b9bb982a5a9226ccc0a15b611be0619e626aca9151457372',
    '7d1633252ebbadaa75f96e9b4e6f7d43a90ceb3f843937482630f8da2459264e',
  ],
  'ARK-Turin': [
    '1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a',
    '4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08',
  ],
  'SEV-Turin': [
    '5b77ef5fe7a7a004fd9032668fba9d0fda22f88c4442069a479636a6ae3b3185',
    '0000ead352025f208bf55297c4192c34cd1b878002107366d8f2065a9ae7d3a9',
  ],
  'SEV-VLEK-Turin': [
    '104e10a8bd060a3c20a434261a57d0588fd65a88915b4f65b08bdecaf8df1a3c',
    'bfc441408b2f806c5dbf180bd8920e6e60dd404d82141780d85dbf962954d386',
  ],
} as const;

describe("AMD's certificates for SEV-SNP", () => {
  it('are the published ones, by certificate and by key', async () => {
    const found = (await loadAmdAuthorities()).map(async (bytes) => {
      const { subject, keyInfo } = parseX509(bytes, 'ca');
      return [subject.commonName, [toHex(await sha256(bytes)), toHex(await sha256(keyInfo))]];
    });
    expect(Object.fromEntries(await Promise.all(found))).toEqual(PUBLISHED);
  });

  it('have the keys that are pinned for SEV: one pin serves both wings', async () => {
    for (const [product, { ark, ask, asvk }] of Object.entries(await loadAmdSnpCertificates())) {
      const [root] = AMD_ROOTS.filter(({ snpProducts }) => snpProducts?.some((name) => name === product));
      const [arkKey, askKey, asvkKey] = [ark, ask, asvk].map((bytes) => {
        const { key } = parseX509(bytes, 'ca');
        if (key.kind !== 'rsa') throw new Error('not RSA');
        return key.rsa;
      });
      expect(rootOfRsaKey(arkKey!, AMD_ROOTS), product).toBe(root);
      expect(rsaKeySha256(askKey!), product).toBe(root!.ask.keySha256);
      expect(rootOfRsaKey(asvkKey!, AMD_ROOTS), product).toBeUndefined();
    }
  });

  it('belong to three roots, each named for its product', () => {
    const named = AMD_ROOTS.filter(({ snpProducts }) => snpProducts).map(({ generation, snpProducts }) => [
      generation,
      snpProducts,
    ]);
    expect(named).toEqual([
      ['milan', ['Milan']],
      ['genoa', ['Genoa']],
      ['turin', ['Turin']],
    ]);
  });
});

describeWithVectors('Keys in both forms', () => {
  it.each(['milan', 'genoa', 'turin'])('%s: SEV and SNP certificates have one key', async (name) => {
    for (const kind of ['ark', 'ask']) {
      const x509 = parseX509(vectorBytes(`snp/ca/${name}/${kind}.der`), kind);
      const sev = parseCaCert(vectorBytes(`certs/${name}/${kind}.cert`));
      if (x509.key.kind !== 'rsa') throw new Error('not RSA');
      expect(rsaKeySha256(x509.key.rsa), kind).toBe(toHex(await sha256(sev.keyField)));
    }
  });
});
