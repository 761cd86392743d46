// Is this what I asked the platform to launch? The AMD-SP's measure against the one that the guest owner expects.
import { SevError } from '../../errors.ts';
import { le32 } from '../../bytes/number.ts';
import { requireLength } from '../../bytes/reader.ts';
import { concat } from '../../bytes/writer.ts';
import { mac, verifyMac } from '../../crypto/mac.ts';
import type { CryptoKey } from '../../crypto/subtle.ts';
import { MEASURE_SIZE, MNONCE_SIZE } from '../formats/launch-measure.ts';
import { FIRST_BINDING_SECRETS, type FirmwareVersion, isOlder } from '../formats/firmware-version.ts';
import { showPolicy } from '../formats/policy.ts';

declare const brand: unique symbol;

/** What the host says about a launch. Nothing of it is believed before the measure was checked. */
export interface ReportedLaunch extends FirmwareVersion {
  /** 32 bytes. */
  readonly measure: Uint8Array;
  /** 16 bytes. */
  readonly mnonce: Uint8Array;
  readonly policy: number;
}

/** What goes into a measure. */
export interface MeasuredLaunch extends FirmwareVersion {
  readonly policy: number;
  readonly launchDigest: Uint8Array;
  readonly mnonce: Uint8Array;
}

/** A launch whose measure is the expected one, under the session's policy. */
export interface VerifiedLaunch {
  readonly [brand]: true;
  readonly sessionId: string;
  readonly policy: number;
  readonly launchDigest: Uint8Array;
  /** Computed here from what the guest owner expects, 32 bytes. */
  readonly expectedMeasure: Uint8Array;
  readonly reported: ReportedLaunch;
}

/** Of a session, what its measure needs. Sessions are made from what was verified, so they cannot be named here. */
export interface MeasuringSession {
  readonly id: string;
  readonly policy: number;
  readonly keys: { readonly tik: CryptoKey };
}

/** The first byte of every measured message since API 0.17. */
const CONTEXT_LAUNCH_MEASURE = 0x04;

/** The message under the measure. SEV API 6.5.1; before API 0.17 it lacks context, API and build. */
export function encodeMeasuredLaunch(launch: MeasuredLaunch): Uint8Array {
  const { apiMajor, apiMinor, build, policy, launchDigest, mnonce } = launch;
  const version = isOlder(launch, FIRST_BINDING_SECRETS)
    ? new Uint8Array()
    : Uint8Array.of(CONTEXT_LAUNCH_MEASURE, apiMajor, apiMinor, build);
  return concat(version, le32(policy), launchDigest, mnonce);
}

/** Whether a reported measure is the one of an expected digest and policy. Says no, and never which part was wrong. */
export const launchMeasureMatches = (
  tik: CryptoKey,
  expected: { readonly launchDigest: Uint8Array; readonly policy: number },
  reported: ReportedLaunch,
): Promise<boolean> => verifyMac(tik, encodeMeasuredLaunch({ ...reported, ...expected }), reported.measure);

/**
 * Verifies that the AMD-SP measured what the guest owner expects.
 *
 * @param launchDigest 32 bytes, computed from the guest owner's own copies
 * @throws SevError MEASURE_POLICY_CHANGED, MEASURE_MISMATCH, BYTES_LENGTH, BYTES_VALUE
 */
export async function verifyLaunchMeasure(
  session: MeasuringSession,
  launchDigest: Uint8Array,
  reported: ReportedLaunch,
): Promise<VerifiedLaunch> {
  const launch = readReportedLaunch(reported);
  const expected = { launchDigest: launchDigest.slice(), policy: session.policy };
  requireLength(expected.launchDigest, 32, 'launchDigest');
  requireSamePolicy(session.policy, launch.policy);
  if (!(await launchMeasureMatches(session.keys.tik, expected, launch))) throw new SevError('MEASURE_MISMATCH');
  const expectedMeasure = await mac(session.keys.tik, encodeMeasuredLaunch({ ...launch, ...expected }));
  return { sessionId: session.id, ...expected, expectedMeasure, reported: launch } as unknown as VerifiedLaunch;
}

/**
 * Copies a host's report and checks its ranges.
 * @throws SevError BYTES_LENGTH, BYTES_VALUE
 */
export function readReportedLaunch(reported: ReportedLaunch, at = 'reported'): ReportedLaunch {
  requireLength(reported.measure, MEASURE_SIZE, `${at}.measure`);
  requireLength(reported.mnonce, MNONCE_SIZE, `${at}.mnonce`);
  for (const name of ['apiMajor', 'apiMinor', 'build'] as const) requireWithin(reported[name], 0xff, `${at}.${name}`);
  requireWithin(reported.policy, 0xffffffff, `${at}.policy`);
  const { apiMajor, apiMinor, build, policy } = reported;
  return { measure: reported.measure.slice(), mnonce: reported.mnonce.slice(), apiMajor, apiMinor, build, policy };
}

function requireSamePolicy(expected: number, actual: number): void {
  if (expected === actual) return;
  const because = `The session says ${showPolicy(expected)}, the host ${showPolicy(actual)}.`;
  throw new SevError('MEASURE_POLICY_CHANGED', { at: 'reported.policy', because });
}

function requireWithin(value: number, max: number, at: string): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new SevError('BYTES_VALUE', { at, because: `${value} is not within 0–${max}.` });
}
