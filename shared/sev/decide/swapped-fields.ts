// A measurement whose fields were mixed up on their way: named for what it is, and still refused.
import { equalBytes } from '../../bytes/equal.ts';
import { concat } from '../../bytes/writer.ts';
import type { CryptoKey } from '../../crypto/subtle.ts';
import { launchMeasureMatches, type MeasuredLaunch, type ReportedLaunch } from '../verify/launch-measure.ts';
import { SWAPPED_WORDS } from './words.ts';

const MNONCE_SIZE = 16;

/** @returns words for MEASURE_MISMATCH where the mix-up is known; otherwise none, and the table's stand */
export async function swappedFields(
  tik: CryptoKey,
  expected: Pick<MeasuredLaunch, 'launchDigest' | 'policy'>,
  reported: ReportedLaunch,
): Promise<{ readonly sentence?: string; readonly next?: string }> {
  const { measure, mnonce } = reported;
  if (equalBytes(measure, expected.launchDigest)) return SWAPPED_WORDS.digest;
  const bytes = concat(measure, mnonce);
  const turned = { ...reported, mnonce: bytes.slice(0, MNONCE_SIZE), measure: bytes.slice(MNONCE_SIZE) };
  return (await launchMeasureMatches(tik, expected, turned)) ? SWAPPED_WORDS.nonceFirst : {};
}
