// What is said of attestation reports; loaded with the screens that have to do with them.
import type { ReportDecision } from '../../shared/sev/decide/report-decision.ts';

const sentences: Readonly<Record<ReportDecision['kind'], string>> = {
  proven: 'This platform has a guest with your launch digest and policy.',
  'other-guest': 'The report is of another guest than you expect.',
  replayed: 'The report answers another request. It proves nothing.',
  unsigned: "The report is not this platform's word. It proves nothing.",
};

/** Attestation reports of a launch. */
export const report = {
  heading: 'Attestation report',
  lead: "The platform's word, fresh and signed, on what was loaded into a guest. It can be asked for as often as you like.",
  ask: 'Ask for an attestation report',
  askAgain: 'Ask for another report',
  asking: 'Asking for an attestation report…',
  judging: 'Verifying the attestation report…',
  withoutRelay: 'Without the relay: by file, paste or code',
  prepare: 'Make a request with a fresh nonce',
  prepareAnew: 'Make another request',
  awaited: (asked: string) => `The request of ${asked} waits for its report.`,
  requestHint: 'The nonce in it is no secret. The report must name it, so that nobody can show you an old one.',
  takeIn: 'Report from the host',
  takeInHint: 'The answer of QMP, whole; or the report itself: 208 bytes, raw or in base64.',
  aReport: 'an attestation report',
  sentences,
  provenSimulated: 'A simulated platform has a guest with your launch digest and policy.',
  reason: (asked: string, received: string) => `Asked ${asked}, answered ${received}.`,
  reasonRefused: (asked: string) => `It was held against the request of ${asked}.`,
  unproven: 'What it does not prove',
  found: 'In the attestation report',
  unasked: 'Nobody asked for a report of this launch.',
  unaskedNext: 'Make a request first. A report counts only for the nonce that it was asked with.',
  cannot: 'This host gives no attestation report.',
  cannotNext:
    'Ask the operator: reports want QEMU 6.1, Linux 5.13 and SEV firmware 0.23 or later, and a guest that libvirt does not manage. A launch does not need one.',
  answered: 'This request was answered already, by another report.',
  answeredNext: 'Ask for a new one: each request has one answer.',
  ofOther: (launch: string) => `This report answers what ${launch} asked.`,
  ofOtherNext: 'Open that launch, and give it there.',
} as const;
