// Is this SNP report what the owner asked for? Every finding, none left out, and always what no report proves.
import { SevError } from '../../errors.ts';
import { isZero } from '../../bytes/equal.ts';
import { concat } from '../../bytes/writer.ts';
import { type Finding, findingOf, type Severity } from '../../findings/finding.ts';
import { isOwn } from './origin.ts';
import type { PinnedRoot } from '../../trust/pinned-root.ts';
import { unknownPlatformBits } from '../formats/platform-info.ts';
import { bitsOf, showSnpPolicy } from '../formats/policy.ts';
import { explainSnpPolicy } from '../formats/policy-words.ts';
import { PRODUCT_NAMES } from '../formats/product.ts';
import { isVerifiedReport, type VerifiedReport, verifySnpEvidence } from '../verify/report.ts';
import type { SnpChain } from '../verify/vek-chain.ts';
import { compareBytes, compareOneOf, judgeWish } from './compare.ts';
import type { MaskedBits, SnpExpectation } from './expectation.ts';
import { find, type SnpFinding } from './finding.ts';
import { firmwareFindings } from './firmware-findings.ts';
import { idBlockFindings } from './id-block-findings.ts';
import { SNP_UNPROVEN } from './unproven.ts';

export interface SnpDecision {
  /**
   * `proven`: signed, and everything that was asked holds, and nothing was left unasked. `incomplete`: nothing speaks against it, but
   * something was not checked, or the guest can be debugged and the owner allowed it. `refused`: not what was asked for, or not signed as it must be.
   */
  readonly kind: 'proven' | 'incomplete' | 'refused';
  /** Nothing that a simulated platform signs proves anything about hardware. */
  readonly simulated: boolean;
  /** No finding is `ok` unless the whole is proven. */
  readonly findings: readonly Finding[];
  /** Only where the signature verified. */
  readonly verified?: VerifiedReport;
}

export interface JudgedBy {
  readonly roots: readonly PinnedRoot[];
  /** The date to judge certificates by. */
  readonly asOf: Date;
  /** Left out, it is the same date. */
  readonly now?: Date;
}

/** Verifies and decides in one. Answers for everything that is wrong with what was given. */
export async function judgeSnpReport(
  evidence: SnpChain & { readonly report: Uint8Array },
  expectation: SnpExpectation,
  by: JudgedBy,
): Promise<SnpDecision> {
  try {
    return decideSnpReport(await verifySnpEvidence(evidence, by.roots, by.asOf), expectation, by.now ?? by.asOf);
  } catch (error) {
    if (!(error instanceof SevError)) throw error;
    return { kind: 'refused', simulated: false, findings: [findingOf(error), ...SNP_UNPROVEN] };
  }
}

/**
 * Decides on a verified report.
 * @throws SevError MEASURE_NOT_VERIFIED when `verifySnpReport` did not make it
 */
export function decideSnpReport(verified: VerifiedReport, expectation: SnpExpectation, now: Date): SnpDecision {
  // The type asks for it already; this holds where types do not reach.
  if (!isVerifiedReport(verified)) throw new SevError('MEASURE_NOT_VERIFIED', { at: 'report' });
  const { report, simulated } = verified;
  const findings: readonly SnpFinding[] = [
    ...signerFindings(verified, now),
    revocationFinding(verified, expectation),
    compareBytes('reportData', report.reportData, expectation.reportData),
    compareBytes('measurement', report.measurement, expectation.measurement),
    compareBytes('hostData', report.hostData, expectation.hostData),
    ...idBlockFindings(report, expectation),
    ...policyFindings(verified, expectation),
    vmplFinding(verified, expectation),
    ...firmwareFindings(report, expectation),
    ...platformFindings(verified, expectation),
    ...chipFindings(verified, expectation),
  ];
  const kind = kindOf(findings, report.policy.debug);
  const told = kind === 'proven' ? findings : findings.map(withoutPraise);
  return { kind, simulated, findings: [...told, ...SNP_UNPROVEN], verified };
}

/** Of a guest that the host can debug nothing is ever proven, though the owner allows it: no secret may follow. */
function kindOf(findings: readonly SnpFinding[], canBeDebugged: boolean): SnpDecision['kind'] {
  const has = (severity: Severity): boolean => findings.some((finding) => finding.severity === severity);
  return has('refused') ? 'refused' : has('unchecked') || canBeDebugged ? 'incomplete' : 'proven';
}

/** Nothing is green while anything was refused or skipped. */
const withoutPraise = (finding: SnpFinding): SnpFinding =>
  finding.severity === 'ok' ? { ...finding, severity: 'note' } : finding;

const DAY_MS = 86_400_000;

function signerFindings({ vek, report, simulated }: VerifiedReport, now: Date): readonly SnpFinding[] {
  const { cspId } = vek.vek;
  const signed =
    cspId === undefined ? find('ok', 'SNP_SIGNED_BY_CHIP') : find('ok', 'SNP_SIGNED_BY_PROVIDER', { cspId });
  return [
    simulated ? find('warning', 'SNP_SIMULATED') : signed,
    find('note', 'SNP_PRODUCT', { product: PRODUCT_NAMES[vek.product] }),
    ...(Math.abs(now.getTime() - vek.asOf.getTime()) > DAY_MS ? [find('note', 'SNP_AS_OF', { asOf: vek.asOf })] : []),
    ...(report.version === 4 ? [find('note', 'SNP_VERSION_4')] : []),
  ];
}

function revocationFinding({ vek }: VerifiedReport, { revocation: asked }: SnpExpectation): SnpFinding {
  const { revocation } = vek;
  if (revocation.kind === 'checked') {
    const { thisUpdate, nextUpdate } = revocation;
    return find('ok', 'SNP_REVOCATION_CHECKED', { thisUpdate, nextUpdate });
  }
  const severity = asked === 'required' ? 'refused' : asked === 'any' ? 'note' : 'unchecked';
  return find(severity, 'SNP_REVOCATION_UNCHECKED');
}

function policyFindings({ report }: VerifiedReport, expectation: SnpExpectation): readonly SnpFinding[] {
  const { policy, policyValue, reportIdMa } = report;
  const { allowDebug = false, allowMigration = false } = expectation;
  const actual = showSnpPolicy(policyValue);
  const hasAgent = reportIdMa.some((byte) => byte !== 0xff);
  return [
    flagFinding(policy.debug, allowDebug, ['SNP_NO_DEBUG', 'SNP_DEBUG_ALLOWED', 'SNP_DEBUG'], actual),
    flagFinding(
      policy.migrateMa,
      allowMigration,
      ['SNP_NO_MIGRATION', 'SNP_MIGRATION_ALLOWED', 'SNP_MIGRATION'],
      actual,
    ),
    ...(hasAgent ? [find('warning', 'SNP_MIGRATION_AGENT')] : []),
    ...judgeWish('policyBits', expectation.policyBits, asksForBits, (bits) => {
      const list = differing(policyValue, bits);
      if (list.length > 0) return [find('refused', 'SNP_POLICY_BITS', { list }, { expected: showBits(bits), actual })];
      return [find('ok', 'SNP_POLICY_BITS_EQUAL', undefined, { actual })];
    }),
    ...explainSnpPolicy(policy)
      .filter(({ name, on, when }) => !['DEBUG', 'MIGRATE_MA', 'ABI'].includes(name) && on === (when === 'may'))
      .map(({ sentence }) => find('note', 'SNP_POLICY_WEAKER', { sentence })),
  ];
}

type FlagCode =
  'SNP_NO_DEBUG' | 'SNP_DEBUG_ALLOWED' | 'SNP_DEBUG' | 'SNP_NO_MIGRATION' | 'SNP_MIGRATION_ALLOWED' | 'SNP_MIGRATION';

function flagFinding(
  isSet: boolean,
  allowed: boolean,
  [clear, accepted, refused]: readonly [FlagCode, FlagCode, FlagCode],
  actual: string,
): SnpFinding {
  if (!isSet) return find('ok', clear, undefined, { actual });
  return allowed ? find('warning', accepted, undefined, { actual }) : find('refused', refused, undefined, { actual });
}

const asksForBits = ({ mask }: MaskedBits): boolean => mask !== 0n;

const differing = (actual: bigint, { mask, value }: MaskedBits): readonly number[] => bitsOf((actual ^ value) & mask);
const showBits = ({ mask, value }: MaskedBits): string => `0x${value.toString(16)} under 0x${mask.toString(16)}`;

/** A level that the owner did not name is 0: software at a lower privilege is not the operating system. */
function vmplFinding({ report: { vmpl } }: VerifiedReport, { vmpl: wish }: SnpExpectation): SnpFinding {
  if (wish === 'any') return find('warning', 'SNP_VMPL_ANY', { actual: vmpl }, { actual: String(vmpl) });
  const isClaim = wish && !isOwn(wish.origin);
  const expected = wish && !isClaim ? wish.value : 0;
  const compared = { expected: String(expected), actual: String(vmpl) };
  if (vmpl !== expected) return find('refused', 'SNP_VMPL', { actual: vmpl, expected }, compared);
  return find('ok', 'SNP_VMPL_EQUAL', { actual: vmpl }, compared);
}

function platformFindings({ report }: VerifiedReport, { platformBits }: SnpExpectation): readonly SnpFinding[] {
  const { platformInfo } = report;
  const unknown = unknownPlatformBits(platformInfo);
  const actual = `0x${platformInfo.toString(16)}`;
  return [
    ...judgeWish('platformBits', platformBits, asksForBits, (bits) => {
      const list = differing(platformInfo, bits);
      if (list.length > 0)
        return [find('refused', 'SNP_PLATFORM_BITS', { list }, { expected: showBits(bits), actual })];
      return [find('ok', 'SNP_PLATFORM_BITS_EQUAL', undefined, { actual })];
    }),
    ...(unknown.length > 0 ? [find('note', 'SNP_PLATFORM_UNKNOWN', { list: unknown }, { actual })] : []),
  ];
}

const CHIP_ID_SIZE = 64;

function chipFindings({ report, vek, chipMasked }: VerifiedReport, expectation: SnpExpectation): readonly SnpFinding[] {
  const { hwId, cspId } = vek.vek;
  const chip = chipMasked && hwId ? concat(hwId, new Uint8Array(CHIP_ID_SIZE - hwId.length)) : report.chipId;
  // Zeros name no chip, whatever was expected.
  const named = isZero(chip) ? undefined : chip;
  const same = (a: string, b: string): boolean => a === b;
  return [
    ...(chipMasked && hwId ? [find('warning', 'SNP_CHIP_MASKED')] : []),
    ...(hwId ? [] : [find('note', named ? 'SNP_CHIP_FIRMWARES_WORD' : 'SNP_CHIP_UNNAMED')]),
    chipFinding(named, expectation.chipId),
    ...(cspId !== undefined || expectation.cspId !== undefined
      ? [compareOneOf('cspId', cspId, expectation.cspId, same, String)]
      : []),
    ...(expectation.product === undefined
      ? []
      : [compareOneOf('product', vek.product, expectation.product, same, String)]),
  ];
}

const chipFinding = (named: Uint8Array | undefined, wish: SnpExpectation['chipId']): SnpFinding =>
  named
    ? compareBytes('chipId', named, wish)
    : compareOneOf(
        'chipId',
        named,
        wish,
        () => false,
        () => '',
      );
