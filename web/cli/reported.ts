// What the host says about a launch, from the command line. Nothing of it is believed.
import { toUtf8 } from '../../shared/bytes/text.ts';
import { SevError } from '../../shared/errors.ts';
import {
  LAUNCH_MEASURE_SIZE,
  type LaunchMeasureBlob,
  parseLaunchMeasure,
} from '../../shared/sev/formats/launch-measure.ts';
import { expectPiece, type Piece, type PieceOf, recognise } from '../../shared/intake/index.ts';
import type { ReportedLaunch } from '../../shared/sev/verify/launch-measure.ts';
import { asText, encodedLength } from '../../shared/intake/text.ts';
import { MEASUREMENT_WORDS } from './words.ts';
import { type Given, type OptionTable, required } from './options.ts';
import { readFileIfThere } from './read-file.ts';

export const REPORTED_OPTIONS = {
  'launch-measure-blob': { kind: 'text', short: 'm' },
  'api-major': { kind: 'number', max: 255 },
  'api-minor': { kind: 'number', max: 255 },
  'build-id': { kind: 'number', max: 255 },
  policy: { kind: 'number' },
} as const satisfies OptionTable;

export const REPORTED_HELP = `  -m, --launch-measure-blob B
                       the measurement that the host reports, as a file or a text: 48 bytes, base64, hex, QMP's
                       answer, or what virsh domlaunchsecinfo prints
      --api-major N  --api-minor N  --build-id N
                       the firmware of the host; not needed where that text has it`;

/** @throws SevError RELAY_USAGE, BYTES_…, RELAY_NOT_SEV */
export async function readReported(
  options: Given<typeof REPORTED_OPTIONS>['options'],
  policy: number,
): Promise<ReportedLaunch> {
  const at = '--launch-measure-blob';
  const { measure, mnonce, info } = await readMeasurement(required(options['launch-measure-blob'], at), at);
  return {
    ...{ measure, mnonce, ...readVersion(options, info) },
    policy: options.policy ?? info?.policy ?? policy,
  };
}

/** The firmware's version: as it was given, or else as the text says that has the measurement. @throws SevError RELAY_USAGE */
export const readVersion = (
  options: Pick<Given<typeof REPORTED_OPTIONS>['options'], 'api-major' | 'api-minor' | 'build-id'>,
  info: PieceOf<'launch-info'> | undefined,
) => ({
  apiMajor: required(options['api-major'] ?? info?.apiMajor, '--api-major'),
  apiMinor: required(options['api-minor'] ?? info?.apiMinor, '--api-minor'),
  build: required(options['build-id'] ?? info?.build, '--build-id'),
});

export interface Measurement extends LaunchMeasureBlob {
  /** What stood beside it, as in the lines of `virsh domlaunchsecinfo`. */
  readonly info?: PieceOf<'launch-info'>;
}

/**
 * A measurement as the host hands it out: 48 bytes in a file, or as a file or a text base64, hex, the answer of
 * query-sev-launch-measure, or the lines of `virsh domlaunchsecinfo`.
 * @throws SevError BYTES_…, RELAY_QMP, RELAY_NOT_SEV where the guest runs without SEV
 */
export async function readMeasurement(value: string, at: string): Promise<Measurement> {
  const file = await readFileIfThere(value);
  if (file?.length === LAUNCH_MEASURE_SIZE) return parseLaunchMeasure(file, at);
  const pieces = await recogniseMeasurement(file, value, at);
  const info = pieces.find((piece) => piece.kind === 'launch-info');
  if (info && !info.enabled) throw new SevError('RELAY_NOT_SEV', { at });
  return { ...parseLaunchMeasure(expectPiece(pieces, 'launch-measure', at).bytes, at), ...(info && { info }) };
}

async function recogniseMeasurement(
  file: Uint8Array | undefined,
  value: string,
  at: string,
): Promise<readonly Piece[]> {
  try {
    return await recognise(file ?? toUtf8(value), at);
  } catch (cause) {
    if (!(cause instanceof SevError) || cause.code !== 'BYTES_UNKNOWN') throw cause;
    const encoded = encodedLength(file ? (asText(file) ?? '') : value);
    if (encoded) throw new SevError('BYTES_LENGTH', { at, ...MEASUREMENT_WORDS.length(encoded.length), cause });
    if (file) throw cause;
    const because = 'There is no such file, and it is no measurement in base64 or hex.';
    throw new SevError('BYTES_ENCODING', { at, because, cause });
  }
}
