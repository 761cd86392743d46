// Deciding on a launch of a recorded session, and sealing secrets for it: the command line's way to `decide`.
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import {
  type Decision,
  decide,
  factsOfRelease,
  type Release,
  requireGenuine,
} from '../../shared/sev/decide/decision.ts';
import type { Expectation } from '../../shared/sev/decide/expectation.ts';
import { isErrorCode, SevError } from '../../shared/errors.ts';
import type { TransportKeys } from '../../shared/sev/session/launch-session.ts';
import { sealSecret, type SecretPacket } from '../../shared/sev/seal/secret-packet.ts';
import type { ReportedLaunch } from '../../shared/sev/verify/launch-measure.ts';
import { noteLaunch, resumeFromRecord } from './session-record.ts';

export interface RecordedLaunch {
  readonly expectation: Expectation;
  readonly keys: TransportKeys;
  readonly reported: ReportedLaunch;
}

/**
 * A release that may be sealed for: a genuine one, or a simulated one that was asked for by name.
 * @param simulated the option of that name was given
 * @throws SevError MEASURE_SIMULATED
 */
export function requireAsked(release: Release, simulated: boolean): Release {
  if (simulated) return release;
  try {
    return requireGenuine(release);
  } catch (cause) {
    throw new SevError('MEASURE_SIMULATED', { next: 'For practice only, repeat the command with --simulated.', cause });
  }
}

/**
 * Seals a table for a release, and notes before it does which launch the session has now served.
 * @throws SevError MEASURE_SESSION_USED when it has served another
 */
export async function sealOnce(recordPath: string, release: Release, table: Uint8Array): Promise<SecretPacket> {
  await noteLaunch(recordPath, factsOfRelease(release).expectedMeasure);
  return sealSecret(release, table, webCryptoRandom);
}

/**
 * @param simulated take a simulated platform too
 * @throws SevError the first reason to withhold; as requireAsked, resumeFromRecord and sealOnce
 */
export async function sealRecorded(
  recordPath: string,
  launch: RecordedLaunch,
  table: Uint8Array,
  simulated: boolean,
): Promise<{ packet: SecretPacket; platform: 'genuine' | 'simulated' }> {
  const { keys, reported, expectation } = launch;
  const session = await resumeFromRecord(recordPath, keys);
  const decision = await decide({ session, expectation, reported });
  if (decision.kind === 'withhold') throw reasonOf(decision);
  const packet = await sealOnce(recordPath, requireAsked(decision, simulated), table);
  return { packet, platform: decision.simulated ? 'simulated' : 'genuine' };
}

function reasonOf({ findings }: Decision): SevError {
  const reason = findings.find(({ severity }) => severity === 'refused' || severity === 'unchecked');
  if (!reason) return new SevError('MEASURE_NOT_VERIFIED');
  const { code, sentence, next } = reason;
  return new SevError(isErrorCode(code) ? code : 'MEASURE_NOT_VERIFIED', { sentence, ...(next && { next }) });
}
