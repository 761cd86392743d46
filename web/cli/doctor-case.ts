// What the doctor is told, from files: what was expected, what the host reports, and what else it might have been.
import { basename } from 'node:path';
import { rawKeyOracle } from '../../shared/crypto/hmac-search.ts';
import { Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import type {
  DoctorCase,
  DoctorImage,
  DoctorKernel,
  DoctorKey,
  DoctorRegisters,
  NamedHash,
} from '../../shared/sev/decide/doctor/case.ts';
import { parseAttestationReport } from '../../shared/sev/formats/attestation-report.ts';
import { guestImageOf } from '../../shared/guest/guest-image.ts';
import { parsePolicy } from '../../shared/sev/formats/policy.ts';
import { parseNumber } from '../../shared/bytes/number.ts';
import { expectPiece } from '../../shared/intake/expect-piece.ts';
import { recognise } from '../../shared/intake/recognise.ts';
import { readVmsaSettings } from './cpu-options.ts';
import { hashFile, readInPieces } from './hash-file.ts';
import { INPUT_OPTIONS, readVmsaFiles, requireLaunchFiles } from './launch-files.ts';
import { requireWholeText } from './kernel-files.ts';
import { type Given, type OptionTable, required } from './options.ts';
import { readSmallFile } from './read-file.ts';
import { readReported, REPORTED_OPTIONS } from './reported.ts';
import { KEY_OPTIONS, readKey, withRawKeys } from './transport-key-files.ts';

export const DOCTOR_OPTIONS = {
  ...INPUT_OPTIONS,
  ...REPORTED_OPTIONS,
  ...KEY_OPTIONS,
  'reported-policy': { kind: 'number' },
  'other-firmware': { kind: 'list' },
  'other-kernel': { kind: 'list' },
  'other-initrd': { kind: 'list' },
  'other-cmdline': { kind: 'list' },
  'other-signature': { kind: 'list' },
  'other-tik': { kind: 'list' },
  pek: { kind: 'text' },
  report: { kind: 'text' },
  depth: { kind: 'number', max: 4 },
} as const satisfies OptionTable;

export type DoctorOptions = Given<typeof DOCTOR_OPTIONS>['options'];

/**
 * Reads everything and lends the case out; the keys in it are wiped afterwards.
 * @throws SevError RELAY_USAGE, BYTES_…, MEASURE_…
 */
export async function withDoctorCase<T>(options: DoctorOptions, use: (given: DoctorCase) => Promise<T>): Promise<T> {
  const policy = required(options.policy, '--policy');
  const { es } = parsePolicy(policy, '--policy');
  const { firmware, vcpus } = requireLaunchFiles(options, es);
  const reported = await readReported({ ...options, policy: options['reported-policy'] }, policy);
  const kernel = readKernel(options);
  const registers = vcpus === undefined ? undefined : await readRegisters(options, vcpus);
  const reportDigest = options.report === undefined ? undefined : await readReportDigest(options.report);
  const pekApi = options.pek === undefined ? undefined : await readPekApi(options.pek);
  const name = basename(options.tk ?? options.tik ?? '');
  const others = await Promise.all(options['other-tik'].map(readOtherKey));
  return withRawKeys(options, ({ tik, tek }) =>
    use({
      reported,
      policy,
      expected: { image: readImage(firmware), ...(kernel && { kernel }), ...(registers && { registers }) },
      library: {
        images: options['other-firmware'].map(readImage),
        kernels: options['other-kernel'].map(readNamed),
        initrds: options['other-initrd'].map(readNamed),
        cmdlines: options['other-cmdline'],
        signatures: options['other-signature'].map((text) => parseNumber(text, 0xffff_ffff, '--other-signature')),
      },
      keys: [
        { role: 'this-session', name, oracle: rawKeyOracle(tik) },
        { role: 'tek-as-tik', name, oracle: rawKeyOracle(tek) },
        ...others,
      ],
      ...(reportDigest && { reportDigest }),
      ...(pekApi && { pekApi }),
    }),
  );
}

/** Hashed with a state that can be kept: the doctor goes on from it for every other kernel and number of CPUs. */
function readImage(path: string): DoctorImage {
  const stream = new Sha256Stream();
  const ends = readInPieces(path, (piece) => void stream.update(piece));
  const resetEip = guestImageOf(ends)?.resetEip;
  return { name: basename(path), state: stream.midstate(), ...(resetEip !== undefined && { resetEip }) };
}

const readNamed = (path: string): NamedHash => ({ name: basename(path), sha256: hashFile(path).sha256() });

function readKernel({ kernel, initrd, cmdline }: DoctorOptions): DoctorKernel | undefined {
  if (kernel === undefined) return undefined;
  requireWholeText(cmdline ?? '');
  return {
    kernel: readNamed(kernel),
    ...(initrd !== undefined && { initrd: readNamed(initrd) }),
    ...(cmdline !== undefined && { cmdline }),
  };
}

async function readRegisters(options: DoctorOptions, vcpus: number): Promise<DoctorRegisters> {
  const pages = await readVmsaFiles(options, vcpus);
  return pages ? { pages } : { ...readVmsaSettings(options), vcpus };
}

const readPiece = async <K extends 'attestation-report' | 'pek'>(path: string, kind: K) =>
  expectPiece(await recognise(await readSmallFile(path), path), kind, path);

async function readReportDigest(path: string): Promise<Uint8Array> {
  return parseAttestationReport((await readPiece(path, 'attestation-report')).bytes).launchDigest;
}

async function readPekApi(path: string): Promise<{ apiMajor: number; apiMinor: number }> {
  const { apiMajor, apiMinor } = (await readPiece(path, 'pek')).cert;
  return { apiMajor, apiMinor };
}

async function readOtherKey(path: string): Promise<DoctorKey> {
  const raw = await readKey(path, '--other-tik', 16);
  const oracle = rawKeyOracle(raw);
  raw.fill(0);
  return { role: 'other-session', name: basename(path), oracle };
}
