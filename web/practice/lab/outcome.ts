// What a launch in the tamper lab came to: plain values, which also travel from the worker that played it.
import type { Finding } from '../../../shared/findings/finding.ts';
import type { SevError } from '../../../shared/errors.ts';

/** Where the lie met a check. */
export type Stage = 'chain' | 'hand-over' | 'amd-sp' | 'measurement' | 'decision' | 'report' | 'seal';

/** What a check said. */
export interface Refusal {
  readonly code: string;
  readonly sentence: string;
  readonly next?: string;
  /** The field that it is about. */
  readonly at?: string;
  readonly expected?: string;
  readonly actual?: string;
}

export interface Link {
  readonly signer: string;
  readonly subject: string;
}

export type Outcome =
  | {
      readonly kind: 'caught';
      readonly stage: Stage;
      /** The first is what stopped it. */
      readonly refusals: readonly Refusal[];
      /** The link at which the chain broke. */
      readonly link?: Link;
    }
  /** Nothing refused: the secret went into the guest, which says on its console what it found. */
  | { readonly kind: 'released'; readonly simulated: boolean; readonly console: string };

export function caught(stage: Stage, error: SevError, link?: Link): Outcome {
  const { code, sentence, next, at } = error;
  const where = link && { link: { signer: link.signer, subject: link.subject } };
  return { kind: 'caught', stage, refusals: [{ code, sentence, next, at }], ...where };
}

export const caughtFault = (stage: Stage, findings: readonly Finding[]): Outcome => ({
  kind: 'caught',
  stage,
  refusals: findings.map(({ severity: _severity, ...told }) => told),
});
