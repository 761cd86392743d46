// Which published weaknesses apply to the platform of a verified SNP report, and what the report shows of their fixes.
import type { Finding } from '../findings/finding.ts';
import { isSet } from '../snp/formats/policy.ts';
import type { SnpProduct } from '../snp/formats/product.ts';
import type { FirmwareVersion, SnpReport } from '../snp/formats/report.ts';
import { partsBelow, type Tcb } from '../snp/formats/tcb.ts';
import { ADVISORIES_AS_OF } from './advisories-table.ts';
import { type Needs, SNP_ADVISORIES, type SnpAdvisory, type SnpRemedy } from './snp-advisories-table.ts';
import { ADVICE_WORDS } from './snp-words.ts';

const OLD_AFTER_DAYS = 365;
const DAY_MS = 86_400_000;

/** What a verified report and its key say of the platform. */
export interface SnpPlatform {
  readonly product: SnpProduct;
  readonly simulated: boolean;
  readonly report: Pick<SnpReport, 'reportedTcb' | 'committed' | 'platformInfo' | 'policyValue'>;
}

/**
 * What is known about this platform: a warning for each weakness whose fix the report does not show, or that nothing fixes; a note
 * for what no report can show; `ok` where a signature binds the fix, and a note where it is the firmware's word. Never throws.
 */
export function adviseOnSnp({ report, product, simulated }: SnpPlatform, now: Date): readonly Finding[] {
  if (simulated) return [{ code: 'ADVISORIES_SIMULATED', severity: 'note', ...ADVICE_WORDS.simulated() }];
  const findings = SNP_ADVISORIES.flatMap((advisory) => {
    const remedy = advisory.affects[product];
    return remedy ? [findingFor(advisory, remedy, report)] : [];
  });
  return [...findings, ageOfTable(now)];
}

/** What to require of a product so that no weakness is left that a floor can shut out. */
export interface SnpFloor {
  readonly minTcb: Partial<Tcb>;
  readonly minFirmware?: FirmwareVersion;
  /** Bits of PLATFORM_INFO that must be set. */
  readonly platformBits: bigint;
  /** Weaknesses that no floor helps against; on Milan there is one. */
  readonly unhelped: readonly string[];
}

export function recommendedSnpFloor(product: SnpProduct): SnpFloor {
  const rows = SNP_ADVISORIES.flatMap(({ id, name, affects }) => {
    const remedy = affects[product];
    return remedy ? [{ name: name ?? id, remedy }] : [];
  });
  // What a policy demands is the owner's choice at launch, and no floor.
  const needs = rows.flatMap(({ remedy }) => (remedy.kind === 'shown' && isFloor(remedy.needs) ? [remedy.needs] : []));
  const [minFirmware] = needs.flatMap(({ firmware }) => firmware ?? []).sort((a, b) => (isOlder(a, b) ? 1 : -1));
  return {
    minTcb: needs.map(({ tcb = {} }) => tcb).reduce(higher, {}),
    ...(minFirmware && { minFirmware }),
    platformBits: needs
      .flatMap(({ platformBits = [] }) => platformBits)
      .reduce((sum, bit) => sum | (1n << BigInt(bit)), 0n),
    unhelped: rows.filter(({ remedy }) => remedy.kind === 'none').map(({ name }) => name),
  };
}

const isFloor = ({ tcb, firmware }: Needs): boolean => tcb !== undefined || firmware !== undefined;

function higher(floor: Partial<Tcb>, tcb: Partial<Tcb>): Partial<Tcb> {
  const raised = Object.entries(tcb).map(([part, value]) => [part, Math.max(value, floor[part as keyof Tcb] ?? 0)]);
  return { ...floor, ...(Object.fromEntries(raised) as Partial<Tcb>) };
}

function findingFor(advisory: SnpAdvisory, remedy: SnpRemedy, report: SnpPlatform['report']): Finding {
  const code = `ADVISORY_${advisory.id}`;
  switch (remedy.kind) {
    case 'shown':
      return { code, ...shownFinding(advisory, remedy.needs, report) };
    case 'update':
      return { code, severity: 'note', ...ADVICE_WORDS.update({ advisory, version: remedy.version }) };
    case 'none':
      return { code, severity: 'warning', ...ADVICE_WORDS.none({ advisory }) };
    case 'guest':
      return { code, severity: 'note', ...ADVICE_WORDS.guest({ advisory }) };
    case 'invisible':
      return { code, severity: 'note', ...ADVICE_WORDS.invisible({ advisory }) };
  }
}

/** Only a TCB is bound by the signature, and a policy by the launch; everything else is the word of that firmware. */
function shownFinding(advisory: SnpAdvisory, needs: Needs, report: SnpPlatform['report']): Omit<Finding, 'code'> {
  if (!isShown(needs, report)) return { severity: 'warning', ...ADVICE_WORDS.open({ advisory, needs }) };
  const bound = needs.platformBits === undefined && needs.firmware === undefined;
  return { severity: bound ? 'ok' : 'note', ...ADVICE_WORDS.fixed({ advisory, needs, bound }) };
}

const isShown = (
  { tcb, firmware, platformBits = [], policyBits = [] }: Needs,
  report: SnpPlatform['report'],
): boolean =>
  (!tcb || partsBelow(report.reportedTcb, tcb).length === 0) &&
  (!firmware || !isOlder(report.committed, firmware)) &&
  platformBits.every((bit) => isSet(report.platformInfo, bit)) &&
  policyBits.every((bit) => isSet(report.policyValue, bit));

const isOlder = (a: FirmwareVersion, b: FirmwareVersion): boolean =>
  a.major !== b.major ? a.major < b.major : a.minor !== b.minor ? a.minor < b.minor : a.build < b.build;

function ageOfTable(now: Date): Finding {
  const days = Math.floor((now.getTime() - Date.parse(ADVISORIES_AS_OF)) / DAY_MS);
  const asOf = ADVISORIES_AS_OF;
  if (days <= OLD_AFTER_DAYS) return { code: 'ADVISORIES_AGE', severity: 'note', ...ADVICE_WORDS.age({ asOf }) };
  return { code: 'ADVISORIES_OLD', severity: 'warning', ...ADVICE_WORDS.old({ asOf }) };
}
