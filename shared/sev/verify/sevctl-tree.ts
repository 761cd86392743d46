// The tree that `sevctl verify` prints, to be laid beside the operator's own run of it.
import type { ChainReport, CertName } from './cert-chain.ts';

// U+0337 and U+0338 strike the mark through, as sevctl does; a question mark is ours: sevctl has no word for unchecked.
const SIGNS = { verified: '⬑', failed: '⬑\u0338', unchecked: '?' };
const SELF_SIGNS = { verified: '•', failed: '•\u0337', unchecked: '?' };
const LEGEND = ' • = self signed, ⬑ = signs, •\u0337 = invalid self sign, ⬑\u0338 = invalid signs';

/** Signer, the certificate it signs, and how far its line is set in. */
const LINES: readonly (readonly [CertName, CertName, string])[] = [
  ['PEK', 'PDH', ''],
  ['OCA', 'PEK', '   '],
  ['CEK', 'PEK', '   '],
  ['ASK', 'CEK', '      '],
  ['ARK', 'ASK', '         '],
];

/** sevctl's tree without its legend: one line for each certificate that is there, from the PDH up. */
export function sevctlTree(report: Pick<ChainReport, 'certificates' | 'links'>): string {
  const lineOf = (name: CertName): string | undefined => report.certificates.find((cert) => cert.name === name)?.line;
  const statusOf = (signer: CertName, subject: CertName) =>
    report.links.find((link) => link.signer === signer && link.subject === subject)?.status;
  const signers = LINES.map(([signer, subject, indent]) => {
    const self = statusOf(signer, signer);
    const marks = `${self ? SELF_SIGNS[self] : ' '}${SIGNS[statusOf(signer, subject) ?? 'unchecked']}`;
    const line = lineOf(signer);
    return line && `${indent}${marks} ${line}`;
  });
  return [lineOf('PDH'), ...signers].filter((line) => line !== undefined).join('\n');
}

/** All that `sevctl verify` prints. */
export const sevctlVerifyText = (report: Pick<ChainReport, 'certificates' | 'links'>): string =>
  `${sevctlTree(report)}\n\n${LEGEND}\n`;
