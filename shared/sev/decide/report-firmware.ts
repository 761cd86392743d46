// Whether the AMD-SP's firmware can make attestation reports at all.
import { dottedBothRadices } from '../../bytes/number.ts';
import { FIRST_REPORT_API } from '../formats/attestation-report.ts';
import { apiAtLeast } from '../formats/policy.ts';
import type { Finding } from '../../findings/finding.ts';

/** That firmware of this version has no such command; undefined where it has. */
export function tooOldForReports(apiMajor: number, apiMinor: number): Finding | undefined {
  const { apiMajor: major, apiMinor: minor } = FIRST_REPORT_API;
  if (apiAtLeast(apiMajor, apiMinor, major, minor)) return undefined;
  return {
    code: 'REPORT_API_TOO_OLD',
    severity: 'warning',
    sentence: 'This SEV firmware cannot make attestation reports.',
    next: 'Ask the operator to update it; QEMU 6.1 and Linux 5.13 are needed too. A launch does not need a report.',
    expected: dottedBothRadices(major, minor),
    actual: dottedBothRadices(apiMajor, apiMinor),
  };
}
