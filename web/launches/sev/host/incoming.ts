// A measurement that came without a relay: out of a paste, a file or a code.
import { type AirgapMessage, expectMessage, sessionTag } from '../../../../shared/airgap/index.ts';
import { toHex } from '../../../../shared/bytes/text.ts';
import { SevError } from '../../../../shared/errors.ts';
import { expectPiece } from '../../../../shared/intake/expect-piece.ts';
import type { Piece } from '../../../../shared/intake/piece.ts';
import type { Reported } from '../../record/launch-record.ts';

/** What of a report is at hand; the two parts may come one after the other. */
export interface PartialReport {
  readonly measurement?: Uint8Array;
  readonly version?: Omit<Reported, 'measurement'>;
}

/**
 * Adds what was given to what is there already.
 * @throws SevError BYTES_SWAPPED when it is something else, naming it; RELAY_NOT_SEV when the guest is not encrypted
 */
export function addPieces(known: PartialReport, pieces: readonly Piece[]): PartialReport {
  const info = pieces.find((piece) => piece.kind === 'launch-info');
  const hasMeasure = pieces.some(({ kind }) => kind === 'launch-measure');
  if (info && !info.enabled) throw new SevError('RELAY_NOT_SEV');
  if (!info && !hasMeasure) expectPiece(pieces, 'launch-measure');
  const measurement = hasMeasure ? expectPiece(pieces, 'launch-measure').bytes : known.measurement;
  const version = info?.policy === undefined ? known.version : versionOf({ ...info, policy: info.policy });
  return { ...(measurement && { measurement }), ...(version && { version }) };
}

const versionOf = ({ apiMajor, apiMinor, build, policy }: Omit<Reported, 'measurement'>) => ({
  apiMajor,
  apiMinor,
  build,
  policy,
});

/** The whole report, once both parts are there. */
export const wholeReport = ({ measurement, version }: PartialReport): Reported | undefined =>
  measurement && version && { measurement, ...version };

/** @throws SevError BYTES_SWAPPED, MEASURE_OTHER_SESSION */
export function reportOfMessage(message: AirgapMessage, sessionBlob: Uint8Array): Reported & { guest?: string } {
  const session = toHex(sessionTag(sessionBlob));
  const { measurement, guest, ...version } = expectMessage(message, { kinds: ['measurement'], session });
  return { measurement, ...versionOf(version), ...(guest !== undefined && { guest }) };
}
