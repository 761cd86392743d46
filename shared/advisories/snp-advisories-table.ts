// Published weaknesses of SEV-SNP, and what a report can show of their fixes. Dated: it ages.
//
// Sources: the CVE records that AMD filed and its bulletins as others quote them (microsoft/CCF, virtee/snphost and virtee/sev,
// lsd-cat/libsnpverify), and the papers. Where no source at hand gives a number, none is made up: AMD's bulletins name the least
// TCB for each product, and the owner can enter it as a floor.
import type { SnpProduct } from '../snp/formats/product.ts';
import type { FirmwareVersion } from '../snp/formats/report.ts';
import type { Tcb } from '../snp/formats/tcb.ts';

/** What must show in a report, all of it. */
export interface Needs {
  /** Of REPORTED_TCB, the one that the signature is bound to. */
  readonly tcb?: Partial<Tcb>;
  /** Of the committed firmware; the firmware's own word. */
  readonly firmware?: FirmwareVersion;
  /** Bits that must be set; the firmware's own word. */
  readonly platformBits?: readonly number[];
  /** Bits that must be set; kept by the firmware. */
  readonly policyBits?: readonly number[];
}

/**
 * `shown`: a report tells. `update`: a BIOS of this version has the fix; which TCB that is, is not known here. `none`: no update and no
 * floor helps. `guest`: only a fixed guest helps, which its launch digest shows. `invisible`: nothing in a report shows it.
 */
export type SnpRemedy =
  | { readonly kind: 'shown'; readonly needs: Needs }
  | { readonly kind: 'update'; readonly version: string | undefined }
  | { readonly kind: 'none' | 'guest' | 'invisible' };

export interface SnpAdvisory {
  /** A CVE, a paper, or a plain name where there is neither. */
  readonly id: string;
  readonly name?: string;
  readonly bulletin?: string;
  /** YYYY-MM-DD or YYYY-MM; undefined where no date is at hand. */
  readonly published?: string;
  readonly affects: Readonly<Partial<Record<SnpProduct, SnpRemedy>>>;
  readonly sentence: string;
  readonly source: string;
}

const cve = (id: string): string => `https://www.cve.org/CVERecord?id=${id}`;
const bulletin = (id: string): string =>
  `https://www.amd.com/en/resources/product-security/bulletin/${id.toLowerCase()}.html`;
const shown = (needs: Needs): SnpRemedy => ({ kind: 'shown', needs });
const update = (version?: string): SnpRemedy => ({ kind: 'update', version });
const firmware = (major: number, minor: number, build: number): FirmwareVersion => ({ major, minor, build });
const all = (remedy: SnpRemedy): SnpAdvisory['affects'] => ({ Milan: remedy, Genoa: remedy, Turin: remedy });

const ALIAS_CHECK = 5;

export const SNP_ADVISORIES: readonly SnpAdvisory[] = [
  {
    id: 'arXiv:2605.12990',
    name: 'BadFuse',
    published: '2026-05-13',
    affects: { Milan: { kind: 'none' } },
    sentence:
      "Software can read the seed of a Milan chip's signing keys: then every report of that chip, at any TCB, can be forged.",
    source: 'https://arxiv.org/abs/2605.12990',
  },
  {
    id: 'CVE-2024-56161',
    name: 'EntrySign',
    bulletin: 'AMD-SB-3019',
    published: '2025-02-03',
    affects: { Milan: shown({ tcb: { snp: 0x18 } }), Genoa: shown({ tcb: { snp: 0x17 } }) },
    sentence: 'The host can load microcode of its own making.',
    source: cve('CVE-2024-56161'),
  },
  {
    id: 'CVE-2024-21944',
    name: 'BadRAM',
    bulletin: 'AMD-SB-3015',
    published: '2024-12-10',
    affects: {
      Milan: shown({ firmware: firmware(1, 55, 22), platformBits: [ALIAS_CHECK] }),
      Genoa: shown({ firmware: firmware(1, 55, 38), platformBits: [ALIAS_CHECK] }),
    },
    sentence:
      'Memory modules that lie about their size let the host overwrite guest memory, and even forge the launch digest.',
    source: cve('CVE-2024-21944'),
  },
  {
    id: 'CVE-2023-20592',
    name: 'CacheWarp',
    bulletin: 'AMD-SB-3005',
    published: '2023-11-14',
    affects: { Milan: update() },
    sentence: 'The host can drop what the guest has just written to memory, and so change its course.',
    source: cve('CVE-2023-20592'),
  },
  {
    id: 'CVE-2023-31346',
    bulletin: 'AMD-SB-3007',
    published: '2024-02-13',
    affects: { Milan: update(), Genoa: update() },
    sentence: 'A privileged attacker may read stale data of other guests out of firmware messages.',
    source: cve('CVE-2023-31346'),
  },
  {
    id: 'CVE-2025-0033',
    name: 'RMPocalypse',
    bulletin: 'AMD-SB-3020',
    published: '2025-10-14',
    affects: { Milan: update('MilanPI 1.0.0.H'), Turin: update('TurinPI 1.0.0.6') },
    sentence: 'The host can write to the reverse map table while SEV-SNP is being initialized.',
    source: cve('CVE-2025-0033'),
  },
  {
    id: 'CVE-2025-29943',
    name: 'StackWarp',
    bulletin: 'AMD-SB-3027',
    published: '2026-01-16',
    affects: { Genoa: update('Genoa++ 1.0.0.H'), Turin: update('TurinPI 1.0.0.6') },
    sentence: "With hyper-threading on, the host can corrupt a guest's stack pointer.",
    source: cve('CVE-2025-29943'),
  },
  {
    id: 'CVE-2025-54510',
    name: 'Fabricked',
    bulletin: 'AMD-SB-3034',
    published: '2026-04-16',
    affects: {
      Milan: update('MilanPI 1.0.0.J'),
      Genoa: update('GenoaPI 1.0.0.H'),
      Turin: update('TurinPI 1.0.0.8'),
    },
    sentence: 'The host can change memory routing, and so harm the integrity of guests.',
    source: cve('CVE-2025-54510'),
  },
  {
    id: 'CVE-2025-61971',
    bulletin: 'AMD-SB-3030',
    published: '2026-05-13',
    affects: {
      Milan: update('MilanPI 1.0.0.J'),
      Genoa: update('GenoaPI 1.0.0.H'),
      Turin: update('TurinPI 1.0.0.8'),
    },
    sentence: 'The host can change memory routing through registers that are not locked.',
    source: cve('CVE-2025-61971'),
  },
  {
    id: 'CVE-2023-20585',
    bulletin: 'AMD-SB-3016',
    affects: all(shown({ platformBits: [6] })),
    sentence: 'Writes of the IOMMU may reach memory that they must not.',
    source: bulletin('AMD-SB-3016'),
  },
  {
    id: 'ciphertext-side-channels',
    name: 'Ciphertext side channels (Heracles)',
    bulletin: 'AMD-SB-3021',
    affects: all(shown({ policyBits: [24, 25], platformBits: [4] })),
    sentence: "The host can watch and move the guest's encrypted pages, and infer from them.",
    source: bulletin('AMD-SB-3021'),
  },
  {
    id: 'power-side-channels',
    name: 'Power side channels',
    affects: all(shown({ policyBits: [23], platformBits: [3] })),
    sentence: 'Power readings can leak what the guest computes.',
    source: 'https://www.amd.com/en/resources/product-security.html',
  },
  {
    id: 'injected-interrupts',
    name: 'Heckler, WeSee, BadAML',
    affects: all({ kind: 'guest' }),
    sentence:
      'The host can inject interrupts, exceptions and ACPI tables into a guest that does not guard against them.',
    source: 'https://www.amd.com/en/resources/product-security.html',
  },
  {
    id: 'memory-interposers',
    name: 'Memory interposers',
    affects: all({ kind: 'invisible' }),
    sentence: 'Hardware between processor and memory can replay and redirect what the guest stores.',
    source: 'https://www.amd.com/en/resources/product-security.html',
  },
];

/** What others require today, to choose from: it is their judgement, and no bulletin's. */
export const FLOORS_OF_OTHERS: readonly {
  readonly by: string;
  readonly product: SnpProduct;
  readonly tcb?: Partial<Tcb>;
  readonly firmware?: FirmwareVersion;
}[] = [
  { by: 'microsoft/CCF (EntrySign)', product: 'Milan', tcb: { snp: 0x18, microcode: 0xdb } },
  { by: 'microsoft/CCF (EntrySign)', product: 'Genoa', tcb: { snp: 0x17 } },
  { by: 'routex', product: 'Milan', firmware: firmware(1, 55, 35) },
  { by: 'routex', product: 'Genoa', firmware: firmware(1, 55, 49) },
  { by: 'routex', product: 'Turin', firmware: firmware(1, 55, 65) },
  { by: 'tinfoil', product: 'Genoa', tcb: { bootLoader: 7, snp: 0x0e, microcode: 0x48 } },
];
