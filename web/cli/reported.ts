// What the host says about a launch, from the command line. Nothing of it is believed.
import { parseLaunchMeasure } from '../../shared/formats/launch-measure.ts';
import type { ReportedLaunch } from '../../shared/verify/launch-measure.ts';
import { type Given, type OptionTable, required } from './options.ts';
import { readFileOrBase64 } from './read-file.ts';

export const REPORTED_OPTIONS = {
  'launch-measure-blob': { kind: 'text', short: 'm' },
  'api-major': { kind: 'number', max: 255 },
  'api-minor': { kind: 'number', max: 255 },
  'build-id': { kind: 'number', max: 255 },
  policy: { kind: 'number' },
} as const satisfies OptionTable;

export const REPORTED_HELP = `  -m, --launch-measure-blob B
                       the measurement that the host reports: 48 bytes, as a file or base64
      --api-major N  --api-minor N  --build-id N
                       the firmware of the host`;

/** @throws SevError RELAY_USAGE, BYTES_LENGTH, BYTES_ENCODING */
export async function readReported(
  options: Given<typeof REPORTED_OPTIONS>['options'],
  policy: number,
): Promise<ReportedLaunch> {
  const at = '--launch-measure-blob';
  const blob = parseLaunchMeasure(await readFileOrBase64(required(options['launch-measure-blob'], at), at), at);
  return {
    ...blob,
    apiMajor: required(options['api-major'], '--api-major'),
    apiMinor: required(options['api-minor'], '--api-minor'),
    build: required(options['build-id'], '--build-id'),
    policy: options.policy ?? policy,
  };
}
