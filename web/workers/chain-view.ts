// A chain report as a screen draws it: plain values, which also travel from the worker that checked the chain.
import type { ErrorCode } from '../../shared/errors.ts';
import type { Generation } from '../../shared/trust/pinned-root.ts';
import type { CertName, CertSummary, ChainReport } from '../../shared/sev/verify/cert-chain.ts';

/** A SevError without its class. */
export interface Fault {
  readonly code: ErrorCode;
  readonly at: string;
  readonly sentence: string;
  readonly next: string;
}

export interface LinkView {
  readonly signer: CertName;
  readonly subject: CertName;
  readonly status: 'verified' | 'failed' | 'unchecked';
  readonly proven: boolean;
  readonly sentence: string;
  readonly fault?: Fault;
}

export interface ChainView {
  readonly status: ChainReport['status'];
  readonly generation?: Generation;
  readonly certificates: readonly CertSummary[];
  readonly links: readonly LinkView[];
  readonly notes: readonly string[];
  readonly fault?: Fault;
}

export function viewOfChain(report: ChainReport): ChainView {
  const { status, generation, certificates, links, notes, error } = report;
  return {
    status,
    ...(generation && { generation }),
    certificates,
    links: links.map(({ error: broken, signer, subject, status: link, proven, sentence }) => ({
      signer,
      subject,
      status: link,
      proven,
      sentence,
      ...(broken && { fault: broken.toJSON() }),
    })),
    notes,
    ...(error && { fault: error.toJSON() }),
  };
}

/** The link at which the chain breaks, in telling order. */
export const brokenLink = (view: ChainView): LinkView | undefined =>
  view.links.find(({ status }) => status === 'failed') ?? view.links.find(({ fault }) => fault !== undefined);
