// Codes for SEV-SNP: reports, certificate tables, X.509 certificates and lists of revoked ones.
import type { ErrorWords } from './words.ts';

const NEW_REPORT = 'Do not rely on this report. Ask the guest for a new one.';
const OTHER_CERTIFICATE = "Fetch this report's own certificate from AMD, or ask the host for it.";
const NO_TRUST = 'Do not trust this certificate. Fetch it again from AMD.';
const NEW_CRL = 'Fetch the current list from AMD.';

export const SNP_ERRORS = {
  SNP_REPORT_VERSION: {
    sentence: 'This version of the SNP report is not known here.',
    next: 'Give a report of version 2 to 5, or update this program.',
  },
  SNP_REPORT_FORM: {
    sentence: 'A field of the SNP report holds a value that firmware never writes.',
    next: NEW_REPORT,
  },
  SNP_REPORT_UNSIGNED: {
    sentence: 'The SNP report is not signed.',
    next: "Ask the operator to let the chip's key or a VLEK sign, then ask for a new report.",
  },
  SNP_REPORT_BY_HOST: {
    sentence: 'The host requested this SNP report, not the guest.',
    next: 'Ask the guest itself for a report.',
  },
  SNP_REPORT_PRODUCT: {
    sentence: 'The processor of this SNP report is not known here.',
    next: 'Use a host with an EPYC 7003, 9004, 8004 or 9005 processor and current firmware, or update this program.',
  },
  SNP_REPORT_SIGNATURE: {
    sentence: "The SNP report's signature does not verify with this certificate.",
    next: NEW_REPORT,
  },
  SNP_REPORT_SHAPE: {
    sentence: 'No SNP report was found here.',
    next: 'Give the 1,184 bytes of a report, or their hex or base64 text.',
  },
  SNP_POLICY: {
    sentence: 'This is not an SNP guest policy that firmware accepts.',
    next: 'Set bit 17 and leave bits 26 to 63 clear; the usual policy is 0x30000.',
  },
  SNP_TABLE: {
    sentence: 'The certificate table is malformed.',
    next: 'Give the certificates as files, or ask the host for the table again.',
  },
  SNP_CERT_KIND: {
    sentence: 'The certificate is not of the kind that signs this.',
    next: OTHER_CERTIFICATE,
  },
  SNP_CERT_PRODUCT: {
    sentence: 'The certificate belongs to another processor family.',
    next: OTHER_CERTIFICATE,
  },
  SNP_CERT_TCB: {
    sentence: "The certificate belongs to another TCB than the report's REPORTED_TCB.",
    next: OTHER_CERTIFICATE,
  },
  SNP_CERT_CHIP: {
    sentence: 'The certificate belongs to another chip.',
    next: OTHER_CERTIFICATE,
  },
  CERT_DER: {
    sentence: 'It is not written in strict DER, as certificates must be.',
    next: NO_TRUST,
  },
  CERT_EXTENSION: {
    sentence: 'An extension of the certificate is missing, malformed, repeated or unknown.',
    next: NO_TRUST,
  },
  CERT_CA: {
    sentence: 'The certificate may not sign other certificates.',
    next: NO_TRUST,
  },
  CERT_NAME: {
    sentence: 'The certificate carries another name than it must.',
    next: NO_TRUST,
  },
  CERT_EXPIRED: {
    sentence: 'The certificate has expired.',
    next: 'Fetch a current one from AMD, or judge as of an earlier date.',
  },
  CERT_NOT_YET: {
    sentence: 'The certificate is not valid yet.',
    next: "Check this device's clock, or the date that you judge by.",
  },
  CERT_REVOKED: {
    sentence: 'AMD has revoked this certificate.',
    next: 'Do not trust this platform until it has a certificate from a new signing key.',
  },
  CERT_CRL: {
    sentence: 'The list of revoked certificates (CRL) cannot be trusted here.',
    next: NEW_CRL,
  },
  CERT_CRL_STALE: {
    sentence: 'The list of revoked certificates (CRL) is out of date.',
    next: NEW_CRL,
  },
  CERT_CRL_NOT_YET: {
    sentence: 'The list of revoked certificates (CRL) is from after the date that you judge by.',
    next: 'Give the list that was current on that date, or judge by a later date.',
  },
} satisfies Record<string, ErrorWords>;
