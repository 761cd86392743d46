// Who signed for this guest: the owner, a key that is not known, or no one. SNP ID block specification part 7.
import { isZero } from '../../bytes/equal.ts';
import { isOwn } from './origin.ts';
import type { SnpReport } from '../formats/report.ts';
import { compareBytes, judgeWish, matchesKey } from './compare.ts';
import type { SnpExpectation, TrustedKey } from './expectation.ts';
import { find, type SnpFinding } from './finding.ts';
import { WISH_NAMES } from './words.ts';

export function idBlockFindings(report: SnpReport, expectation: SnpExpectation): readonly SnpFinding[] {
  const asked = ID_FIELDS.filter((field) => expectation[field] !== undefined);
  const findings = [
    ...signerFindings(report, expectation),
    ...asked.map((field) => compareBytes(field, report[field], expectation[field])),
  ];
  if (expectation.minGuestSvn !== undefined) findings.push(...svnFindings(report, expectation));
  const hasEmptyFlag = report.authorKeyEnabled && isZero(report.authorKeyDigest);
  if (hasEmptyFlag) findings.push(find('warning', 'SNP_AUTHOR_FLAG_EMPTY'));
  const asksContents = expectation.minGuestSvn ?? expectation.familyId ?? expectation.imageId;
  const knowsSigner = findings.some(({ code, severity, facts }) => severity === 'ok' && isSignerProof(code, facts));
  if (asksContents !== undefined && asksContents !== 'any' && !knowsSigner) {
    findings.push(find('warning', 'SNP_ID_FIELDS_ANYONES'));
  }
  return findings;
}

const ID_FIELDS = ['idKeyDigest', 'authorKeyDigest', 'familyId', 'imageId'] as const;

const isSignerProof = (code: string, facts: unknown): boolean =>
  code === 'SNP_SIGNED_BY_YOU' ||
  code === 'SNP_AUTHORED_BY_YOU' ||
  (code === 'SNP_FIELD_EQUAL' && ['idKeyDigest', 'authorKeyDigest'].includes((facts as { field: string }).field));

function signerFindings(report: SnpReport, expectation: SnpExpectation): readonly SnpFinding[] {
  const { signedBy, idKeyDigest, authorKeyDigest } = expectation;
  // Asked for exactly: that comparison says it.
  if (signedBy === undefined && (idKeyDigest !== undefined || authorKeyDigest !== undefined)) return [];
  if (signedBy === undefined || signedBy === 'any') {
    const severity = signedBy === 'any' ? 'note' : 'unchecked';
    const code = isZero(report.idKeyDigest) ? 'SNP_NOT_SIGNED' : 'SNP_SIGNED_BY_UNKNOWN';
    if (signedBy === 'any') return [find('note', 'SNP_WISH_ANY', { wish: WISH_NAMES.signedBy }), find('note', code)];
    return [find(severity, code)];
  }
  if (isZero(report.idKeyDigest)) return [find('refused', 'SNP_NOT_SIGNED')];
  const idKey = bestMatch(signedBy.idKeys, report.idKeyDigest);
  const authorKey = report.authorKeyEnabled ? bestMatch(signedBy.authorKeys, report.authorKeyDigest) : undefined;
  if (idKey && isOwn(idKey.origin)) return [find('ok', 'SNP_SIGNED_BY_YOU', { key: idKey.name ?? 'ID key' })];
  if (authorKey && isOwn(authorKey.origin)) {
    return [find('ok', 'SNP_AUTHORED_BY_YOU', { key: authorKey.name ?? 'author key' })];
  }
  if (idKey || authorKey) return [find('unchecked', 'SNP_SIGNATURE_CLAIMED')];
  return [find('refused', 'SNP_SIGNED_BY_UNKNOWN')];
}

/** The owner's own key goes before one that is only claimed. */
function bestMatch(keys: readonly TrustedKey[], digest: Uint8Array): TrustedKey | undefined {
  const matching = keys.filter((key) => matchesKey(key, digest));
  return matching.find(({ origin }) => isOwn(origin)) ?? matching[0];
}

const svnFindings = (report: SnpReport, { minGuestSvn }: SnpExpectation): readonly SnpFinding[] =>
  judgeWish(
    'minGuestSvn',
    minGuestSvn,
    () => true,
    (floor) => {
      const compared = { expected: `≥ ${floor}`, actual: String(report.guestSvn) };
      if (report.guestSvn < floor) return [find('refused', 'SNP_SVN_BELOW', { floor }, compared)];
      return [find('ok', 'SNP_SVN_REACHED', undefined, compared)];
    },
  );
