// The verb `report` for SEV-SNP: everything that a report says, whether AMD's keys signed it, and whether it is what was asked for.
import { toHex, fromUtf8 } from '../../shared/bytes/text.ts';
import { bothRadices } from '../../shared/bytes/number.ts';
import { SevError } from '../../shared/errors.ts';
import { type Finding, findingOf } from '../../shared/findings/finding.ts';
import { decideSnpReport, type SnpDecision } from '../../shared/snp/decide/decision.ts';
import type { SnpExpectation } from '../../shared/snp/decide/expectation.ts';
import { SNP_UNPROVEN } from '../../shared/snp/decide/unproven.ts';
import { adviseOnSnp } from '../../shared/advisories/snp-advisories.ts';
import { explainPlatformInfo } from '../../shared/snp/formats/platform-info.ts';
import { explainSnpPolicy } from '../../shared/snp/formats/policy-words.ts';
import { PRODUCT_NAMES } from '../../shared/snp/formats/product.ts';
import { SHAPE_NAMES, type FoundReport } from '../../shared/snp/formats/report-shapes.ts';
import { type FirmwareVersion, parseSnpReport, type SnpReport } from '../../shared/snp/formats/report.ts';
import { showTcb } from '../../shared/snp/formats/tcb.ts';
import { verifySnpReport } from '../../shared/snp/verify/report.ts';
import { verifyVek } from '../../shared/snp/verify/vek-chain.ts';
import { AMD_ROOTS } from '../../shared/trust/amd-roots.ts';
import { KNOWN_ROOTS } from '../../shared/trust/known-roots.ts';
import { visibleLine } from '../../shared/text/visible.ts';
import { findingLines } from './findings.ts';
import { kdsAddresses } from './snp-kds.ts';
import { filesOfTable, joined, type SnpFiles, withAmdAuthorities } from './snp-files.ts';
import type { Result } from './verb.ts';

export interface SnpReportRequest {
  readonly found: FoundReport;
  /** From the files that were named. */
  readonly files: SnpFiles;
  readonly expectation: SnpExpectation;
  /** The signature alone was asked for. */
  readonly signatureOnly: boolean;
  readonly simulated: boolean;
  readonly asOf: Date;
  readonly now: Date;
}

/** @throws SevError of the report's form: then there is nothing to show */
export async function judgeSnp(request: SnpReportRequest): Promise<Result> {
  const report = parseSnpReport(request.found.report);
  const decision = await decide(request);
  const { simulated, findings } = decision;
  const advice = decision.verified
    ? adviseOnSnp({ report, product: decision.verified.vek.product, simulated }, request.now)
    : [];
  const status = statusOf(decision, request);
  const { runtimeData } = request.found;
  const json = {
    status,
    simulated,
    asOf: request.asOf.toISOString(),
    shapes: request.found.shapes,
    report: fieldsOf(report),
    ...(decision.verified && { signedBy: signerOf(decision) }),
    ...(runtimeData && { azureRuntimeData: fromUtf8(runtimeData) }),
    kds: kdsAddresses(report),
    findings,
    advisories: advice,
  };
  const verdict = `${simulated ? 'SIMULATED: ' : ''}${VERDICTS[status]}`;
  const text = [
    verdict,
    '',
    ...(decision.verified ? [] : [UNPROVEN_FIELDS]),
    ...linesOf(report, request.found),
    ...(decision.verified ? signerLines(decision) : []),
    '',
    ...findingLines(findings),
    ...findingLines(advice),
    '',
  ].join('\n');
  return { exitCode: EXIT[status], json, text, verdict };
}

const UNPROVEN_FIELDS = 'What it says, of which nothing is proven:';

type Status = 'verified' | 'signed' | 'incomplete' | 'refused';

const EXIT = { verified: 0, signed: 0, incomplete: 3, refused: 1 } as const satisfies Record<
  Status,
  Result['exitCode']
>;

const VERDICTS: Readonly<Record<Status, string>> = {
  verified: 'VERIFIED: the report is signed, and everything that you asked for holds.',
  signed: 'SIGNED, NOT COMPARED: a key that leads to AMD signed this report. Nothing in it was compared.',
  incomplete:
    'INCOMPLETE: the report is signed, and nothing differs. Some fields were not asked for; name them or use --any.',
  refused: 'REFUSED: do not rely on this report.',
};

function statusOf({ kind, verified }: SnpDecision, { signatureOnly }: SnpReportRequest): Status {
  if (kind === 'refused' || !verified) return 'refused';
  if (signatureOnly) return 'signed';
  return kind === 'proven' ? 'verified' : 'incomplete';
}

/** Every certificate that could be the one is tried; what is told is the fault of the last. */
async function decide(request: SnpReportRequest): Promise<SnpDecision> {
  const { found, asOf, now, expectation, simulated } = request;
  const { veks, authorities, crls } = await withAmdAuthorities(joined([request.files, filesOfTable(found)]));
  let fault = new SevError('CERT_CHAIN_INCOMPLETE', {
    at: 'vek',
    sentence: 'The certificate of the key that signed the report is missing.',
    next: 'Fetch it from the address that `sev-verifier kds REPORT` prints, and give it with --chain.',
  });
  for (const vek of veks) {
    try {
      const chain = { vek, authorities, ...(crls.length > 0 && { crls }) };
      const trusted = await verifyVek(chain, simulated ? KNOWN_ROOTS : AMD_ROOTS, asOf);
      return decideSnpReport(await verifySnpReport(found.report, trusted), expectation, now);
    } catch (error) {
      if (!(error instanceof SevError)) throw error;
      fault = error;
    }
  }
  const findings: readonly Finding[] = [findingOf(fault), ...SNP_UNPROVEN];
  return { kind: 'refused', simulated: false, findings };
}

const version = ({ major, minor, build }: FirmwareVersion): string => `${major}.${minor}.${build}`;

/** Every field, under the specification's names; bytes in hex. */
const fieldsOf = (report: SnpReport) => ({
  version: report.version,
  guestSvn: report.guestSvn,
  policy: { value: `0x${report.policyValue.toString(16)}`, bits: explainSnpPolicy(report.policy) },
  familyId: toHex(report.familyId),
  imageId: toHex(report.imageId),
  vmpl: report.vmpl,
  product: report.product,
  cpuid: report.cpuid,
  currentTcb: report.currentTcb,
  reportedTcb: report.reportedTcb,
  committedTcb: report.committedTcb,
  launchTcb: report.launchTcb,
  platformInfo: { value: `0x${report.platformInfo.toString(16)}`, bits: explainPlatformInfo(report.platformInfo) },
  authorKeyEnabled: report.authorKeyEnabled,
  maskChipKey: report.maskChipKey,
  signingKey: report.signingKey,
  reportData: toHex(report.reportData),
  measurement: toHex(report.measurement),
  hostData: toHex(report.hostData),
  idKeyDigest: toHex(report.idKeyDigest),
  authorKeyDigest: toHex(report.authorKeyDigest),
  reportId: toHex(report.reportId),
  reportIdMa: toHex(report.reportIdMa),
  chipId: toHex(report.chipId),
  currentFirmware: version(report.current),
  committedFirmware: version(report.committed),
  ...(report.launchMitVector !== undefined && {
    launchMitVector: `0x${report.launchMitVector.toString(16)}`,
    currentMitVector: `0x${report.currentMitVector!.toString(16)}`,
  }),
});

function linesOf(report: SnpReport, { shapes }: FoundReport): readonly string[] {
  const bits = (list: readonly { readonly on: boolean; readonly name: string | undefined; readonly bit: number }[]) =>
    list
      .filter(({ on }) => on)
      .map(({ name, bit }) => name ?? `bit ${bit}`)
      .join(', ') || 'none';
  return [
    `report          version ${report.version}, ${shapes.map((shape) => SHAPE_NAMES[shape]).join(' in ')}`,
    `processor       ${report.product ? PRODUCT_NAMES[report.product] : 'not named in version 2'}`,
    `firmware        ${version(report.current)}, committed ${version(report.committed)}`,
    `TCB, reported   ${showTcb(report.reportedTcb)} (bound by the signature)`,
    `TCB, current    ${showTcb(report.currentTcb)}`,
    `TCB, committed  ${showTcb(report.committedTcb)}`,
    `TCB, at launch  ${showTcb(report.launchTcb)}`,
    `policy          0x${report.policyValue.toString(16)}: ${bits(explainSnpPolicy(report.policy))}`,
    `platform        0x${report.platformInfo.toString(16)}: ${bits(explainPlatformInfo(report.platformInfo))}`,
    `VMPL            ${report.vmpl}`,
    `measurement     ${toHex(report.measurement)}`,
    `report data     ${toHex(report.reportData)}`,
    `host data       ${toHex(report.hostData)}`,
    `ID key          ${toHex(report.idKeyDigest)}`,
    `author key      ${toHex(report.authorKeyDigest)}${report.authorKeyEnabled ? '' : ' (not enabled)'}`,
    `family id       ${toHex(report.familyId)}`,
    `image id        ${toHex(report.imageId)}`,
    `guest SVN       ${bothRadices(report.guestSvn)}`,
    `report id       ${toHex(report.reportId)}`,
    `chip id         ${toHex(report.chipId)}`,
    `signed with     ${report.signingKey}`,
  ];
}

function signerOf({ verified }: SnpDecision) {
  const { vek, root, product, revocation } = verified!.vek;
  return {
    root: root.name,
    product,
    kind: vek.kind,
    ...(vek.hwId && { hwId: toHex(vek.hwId) }),
    ...(vek.cspId !== undefined && { cspId: vek.cspId }),
    notBefore: vek.certificate.notBefore.toISOString(),
    notAfter: vek.certificate.notAfter.toISOString(),
    revocation: revocation.kind,
  };
}

function signerLines(decision: SnpDecision): readonly string[] {
  const { root, kind, cspId, hwId } = signerOf(decision);
  const whose = cspId ?? (hwId === undefined ? '' : `chip ${hwId.slice(0, 16)}…`);
  return [visibleLine(`chain           ${root} → ${kind} of ${whose}`)];
}
