// What was decided of a launch while its session's keys were at hand, kept with its record: keys are forgotten when a
// session ends, and what was verified, when and against what can be told ever after. All of it is public.
import { equalBytes } from '../../../shared/bytes/equal.ts';
import { toHex } from '../../../shared/bytes/text.ts';
import { encodeMidstate } from '../../../shared/crypto/sha256-midstate.ts';
import type { Decision } from '../../../shared/sev/decide/decision.ts';
import type { Finding } from '../../../shared/findings/finding.ts';
import { factsOfImage } from '../../../shared/evidence/image-facts.ts';
import type { Evidence } from '../../../shared/evidence/record.ts';
import { type ImageRecord, readImageOf } from '../../library/reference-record.ts';
import type { Reported } from './told-by-host.ts';
import { type CpuPlan, type Plan, usesEs } from '../sev/plan/plan.ts';

/** A verdict as it fell. It opens nothing: a secret is released only on one that was worked out just now. */
export interface Judged {
  readonly at: number;
  readonly kind: Decision['kind'];
  readonly simulated: boolean;
  /** The name of the pinned root that the chain led to. */
  readonly root: string;
  /** The very report and expectation that it is about, whatever comes after. */
  readonly reported: Reported;
  readonly expected: Evidence['expected'];
  readonly findings: readonly Finding[];
}

export interface JudgedParts {
  readonly decision: Decision;
  readonly plan: Plan;
  readonly image: ImageRecord;
  readonly reported: Reported;
  readonly launchDigest: Uint8Array;
  readonly root: string;
  readonly now: number;
}

export const judgedOf = ({ decision, plan, image, reported, launchDigest, root, now }: JudgedParts): Judged => ({
  at: now,
  kind: decision.kind,
  simulated: decision.simulated,
  root,
  reported,
  expected: { launchDigest: toHex(launchDigest), ...expectedOf(plan, image) },
  findings: decision.findings,
});

/** Whether a verdict only says again what an earlier one said: then the earlier one stands, with its time. */
export const saysTheSame = (earlier: Judged | undefined, later: Judged): boolean =>
  earlier?.kind === later.kind &&
  earlier.root === later.root &&
  earlier.expected.launchDigest === later.expected.launchDigest &&
  equalBytes(earlier.reported.measurement, later.reported.measurement);

/** As something that was proven once, and is not proven now: of what is only kept, nothing is green. */
export const keptFindings = ({ findings }: Judged): readonly Finding[] =>
  findings.map((finding) => (finding.severity === 'ok' ? { ...finding, severity: 'note' } : finding));

function expectedOf(plan: Plan, image: ImageRecord): Omit<Evidence['expected'], 'launchDigest'> {
  const { kernel, cpu, floor } = plan;
  const { name, size, sha256, midstate } = image;
  // What a claim says of an image is no fact.
  const guestImage = readImageOf(image);
  const { resetEip } = guestImage ?? {};
  const facts = guestImage && factsOfImage(guestImage, image.vouchedAt !== undefined);
  return {
    guestImage: {
      ...{ name, size, sha256, midstate: encodeMidstate(midstate) },
      ...(resetEip !== undefined && { resetEip }),
      ...(facts && { facts }),
    },
    ...(kernel?.kernel && {
      kernel: { kernel: kernel.kernel, ...(kernel.initrd && { initrd: kernel.initrd }), cmdline: kernel.cmdline },
    }),
    ...(usesEs(plan) && { cpus: measuredCpus(cpu) }),
    ...(floor && { floor }),
  };
}

/** With the pages that were measured, and no other. */
function measuredCpus({ pages, ...cpus }: CpuPlan): NonNullable<Evidence['expected']['cpus']> {
  if (!pages?.boot) return cpus;
  const { boot, others } = pages;
  return { ...cpus, pages: { boot, ...(cpus.vcpus > 1 && others && { others }) } };
}
