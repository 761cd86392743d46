// May the secret be released into this launch? Every condition of docs/rules.md, rule 2, each with its finding.
import { SevError } from '../../errors.ts';
import { dottedBothRadices } from '../../bytes/number.ts';
import {
  FIRST_BINDING_SECRETS,
  type FirmwareVersion,
  firmwareVersion,
  isOlder,
  showFirmware,
} from '../formats/firmware-version.ts';
import { ownerKeySha256 } from '../formats/key-field.ts';
import { isEs, parsePolicy, showPolicy } from '../formats/policy.ts';
import { isLaunchSession, type LaunchSession, type TransportKeys } from '../session/launch-session.ts';
import { sessionFitsPolicy } from '../session/session-blob.ts';
import {
  launchMeasureMatches,
  readReportedLaunch,
  type ReportedLaunch,
  type VerifiedLaunch,
  verifyLaunchMeasure,
} from '../verify/launch-measure.ts';
import type { Expectation } from './expectation.ts';
import { expectationFindings } from './expectation-findings.ts';
import { type Finding, findingOf } from '../../findings/finding.ts';
import { OWNER } from './owner-words.ts';
import { policyFindings } from './policy-findings.ts';
import { swappedFields } from './swapped-fields.ts';
import { unprovenNotes } from './unproven.ts';

declare const brand: unique symbol;

/** Under whose root a platform stands: AMD's, or the published test root. */
export type PlatformKind = 'genuine' | 'simulated';

/** Leave to seal secrets for one launch. Only `decide` makes it; a copy or a look-alike opens nothing. */
export interface Release<P extends PlatformKind = PlatformKind> {
  readonly [brand]: true;
  readonly kind: 'release';
  /** The platform is a simulated one: nothing that is released here is protected by AMD's hardware. */
  readonly simulated: { readonly genuine: false; readonly simulated: true }[P];
  readonly sessionId: string;
  readonly launch: VerifiedLaunch;
  readonly findings: readonly Finding[];
}

/** Keep the secret. Everything that speaks against, and all that is well, is among the findings. */
export interface Withhold {
  readonly kind: 'withhold';
  readonly simulated: boolean;
  readonly sessionId: string;
  readonly findings: readonly Finding[];
}

export type Decision = Release | Withhold;

export interface DecideArgs {
  readonly session: LaunchSession;
  readonly expectation: Expectation;
  readonly reported: ReportedLaunch;
  /** Owners that the platform must have by now, beside the session's own: SHA-256 of the OCA's public key field, hex. */
  readonly owners?: readonly string[];
}

/** What sealing needs, kept where nobody can put something else in its place. */
export interface ReleaseFacts {
  readonly keys: TransportKeys;
  /** The measure that the guest owner expects, 32 bytes; never bytes from the host. */
  readonly expectedMeasure: Uint8Array;
}

const releases = new WeakMap<Release, ReleaseFacts>();

/**
 * Decides on one launch. Answers, and throws only for what is no report at all.
 * @throws SevError BYTES_LENGTH, BYTES_VALUE when the report is malformed
 */
export async function decide(args: DecideArgs): Promise<Decision> {
  const { session } = args;
  const { expectation } = args;
  const reported = readReportedLaunch(args.reported);
  const launch = await verifiedLaunch(session, expectation, reported);
  const findings = [
    ...sessionFindings(session),
    ...(await ownerFindings(session, args.owners ?? [])),
    await blobFinding(session),
    ...policyFindings(session.policy, session.acceptsKeySharing),
    reportedPolicyFinding(session, reported),
    ...firmwareFindings(session, expectation, reported),
    ...shapeFindings(session, expectation),
    ...expectationFindings(expectation, session.trustedPdh.simulated),
    launch ? MEASURE_MATCH : await measureFinding(session, expectation, reported),
    ...unprovenFindings(session, expectation),
  ];
  const facts = { simulated: session.trustedPdh.simulated, sessionId: session.id, findings };
  if (!launch || findings.some(forbids)) return { kind: 'withhold', ...facts };
  return makeRelease({ kind: 'release', ...facts, launch }, session, launch);
}

/**
 * What a release allows to seal with.
 * @throws SevError MEASURE_NOT_VERIFIED when `decide` did not make it
 */
export function factsOfRelease(release: Release): ReleaseFacts {
  const facts = releases.get(release);
  if (!facts) throw new SevError('MEASURE_NOT_VERIFIED', { at: 'release' });
  return facts;
}

/**
 * A release that hardware protects: what is worth something is given to no other.
 * @throws SevError MEASURE_SIMULATED
 */
export function requireGenuine(release: Release): Release<'genuine'> {
  if (isGenuine(release)) return release;
  throw new SevError('MEASURE_SIMULATED');
}

const isGenuine = (release: Release): release is Release<'genuine'> => !release.simulated;

const forbids = ({ severity }: Finding): boolean => severity === 'refused' || severity === 'unchecked';

function makeRelease(parts: Omit<Release, typeof brand>, session: LaunchSession, launch: VerifiedLaunch): Release {
  const release = Object.freeze(parts) as Release;
  releases.set(release, { keys: session.keys, expectedMeasure: launch.expectedMeasure.slice() });
  return release;
}

function sessionFindings(session: LaunchSession): readonly Finding[] {
  const findings: Finding[] = [platformFinding(session)];
  if (!isLaunchSession(session)) {
    findings.push(findingOf(new SevError('MEASURE_NOT_VERIFIED', { sentence: 'This is not a session of ours.' })));
  }
  if (session.origin !== 'made-here') findings.push(findingOf(new SevError('MEASURE_SESSION_IMPORTED')));
  return findings;
}

function platformFinding({ trustedPdh }: LaunchSession): Finding {
  if (trustedPdh.simulated) {
    const sentence = 'The platform is SIMULATED: what is proven here proves nothing about any hardware.';
    return { code: 'PLATFORM_SIMULATED', severity: 'warning', sentence };
  }
  const sentence = `The session's key leads to AMD's root for ${trustedPdh.root.name}.`;
  return { code: 'PLATFORM_GENUINE', severity: 'ok', sentence };
}

/** Nothing where no owner is expected; a valid chain alone does not say who owns the platform. */
async function ownerFindings({ trustedPdh, owner }: LaunchSession, owners: readonly string[]): Promise<Finding[]> {
  const expected = [...new Set([...(owner === undefined ? [] : [owner]), ...owners])];
  if (expected.length === 0) return [];
  const actual = await ownerKeySha256(trustedPdh.chain.oca);
  const other = expected.find((one) => one !== actual);
  return [{ code: 'OWNER_EXPECTED', ...(other === undefined ? OWNER.expected : OWNER.other(other, actual)) }];
}

async function blobFinding({ blob, keys, policy }: LaunchSession): Promise<Finding> {
  if (await sessionFitsPolicy(blob, keys.tik, policy)) {
    return { code: 'SESSION_INTACT', severity: 'ok', sentence: 'The session blob fits its key and policy.' };
  }
  return findingOf(new SevError('MEASURE_SESSION_BLOB', { at: 'session.policyMac' }));
}

function reportedPolicyFinding(session: LaunchSession, reported: ReportedLaunch): Finding {
  const values = { expected: showPolicy(session.policy), actual: showPolicy(reported.policy) };
  if (session.policy !== reported.policy) return findingOf(new SevError('MEASURE_POLICY_CHANGED'), values);
  return { code: 'POLICY_EQUAL', severity: 'ok', sentence: "The guest runs under your session's policy.", ...values };
}

function firmwareFindings(
  session: LaunchSession,
  { floor }: Expectation,
  reported: ReportedLaunch,
): readonly Finding[] {
  const actual = showFirmware(reported);
  const findings: Finding[] = [];
  if (!isOlder(reported, FIRST_BINDING_SECRETS)) {
    const sentence = 'The AMD-SP binds every secret to this measurement.';
    findings.push({ code: 'API_BINDS_SECRETS', severity: 'ok', sentence, actual });
  } else {
    findings.push(findingOf(new SevError('MEASURE_API_TOO_OLD'), { expected: dottedBothRadices(0, 17), actual }));
  }
  for (const least of floors(session, floor)) {
    if (!isOlder(reported, least)) continue;
    findings.push(findingOf(new SevError('MEASURE_FIRMWARE_FLOOR'), { expected: showFirmware(least), actual }));
  }
  return findings;
}

/** The policy's minimum API, and the guest owner's own floor. An AMD-SP would have refused the first itself. */
function floors(session: LaunchSession, own: Expectation['floor']): readonly FirmwareVersion[] {
  try {
    const { apiMajor, apiMinor } = parsePolicy(session.policy);
    return [firmwareVersion(apiMajor, apiMinor, 0), ...(own ? [own] : [])];
  } catch {
    return own ? [own] : []; // A policy that cannot be read is a finding of its own.
  }
}

function shapeFindings({ policy }: LaunchSession, { vcpus }: Expectation): readonly Finding[] {
  const es = isEs(policy);
  if (vcpus === undefined || es === vcpus > 0) return [];
  const sentence = es
    ? 'The policy asks for SEV-ES, but your expectation has no VMSA pages.'
    : 'Your expectation has VMSA pages, but the policy does not ask for SEV-ES.';
  const next =
    'Compute the expected digest again, for the number of vCPUs and the kind of guest that the session is for.';
  return [{ code: 'EXPECTATION_WITHOUT_FIT', severity: 'refused', sentence, next }];
}

const MEASURE_MATCH: Finding = {
  code: 'MEASURE_MATCH',
  severity: 'ok',
  sentence: 'The launch measure is the one of your guest image, policy and API version.',
};

/** The launch whose measure is the expected one under the session's policy; `undefined` for any other. */
async function verifiedLaunch(
  session: LaunchSession,
  { launchDigest }: Expectation,
  reported: ReportedLaunch,
): Promise<VerifiedLaunch | undefined> {
  return verifyLaunchMeasure(session, launchDigest, reported).catch((error: unknown) => {
    if (error instanceof SevError) return undefined;
    throw error;
  });
}

/** Of a launch that is not verified: whether at least its measure is the one of the session's policy. */
async function measureFinding(
  session: LaunchSession,
  expectation: Expectation,
  reported: ReportedLaunch,
): Promise<Finding> {
  const expected = { launchDigest: expectation.launchDigest, policy: session.policy };
  if (await launchMeasureMatches(session.keys.tik, expected, reported)) return MEASURE_MATCH;
  // The expected measure is not told: in the host's hands it would be a measurement that passes.
  const words = await swappedFields(session.keys.tik, expected, reported);
  return findingOf(new SevError('MEASURE_MISMATCH', words));
}

function unprovenFindings(session: LaunchSession, expectation: Expectation): readonly Finding[] {
  try {
    return unprovenNotes(expectation, parsePolicy(session.policy));
  } catch {
    return []; // A policy that cannot be read is a finding of its own.
  }
}
