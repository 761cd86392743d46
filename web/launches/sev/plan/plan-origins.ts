// Where the values of a plan came from: a claim is shown, and confirmed or replaced, before anything is compared with it.
import { SevError } from '../../../../shared/errors.ts';
import {
  carriedOrigin,
  type Claimant,
  confirmedOrigin,
  isOwn,
  type Origin,
  type OwnerOrigin,
  storedOrigin,
} from '../../../../shared/origins/origin.ts';
import { claimedWords, type Part } from '../../../../shared/origins/words.ts';
import { parsePolicy } from '../../../../shared/sev/formats/policy.ts';
import type { LaunchOrigins } from '../../../../shared/sev/decide/expectation.ts';
import { originOfFile, type ReferenceRecord } from '../../../library/reference-record.ts';

/** Of a plan, by part. The guest image's is that of the choice; its file has one of its own in the library. */
export type PlanOrigins = { readonly [P in Part]?: Origin };

/** Of a plan, what tells which parts it has. */
interface Planned {
  readonly policy: number;
  readonly kernel?: { readonly kernel?: unknown; readonly initrd?: unknown };
  readonly floor?: unknown;
  readonly origins?: PlanOrigins;
}

/** What the app presets and the owner leaves as it is. */
export const FIRST_ORIGINS = { policy: 'typed-here', cpus: 'typed-here' } as const satisfies PlanOrigins;

/** The parts that a plan has: what is not measured needs no origin. */
const partsOf = (plan: Planned): readonly Part[] => [
  'image',
  'policy',
  ...(plan.kernel?.kernel ? (['kernel', 'cmdline'] as const) : []),
  ...(plan.kernel?.initrd ? (['initrd'] as const) : []),
  ...(parsePolicy(plan.policy).es ? (['cpus'] as const) : []),
  ...(plan.floor ? (['floor'] as const) : []),
];

/** @param image the guest image's record, once one is chosen */
export function originOf(plan: Planned, part: Part, image: ReferenceRecord | undefined): Origin {
  const chosen = storedOrigin(plan.origins?.[part]);
  // A choice of the owner's own is as good as the file that was chosen.
  return part === 'image' && image && isOwn(chosen) ? originOfFile(image) : chosen;
}

/** The parts that nobody has confirmed. */
export const claimsOf = (plan: Planned, image: ReferenceRecord | undefined): readonly Part[] =>
  partsOf(plan).filter((part) => (part !== 'image' || image) && !isOwn(originOf(plan, part, image)));

/** @throws SevError MEASURE_CLAIMED where a part is only claimed */
export function requireOwn(plan: Planned, image: ReferenceRecord): LaunchOrigins<OwnerOrigin> {
  const claims = claimsOf(plan, image);
  if (claims.length > 0) throw new SevError('MEASURE_CLAIMED', { at: claims.join(', '), ...claimedWords(claims) });
  const own = partsOf(plan).map((part) => [part, originOf(plan, part, image)] as const);
  return Object.fromEntries(own) as unknown as LaunchOrigins<OwnerOrigin>;
}

/** The plan with these parts confirmed. */
export function confirmParts<P extends Planned>(plan: P, parts: readonly Part[]): P {
  const confirmed = parts.map((part) => [part, confirmedOrigin(storedOrigin(plan.origins?.[part]))] as const);
  return { ...plan, origins: { ...plan.origins, ...Object.fromEntries(confirmed) } };
}

/** A plan that came from elsewhere: nothing in it is the owner's word on this device. */
export const carriedPlan = <P extends Planned>(plan: P, by: Claimant): P => ({
  ...plan,
  origins: Object.fromEntries(
    partsOf(plan).map((part) => [part, carriedOrigin(storedOrigin(plan.origins?.[part]), by)]),
  ),
});
