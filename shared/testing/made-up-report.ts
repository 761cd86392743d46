// SNP reports of the right form, whose signatures are numbers and prove nothing: seeds for fuzzers and small tests.
import { concat } from '../bytes/writer.ts';
import { encodeSnpReport, encodeSnpReportBody, type SnpReportFields } from '../snp/formats/report.ts';

const fill = (length: number, start: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (start + i) & 0xff);
const tcb = { bootLoader: 4, tee: 0, snp: 24, microcode: 219 };
const turin = { fmc: 1, bootLoader: 2, tee: 3, snp: 4, microcode: 81 };
const firmware = { major: 1, minor: 55, build: 40 };

const FIELDS: SnpReportFields = {
  ...{ version: 3, guestSvn: 7, policyValue: 0x30000n, vmpl: 0, platformInfo: 0x25n, signingKey: 'VCEK' },
  ...{ authorKeyEnabled: true, maskChipKey: false, cpuid: { family: 0x19, model: 1, stepping: 1 } },
  ...{ familyId: fill(16, 1), imageId: fill(16, 2), reportData: fill(64, 3), measurement: fill(48, 4) },
  ...{ hostData: fill(32, 5), idKeyDigest: fill(48, 6), authorKeyDigest: fill(48, 7), reportId: fill(32, 8) },
  ...{ reportIdMa: new Uint8Array(32).fill(255), chipId: fill(64, 9), launchTcb: tcb, currentTcb: tcb },
  ...{ reportedTcb: tcb, committedTcb: tcb, current: firmware, committed: firmware },
  ...{ launchMitVector: undefined, currentMitVector: undefined },
};

/** A report of Milan, version 3, with some fields changed. */
export const madeUpReport = (fields: Partial<SnpReportFields> = {}): Uint8Array =>
  encodeSnpReport(encodeSnpReportBody({ ...FIELDS, ...fields }), { r: fill(48, 1), s: fill(48, 2) });

/** One of each version and layout. */
export const madeUpReportsOfEach = (): readonly Uint8Array[] => [
  madeUpReport(),
  madeUpReport({ version: 2, cpuid: undefined }),
  madeUpReport({ version: 4 }),
  madeUpReport({
    ...{ version: 5, signingKey: 'VLEK', cpuid: { family: 0x1a, model: 2, stepping: 1 } },
    ...{ launchTcb: turin, currentTcb: turin, reportedTcb: turin, committedTcb: turin },
    ...{ launchMitVector: 63n, currentMitVector: 63n, chipId: concat(fill(8, 1), new Uint8Array(56)) },
  }),
];
