// Published weaknesses of SEV and SEV-ES platforms, and the newest SEV firmware that is known here. Dated: it ages.
//
// Sources: the CVE records that AMD filed (CVEProject/cvelistV5), the papers themselves (arXiv), and the changelogs of
// linux-firmware. Where a record says "various" without a version, no version is made up. Left out: denial of service by the
// host (CVE-2021-26320, CVE-2021-26321), since a host can always switch a guest off; and host-side privilege escalation
// (CVE-2025-54502), since the host's administrator is not trusted to begin with.
import { type FirmwareVersion, firmwareVersion } from '../sev/formats/firmware-version.ts';
import type { Generation } from '../trust/pinned-root.ts';

/** The day of the newest record that was looked at. */
export const ADVISORIES_AS_OF = '2026-06-11';

type ByGeneration<T> = Partial<Record<Exclude<Generation, 'simulated'>, T>>;

/**
 * How a weakness is mended. Only SEV firmware can be attested: BIOS packages (PI), microcode and hardware leave no trace in
 * anything that a guest owner can check.
 */
export type Remedy =
  | { readonly kind: 'sev-firmware'; readonly version: FirmwareVersion }
  | { readonly kind: 'bios' | 'microcode'; readonly version: string }
  | { readonly kind: 'none' };

export interface Advisory {
  /** A CVE, or the paper where there is none. */
  readonly id: string;
  readonly bulletin?: string;
  /** YYYY-MM-DD of the record, or YYYY-MM of the paper. */
  readonly published: string;
  /** SEV-SNP's own weaknesses are kept for later; they say nothing about SEV and SEV-ES guests. */
  readonly about: 'sev' | 'snp';
  readonly affects: ByGeneration<Remedy>;
  readonly sentence: string;
  readonly source: string;
}

const cve = (id: string): string => `https://www.cve.org/CVERecord?id=${id}`;
const arxiv = (id: string): string => `https://arxiv.org/abs/${id}`;
const sevFirmware = (...version: Parameters<typeof firmwareVersion>): Remedy => ({
  kind: 'sev-firmware',
  version: firmwareVersion(...version),
});
const bios = (version: string): Remedy => ({ kind: 'bios', version });
const microcode = (version: string): Remedy => ({ kind: 'microcode', version });
const NONE: Remedy = { kind: 'none' };
const ALL = { naples: NONE, rome: NONE, milan: NONE, genoa: NONE, turin: NONE };
const SEE_BULLETIN = 'a version that the bulletin names';

export const ADVISORIES: readonly Advisory[] = [
  {
    id: 'CVE-2019-9836',
    published: '2019-06-25',
    about: 'sev',
    affects: { naples: sevFirmware(0, 17, 22) },
    sentence:
      'The host can learn the private PDH through points off the curve, and with it your transport keys and secrets.',
    source: cve('CVE-2019-9836'),
  },
  {
    id: 'arXiv:1908.11680',
    published: '2019-08',
    about: 'sev',
    affects: { naples: NONE },
    sentence: "A chip's CEK can be extracted with old firmware, and then signs whatever platform its holder makes up.",
    source: arxiv('1908.11680'),
  },
  {
    id: 'CVE-2020-12967',
    bulletin: 'AMD-SB-1004',
    published: '2021-05-11',
    about: 'sev',
    affects: ALL,
    sentence: "Page tables are the host's: it may bring the guest to run other code. Only SEV-SNP protects them.",
    source: cve('CVE-2020-12967'),
  },
  {
    id: 'CVE-2021-26311',
    bulletin: 'AMD-SB-1004',
    published: '2021-05-11',
    about: 'sev',
    affects: ALL,
    sentence: "The host can rearrange the guest's memory without changing the measurement. Only SEV-SNP prevents it.",
    source: cve('CVE-2021-26311'),
  },
  {
    id: 'arXiv:2108.04575',
    published: '2021-08',
    about: 'sev',
    affects: { naples: NONE, rome: NONE, milan: NONE },
    sentence: 'With hands on one machine an attacker can run own firmware on its AMD-SP and take its endorsement keys.',
    source: arxiv('2108.04575'),
  },
  {
    id: 'CVE-2021-26315',
    bulletin: 'AMD-SB-1021',
    published: '2021-11-09',
    about: 'sev',
    affects: { milan: bios('MilanPI 1.0.0.4') },
    sentence: "The AMD-SP's boot ROM checks decrypted firmware too little: other code may come to run on the AMD-SP.",
    source: cve('CVE-2021-26315'),
  },
  {
    id: 'CVE-2021-26322',
    bulletin: 'AMD-SB-1021',
    published: '2021-11-09',
    about: 'sev',
    affects: { naples: bios('NaplesPI 1.0.0.G'), rome: bios('RomePI 1.0.0.C'), milan: bios('MilanPI 1.0.0.4') },
    sentence: "The platform's private key may be stored under a repeated IV, which weakens its encryption.",
    source: cve('CVE-2021-26322'),
  },
  {
    id: 'CVE-2021-26408',
    bulletin: 'AMD-SB-1021',
    published: '2022-05-06',
    about: 'sev',
    affects: { naples: bios('NaplesPI 1.0.0.G'), rome: bios('RomePI 1.0.0.C') },
    sentence: 'Points off the curve are taken when a guest is migrated. A policy with NOSEND forbids migration.',
    source: cve('CVE-2021-26408'),
  },
  {
    id: 'CVE-2021-26332',
    bulletin: 'AMD-SB-1021',
    published: '2022-05-06',
    about: 'sev',
    affects: { milan: bios('MilanPI 1.0.0.4') },
    sentence: "SEV-ES's trusted memory region may be laid over device memory, and so be changed by the host.",
    source: cve('CVE-2021-26332'),
  },
  {
    id: 'CVE-2021-46744',
    bulletin: 'AMD-SB-1033',
    published: '2022-05-10',
    about: 'sev',
    affects: ALL,
    sentence:
      'By watching encrypted memory over time the host may infer data. Software in the guest must be written for it.',
    source: cve('CVE-2021-46744'),
  },
  {
    id: 'CVE-2021-26403',
    bulletin: 'AMD-SB-1032',
    published: '2023-01-10',
    about: 'sev',
    affects: { naples: bios(SEE_BULLETIN), rome: bios(SEE_BULLETIN) },
    sentence: 'The host may read the launch secret.',
    source: cve('CVE-2021-26403'),
  },
  {
    id: 'CVE-2021-26407',
    bulletin: 'AMD-SB-1032',
    published: '2023-01-10',
    about: 'sev',
    affects: { rome: bios(SEE_BULLETIN) },
    sentence: 'Random IVs may repeat under one key, which can disclose what they encrypted.',
    source: cve('CVE-2021-26407'),
  },
  {
    id: 'CVE-2023-20592',
    bulletin: 'AMD-SB-3005',
    published: '2023-11-14',
    about: 'sev',
    // AMD mends it for Milan only: the memory of SEV and SEV-ES guests was never protected from being changed.
    affects: { naples: NONE, rome: NONE, milan: microcode(SEE_BULLETIN) },
    sentence: 'CacheWarp: the host can drop what the guest has just written to memory, and so change its course.',
    source: cve('CVE-2023-20592'),
  },
  {
    id: 'CVE-2024-21944',
    bulletin: 'AMD-SB-3015',
    published: '2026-06-10',
    about: 'sev',
    affects: { milan: sevFirmware(1, 55, 22), genoa: sevFirmware(1, 55, 38) },
    sentence: 'BadRAM: memory modules with false SPD data let the host overwrite guest memory.',
    source: cve('CVE-2024-21944'),
  },
  {
    id: 'CVE-2024-56161',
    bulletin: 'AMD-SB-3019',
    published: '2025-02-03',
    about: 'sev',
    affects: {
      naples: microcode('NaplesPI 1.0.0.P'),
      rome: microcode('RomePI 1.0.0.L'),
      milan: microcode('MilanPI 1.0.0.F'),
      genoa: microcode('Genoa 1.0.0.E'),
    },
    sentence: 'The host can load microcode of its own making. AMD names SEV-SNP guests as its victims.',
    source: cve('CVE-2024-56161'),
  },
  {
    id: 'CVE-2025-54510',
    bulletin: 'AMD-SB-3034',
    published: '2026-04-16',
    about: 'sev',
    affects: { milan: bios('MilanPI 1.0.0.J'), genoa: bios('GenoaPI 1.0.0.H'), turin: bios('TurinPI 1.0.0.8') },
    sentence:
      "A missing lock in the AMD-SP's firmware lets the host change memory routing, and may harm the guest's integrity.",
    source: cve('CVE-2025-54510'),
  },
  {
    id: 'arXiv:2605.12990',
    published: '2026-05-13',
    about: 'sev',
    affects: { milan: NONE },
    sentence:
      "Software can run code on Milan's AMD-SP and read the seed of its SEV-SNP keys. What this means for the CEK of SEV is unconfirmed.",
    source: arxiv('2605.12990'),
  },
  {
    id: 'CVE-2023-31346',
    bulletin: 'AMD-SB-3007',
    published: '2024-02-13',
    about: 'snp',
    affects: { milan: bios(SEE_BULLETIN), genoa: bios(SEE_BULLETIN) },
    sentence: 'A privileged attacker may read stale data of other guests out of firmware messages.',
    source: cve('CVE-2023-31346'),
  },
  {
    id: 'CVE-2025-0033',
    bulletin: 'AMD-SB-3020',
    published: '2025-10-14',
    about: 'snp',
    affects: { milan: bios('MilanPI 1.0.0.H'), turin: bios('TurinPI 1.0.0.6') },
    sentence: 'RMPocalypse: the host can write to the reverse map table while SEV-SNP is being initialised.',
    source: cve('CVE-2025-0033'),
  },
  {
    id: 'CVE-2025-29943',
    bulletin: 'AMD-SB-3027',
    published: '2026-01-16',
    about: 'snp',
    affects: { genoa: bios('Genoa++ 1.0.0.H'), turin: bios('TurinPI 1.0.0.6') },
    sentence: "StackWarp: the host can corrupt a guest's stack pointer.",
    source: cve('CVE-2025-29943'),
  },
  {
    id: 'CVE-2025-61971',
    bulletin: 'AMD-SB-3030',
    published: '2026-05-13',
    about: 'snp',
    affects: { milan: bios('MilanPI 1.0.0.J'), genoa: bios('GenoaPI 1.0.0.H'), turin: bios('TurinPI 1.0.0.8') },
    sentence: 'The host can change memory routing through registers that are not locked.',
    source: cve('CVE-2025-61971'),
  },
];

/**
 * The newest SEV firmware whose publication could be confirmed, and a day by which it was seen: a log of Debian 11's, of the
 * time of its kernel 5.10.113 (Naples), and changelogs of linux-firmware in AOSC OS (the others). There may be newer.
 */
export const NEWEST_FIRMWARE: Readonly<
  Record<Exclude<Generation, 'simulated'>, { readonly version: FirmwareVersion; readonly knownBy: string }>
> = {
  naples: { version: firmwareVersion(0, 17, 48), knownBy: '2022-06-30' },
  rome: { version: firmwareVersion(0, 24, 20), knownBy: '2024-10-08' },
  milan: { version: firmwareVersion(1, 55, 29), knownBy: '2025-02-21' },
  genoa: { version: firmwareVersion(1, 55, 39), knownBy: '2025-02-21' },
  turin: { version: firmwareVersion(1, 55, 54), knownBy: '2025-02-21' },
};
