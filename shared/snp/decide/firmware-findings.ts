// Floors: what the owner requires of the firmware's age. A floor must hold for REPORTED_TCB first, since only it is bound by
// cryptography; asking it of all four is the strict reading. SNP report specification parts 5 and 8.
import type { FirmwareVersion, SnpReport } from '../formats/report.ts';
import { partsBelow, sameTcb, showTcb, type Tcb, TCB_PARTS } from '../formats/tcb.ts';
import { judgeWish } from './compare.ts';
import type { SnpExpectation } from './expectation.ts';
import { find, type SnpFinding } from './finding.ts';
import type { TcbName } from './words.ts';

export const firmwareFindings = (report: SnpReport, expectation: SnpExpectation): readonly SnpFinding[] => [
  ...tcbFindings(report, expectation),
  ...versionFindings(report, expectation),
  provisionalFinding(report, expectation),
  ...mitigationFindings(report, expectation),
];

const TCBS: readonly { readonly tcb: TcbName; readonly field: `${TcbName}Tcb` }[] = [
  { tcb: 'reported', field: 'reportedTcb' },
  { tcb: 'committed', field: 'committedTcb' },
  { tcb: 'current', field: 'currentTcb' },
  { tcb: 'launch', field: 'launchTcb' },
];

const asksForPart = (floor: Partial<Tcb>): boolean => TCB_PARTS.some((part) => floor[part] !== undefined);

const tcbFindings = (report: SnpReport, { minTcb }: SnpExpectation): readonly SnpFinding[] =>
  judgeWish('minTcb', minTcb, asksForPart, (floor) => {
    const expected = `≥ ${showTcb(floor)}`;
    const below = TCBS.flatMap(({ tcb, field }) => {
      const parts = partsBelow(report[field], floor);
      if (parts.length === 0) return [];
      return [find('refused', 'SNP_TCB_BELOW', { tcb, below: parts }, { expected, actual: showTcb(report[field]) })];
    });
    if (below.length > 0) return below;
    return [find('ok', 'SNP_TCB_REACHED', undefined, { expected, actual: showTcb(report.reportedTcb) })];
  });

const versionFindings = (report: SnpReport, { minFirmware }: SnpExpectation): readonly SnpFinding[] =>
  judgeWish(
    'minFirmware',
    minFirmware,
    () => true,
    (floor) => {
      const expected = `≥ ${showVersion(floor)}`;
      const below = (['current', 'committed'] as const).flatMap((which) => {
        if (!isOlder(report[which], floor)) return [];
        return [
          find('refused', 'SNP_FIRMWARE_BELOW', { which, floor }, { expected, actual: showVersion(report[which]) }),
        ];
      });
      if (below.length > 0) return below;
      return [find('ok', 'SNP_FIRMWARE_REACHED', undefined, { expected, actual: showVersion(report.current) })];
    },
  );

function provisionalFinding(report: SnpReport, { sameFirmware }: SnpExpectation): SnpFinding {
  const { current, committed, currentTcb, committedTcb } = report;
  const compared = {
    actual: `${showVersion(current)}, ${showTcb(currentTcb)}`,
    expected: `${showVersion(committed)}, ${showTcb(committedTcb)}`,
  };
  if (isCommitted(report)) return find('ok', 'SNP_COMMITTED', undefined, { actual: compared.actual });
  const severity = sameFirmware === 'required' ? 'refused' : sameFirmware === 'any' ? 'note' : 'warning';
  return find(severity, 'SNP_PROVISIONAL', undefined, compared);
}

/** Whether what runs is what the platform will not go below. */
export const isCommitted = ({ current, committed, currentTcb, committedTcb }: SnpReport): boolean =>
  showVersion(current) === showVersion(committed) && sameTcb(currentTcb, committedTcb);

function mitigationFindings(report: SnpReport, { mitigations }: SnpExpectation): readonly SnpFinding[] {
  const { launchMitVector: launch, currentMitVector: current } = report;
  if (launch === undefined || current === undefined) {
    const asked = mitigations !== undefined && mitigations !== 'any';
    return [find(asked ? 'refused' : 'note', 'SNP_MITIGATIONS_UNSAID')];
  }
  return judgeWish(
    'mitigations',
    mitigations,
    (mask) => mask !== 0n,
    (mask) => {
      const missing = (
        [
          ['launch', launch],
          ['current', current],
        ] as const
      ).filter(([, vector]) => (vector & mask) !== mask);
      if (missing.length === 0)
        return [
          find('ok', 'SNP_MITIGATIONS_ACTIVE', undefined, { expected: hex(mask), actual: hex(launch & current) }),
        ];
      return missing.map(([when, vector]) =>
        find('refused', 'SNP_MITIGATIONS_MISSING', { when }, { expected: hex(mask), actual: hex(vector) }),
      );
    },
  );
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

export const isOlder = (a: FirmwareVersion, b: FirmwareVersion): boolean =>
  a.major !== b.major ? a.major < b.major : a.minor !== b.minor ? a.minor < b.minor : a.build < b.build;

const showVersion = ({ major, minor, build }: FirmwareVersion): string => `${major}.${minor}.${build}`;
