// AMD's root and signing keys for SEV by generation, pinned by the SHA-256 of the whole public key.
//
// Origin: computed from the certificates that AMD publishes, over exponent and modulus as stored (file offsets 64–575,
// or 64–1087 for 4,096 bits). Naples, Milan, Genoa and Turin from the copies in virtee/sev (src/certs/sev/builtin,
// Apache-2.0). Rome's are confirmed by the ids that `sevctl verify` prints in libvirt's article "Launch security with
// AMD SEV"; Milan's, Genoa's and Turin's keys equal those of AMD's X.509 certificates for SEV-SNP in virtee/sev and
// google/go-sev-guest. The certificates are AMD's and are not part of this program.
import type { PinnedRoot } from './pinned-root.ts';

export type { Generation, PinnedKey, PinnedRoot, ProductLine } from './pinned-root.ts';

const AMD_DOWNLOADS = 'https://download.amd.com/developer/eula/sev';

export const AMD_ROOTS: readonly PinnedRoot[] = [
  {
    generation: 'naples',
    name: 'Naples (EPYC 7001)',
    simulated: false,
    modulusSizeBits: 2048,
    keyId: '1bb987c359494606b174945601c9ea5b',
    keySha256: 'fb61bb1bf3b399dfb7c811390c25845d74369aae5f2a77e25710c86cc2ecb158',
    ask: {
      keyId: 'e139970cfc464377ae61b289e2f9e96e',
      keySha256: 'aab73c58f192d7f6fcc61ae0898ae18e07f5c2ddcdea433d6203d828abcb2871',
    },
    servedWithoutSignature: true,
    caCertsUrl: `${AMD_DOWNLOADS}/ask_ark_naples.cert`,
  },
  {
    generation: 'rome',
    name: 'Rome (EPYC 7002)',
    simulated: false,
    modulusSizeBits: 4096,
    keyId: 'e6002122fb58419399d15fee7b131351',
    keySha256: '227cc97640363424696c3e80d4d17902a5e1784cc5805a9eb5acc00620661a71',
    ask: {
      keyId: 'c6cbcf145b3146f498e40ecb4ad4fded',
      keySha256: '8adbd3fa4728ae59bf93c247a45431fa97460dcfbe7e4f1b3588e97c29f37bd2',
    },
    caCertsUrl: `${AMD_DOWNLOADS}/ask_ark_rome.cert`,
  },
  {
    generation: 'milan',
    name: 'Milan (EPYC 7003)',
    simulated: false,
    snpProducts: ['Milan'],
    modulusSizeBits: 4096,
    keyId: '94c38e4177d0479292a7ae671d083fb6',
    keySha256: '5201496b2232d81cf2ae75b867e7b8516f81a3d4d0dc876138051927a5a20bab',
    ask: {
      keyId: '73478c05cc174bfeb06e718fa75dc3c8',
      keySha256: 'b2afa8dc7d5ddb1fbb9f23705a7a461f2f5d5e34b783508947796f1ff00c9f07',
    },
    caCertsUrl: `${AMD_DOWNLOADS}/ask_ark_milan.cert`,
  },
  {
    generation: 'genoa',
    name: 'Genoa, Bergamo, Siena (EPYC 9004, 8004)',
    simulated: false,
    snpProducts: ['Genoa'],
    modulusSizeBits: 4096,
    keyId: '9f9d4a8fe761456599f6946c4c010f3a',
    keySha256: '6be9aa11d1b8c246ba0e67c8cb850f249e8fa0690adcba97189f223885e6a91b',
    ask: {
      keyId: 'acbb4ad21acc436fb3e932f812cd01b0',
      keySha256: '0cc708f3ff7f9cc7903e8ae945656ecaf4b5febe582e5e4fecdd89381a8d8744',
    },
    caCertsUrl: `${AMD_DOWNLOADS}/ask_ark_genoa.cert`,
  },
  {
    generation: 'turin',
    name: 'Turin (EPYC 9005)',
    simulated: false,
    snpProducts: ['Turin'],
    modulusSizeBits: 4096,
    keyId: 'd05c3a8bde484904b49552422ceb3942',
    keySha256: '1d1245f774fd7190e5380751a9338c3dc63c89d75c44c1faa317bfffe4bd00c7',
    ask: {
      keyId: '15051693f7304d65a527b4a7f3f7cb77',
      keySha256: 'a373281bc5fd3df468fb228f86f0f10828bc99bf31b71648fdda66a2f66e8240',
    },
    // The address that virtee/sev names; whether AMD's newer server has it too could not be confirmed.
    caCertsUrl: 'https://developer.amd.com/wp-content/resources/ask_ark_turin.cert',
  },
];
