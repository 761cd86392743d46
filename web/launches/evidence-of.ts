// The record of a launch for the file, out of what this device holds. Only public values are taken, each by its name.
import type { Decision } from '../../shared/decide/decision.ts';
import type { Evidence } from '../../shared/evidence/record.ts';
import { encodeMidstate } from '../../shared/crypto/sha256-midstate.ts';
import { toHex } from '../../shared/bytes/text.ts';
import { parseLaunchMeasure } from '../../shared/formats/launch-measure.ts';
import type { ImageRecord } from '../library/reference-record.ts';
import type { LaunchRecord } from './launch-record.ts';
import { type Plan, usesEs } from './plan.ts';

export interface EvidenceParts {
  readonly record: LaunchRecord;
  readonly image: ImageRecord;
  /** Worked out anew from the record just now. */
  readonly decision: Decision;
  readonly launchDigest: Uint8Array;
  /** The name of the pinned root that the chain leads to. */
  readonly root: string;
  readonly build: string;
  readonly now: number;
}

/** @returns undefined before there was a session, a report and a verdict */
export function evidenceOf(parts: EvidenceParts): Evidence | undefined {
  const { record, image, decision, launchDigest, root, build, now } = parts;
  const { session, reported, plan } = record;
  if (!session || !reported) return undefined;
  const { measure, mnonce } = parseLaunchMeasure(reported.measurement);
  const { apiMajor, apiMinor, build: firmwareBuild, policy } = reported;
  return {
    format: 'sev-launch-evidence',
    version: 1,
    exported: instant(now),
    app: { build },
    launch: { name: record.name, platform: record.platformName, simulated: decision.simulated },
    chain: record.chain,
    root,
    session: {
      policy: session.policy,
      acceptsKeySharing: session.acceptsKeySharing,
      godh: session.godh,
      blob: session.blob,
    },
    expected: { launchDigest: toHex(launchDigest), ...expectedOf(plan, image) },
    reported: { measure: toHex(measure), mnonce: toHex(mnonce), apiMajor, apiMinor, build: firmwareBuild, policy },
    verdict: { kind: decision.kind, at: instant(judgedAt(record) ?? now), findings: decision.findings },
    history: record.history.map(({ at, event, detail }) => ({
      at: instant(at),
      event,
      ...(detail !== undefined && { detail: detail.slice(0, 400) }),
    })),
    foundInside: record.finalChecks ?? [],
  };
}

function expectedOf(plan: Plan, image: ImageRecord): Omit<Evidence['expected'], 'launchDigest'> {
  const { kernel, cpu, floor } = plan;
  const { name, size, sha256, midstate, guestImage } = image;
  const { resetEip } = guestImage ?? {};
  return {
    guestImage: { name, size, sha256, midstate: encodeMidstate(midstate), ...(resetEip !== undefined && { resetEip }) },
    ...(kernel?.kernel && {
      kernel: { kernel: kernel.kernel, ...(kernel.initrd && { initrd: kernel.initrd }), cmdline: kernel.cmdline },
    }),
    ...(usesEs(plan) && { cpus: cpu }),
    ...(floor && { floor }),
  };
}

/** When the verdict first fell; what is exported is worked out anew. */
const judgedAt = ({ history }: LaunchRecord): number | undefined =>
  history.findLast(({ event }) => event === 'verified' || event === 'mismatch')?.at;

const instant = (ms: number): string => new Date(ms).toISOString();
