// The verb `digest`: what the AMD-SP will measure, from your own files; with the session's TIK also the measure itself.
import { bothRadices } from '../../shared/bytes/number.ts';
import { requireLength } from '../../shared/bytes/reader.ts';
import { toBase64, toHex } from '../../shared/bytes/text.ts';
import { equalBytes } from '../../shared/bytes/equal.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { mac } from '../../shared/crypto/mac.ts';
import { parsePolicy, showPolicy } from '../../shared/sev/formats/policy.ts';
import { encodeMeasuredLaunch } from '../../shared/sev/verify/launch-measure.ts';
import { cmdlineParameters } from '../../shared/guest/cmdline.ts';
import { findingLines } from './findings.ts';
import { type ExpectedLaunch, LAUNCH_HELP, LAUNCH_OPTIONS, readLaunch } from './launch-files.ts';
import { freeValues, type Given, type OptionTable, required } from './options.ts';
import { readFileOrBase64 } from './read-file.ts';
import { type Measurement, readMeasurement, readVersion, REPORTED_OPTIONS } from './reported.ts';
import { readTik } from './transport-key-files.ts';
import { usage } from './usage.ts';
import { type Result, verb } from './verb.ts';
import { DIGEST_WORDS } from './words.ts';
import { writeOutputs } from './write-file.ts';

const HELP = `Usage: sev-verifier digest --firmware FILE [OPTIONS]

Computes the launch digest: SHA-256 over all that the AMD-SP measures. With the session's key it computes the whole
measurement, as \`sevctl measurement build\` does with the same options.

${LAUNCH_HELP}
      --policy N       says whether SEV-ES is asked for; needed for the measurement, with
      --tik FILE       the session's key (16 bytes),
      --api-major N  --api-minor N  --build-id N
                       the firmware of the host, and either
      --nonce N        the nonce (a file, or base64), or
  -m, --launch-measure-blob B
                       what the host reports, as a file or a text (base64, hex, QMP's answer, or what virsh
                       domlaunchsecinfo prints, with the firmware in it): also says whether it is the same
      --outfile FILE   write the result as bytes: 48 of a measurement, 32 of a digest
      --force          replace the file if it is there
      --json           one JSON object instead

Exit codes: 0 computed, and equal if there was something to compare; 1 another measurement, or an image that cannot do
what is asked of it; 2 wrong use or unreadable input. To verify a launch, use \`validate\`.
`;

const OPTIONS = {
  ...LAUNCH_OPTIONS,
  ...REPORTED_OPTIONS,
  tik: { kind: 'text' },
  nonce: { kind: 'text' },
  outfile: { kind: 'text' },
  force: { kind: 'flag' },
} as const satisfies OptionTable;

type Options = Given<typeof OPTIONS>['options'];

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: async ({ options, free }): Promise<Result> => {
    freeValues(free);
    const { policy, outfile, force } = options;
    const launch = await readLaunch(options, policy === undefined ? undefined : parsePolicy(policy, '--policy').es);
    const measured = options.tik === undefined ? refuseLeftOver(options) : await measure(options, launch.launchDigest);
    if (outfile !== undefined) {
      await writeOutputs([{ path: outfile, bytes: measured?.blob ?? launch.launchDigest }], force);
    }
    return say(launch, measured, policy);
  },
});

interface Measured {
  /** Measure and nonce, 48 bytes. */
  readonly blob: Uint8Array;
  /** Whether the host reports the same; undefined where only a nonce was given. */
  readonly matches?: boolean;
}

async function measure(options: Options, launchDigest: Uint8Array): Promise<Measured> {
  const policy = required(options.policy, '--policy');
  const { mnonce, measure: reported, info } = await readNonce(options);
  const version = readVersion(options, info);
  const tik = await readTik(required(options.tik, '--tik'));
  const computed = await mac(tik, encodeMeasuredLaunch({ ...version, policy, launchDigest, mnonce }));
  return { blob: concat(computed, mnonce), ...(reported && { matches: equalBytes(computed, reported) }) };
}

async function readNonce(options: Options): Promise<Partial<Measurement> & Pick<Measurement, 'mnonce'>> {
  const { nonce, 'launch-measure-blob': reported } = options;
  if (reported !== undefined && nonce === undefined) {
    return readMeasurement(reported, '--launch-measure-blob');
  }
  if (nonce === undefined || reported !== undefined) {
    throw usage('--nonce', 'Either it or --launch-measure-blob is needed.');
  }
  const mnonce = await readFileOrBase64(nonce, '--nonce');
  requireLength(mnonce, 16, '--nonce');
  return { mnonce };
}

/** What only goes into a measurement would be forgotten in silence otherwise. */
function refuseLeftOver(options: Options): undefined {
  const names = ['api-major', 'api-minor', 'build-id', 'nonce', 'launch-measure-blob'] as const;
  const given = names.find((name) => options[name] !== undefined);
  if (given !== undefined) throw usage('--tik', `--tik is missing: --${given} needs it.`);
}

function say({ launchDigest, inputs }: ExpectedLaunch, measured: Measured | undefined, policy?: number): Result {
  const findings = inputs?.findings ?? [];
  const isRefused = findings.some(({ severity }) => severity === 'refused');
  const json = {
    status: measured?.matches === false ? 'mismatch' : isRefused ? 'refused' : 'computed',
    launchDigest: { hex: toHex(launchDigest), base64: toBase64(launchDigest) },
    ...(policy !== undefined && { policy: { value: policy, text: showPolicy(policy) } }),
    ...(inputs && { measured: measuredParts(inputs) }),
    ...(measured && { measurement: toBase64(measured.blob), matches: measured.matches }),
    findings,
  };
  const text = [
    `launch digest  ${toHex(launchDigest)}`,
    `in base64      ${toBase64(launchDigest)}`,
    ...(inputs ? [`measured       ${partsText(inputs)}`, ...cmdlineLines(inputs)] : []),
    ...(measured ? [`measurement    ${toBase64(measured.blob)}`] : []),
    ...(measured?.matches === undefined ? [] : [measured.matches ? MATCH : MISMATCH]),
    ...findingLines(findings),
    '',
  ].join('\n');
  const verdict = measured?.matches === false ? MISMATCH : isRefused ? DIGEST_WORDS.refused : undefined;
  return { exitCode: verdict === undefined ? 0 : 1, json, text, ...(verdict !== undefined && { verdict }) };
}

/** Whole, one parameter a line, with what cannot be seen to be seen. */
function cmdlineLines({ cmdline }: Inputs): readonly string[] {
  const parameters = cmdline === undefined ? [] : cmdlineParameters(cmdline);
  const lines = parameters.flatMap(({ shown, blanks }) => [...(blanks === undefined ? [] : [blanks]), shown]);
  return lines.map((line, i) => `${i === 0 ? 'command line   ' : '               '}${line}`);
}

const MATCH = 'The host reports the same measurement.';
const MISMATCH =
  'MISMATCH: the host reports another measurement. Keep the secret; `sev-verifier doctor` looks for the reason.';

type Inputs = NonNullable<ExpectedLaunch['inputs']>;

const measuredParts = ({ image, kernelHashes, vmsas }: Inputs) => ({
  firmwareBytes: image.size,
  kernelHashes: kernelHashes !== undefined,
  vcpus: vmsas?.vcpus ?? 0,
});

function partsText(inputs: Inputs): string {
  const { firmwareBytes, kernelHashes, vcpus } = measuredParts(inputs);
  const kernel = kernelHashes ? 'kernel hashes' : 'no kernel';
  const registers = vcpus > 0 ? `the registers of ${bothRadices(vcpus)} vCPUs` : 'no registers (not SEV-ES)';
  return `guest image of ${firmwareBytes} bytes, ${kernel}, ${registers}`;
}
