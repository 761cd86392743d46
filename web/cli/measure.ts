// The verb `measure`: the launch digest with the options and the output of sev-snp-measure, so that scripts can swap the two.
import { statSync } from 'node:fs';
import { toBase64, toHex } from '../../shared/bytes/text.ts';
import { fromHex } from '../../shared/bytes/text.ts';
import { requireLength } from '../../shared/bytes/reader.ts';
import { SevError } from '../../shared/errors.ts';
import { cpuSignature, signatureOfModel } from '../../shared/guest/cpu-signature.ts';
import { SNP_VMMS, type SnpVmm } from '../../shared/snp/verify/launch-digest.ts';
import { hashKernelFiles } from './kernel-files.ts';
import { type MeasureMode, type Measured, measureLaunch, ovmfHash } from './measure-launch.ts';
import { freeValues, type Given, type OptionTable, required } from './options.ts';
import { readSmallFile, unreadable } from './read-file.ts';
import { usage } from './usage.ts';
import { type Result, verb } from './verb.ts';
import { type Output, writeOutputs } from './write-file.ts';

const HELP = `Usage: sev-verifier measure --mode MODE --ovmf FILE [OPTIONS]

Computes what the AMD-SP will measure, with the options and the output of sev-snp-measure 0.0.13.

      --mode MODE      sev, seves, snp, snp:ovmf-hash, or snp:svsm
      --ovmf FILE      the guest image
      --vcpus N        how many virtual CPUs; needed but for sev and snp:ovmf-hash
      --vcpu-type NAME | --vcpu-sig N | --vcpu-family N --vcpu-model N --vcpu-stepping N
                       the guest's CPU: QEMU's name, CPUID 1 EAX, or its three numbers
      --vmm-type NAME  QEMU (the default), ec2 or gce; beyond sev-snp-measure: qemu-old (kernels that store no FPU
                       state: AMD's before 6.9) and ec2-old
      --kernel FILE  --initrd FILE  --append TEXT
                       a measured kernel (kernel-hashes=on)
      --guest-features N
                       SEV_FEATURES of an SNP guest; 0x1 unless said
      --snp-ovmf-hash HEX
                       what snp:ovmf-hash printed, in place of the image's own pages
      --svsm FILE      for snp:svsm, with --vars-size N or --vars-file FILE
      --dump-vmsa      write each CPU's first registers to vmsa0.bin, vmsa1.bin …
      --force          replace those files if they are there
      --output-format FORMAT
                       hex (the default) or base64
  -v, --verbose        the value within a sentence
      --json           one JSON object instead

The value stands alone on stdout. Where a host may well have another one, stderr says so and gives it.

Exit codes: 0 computed; 1 this image or launch cannot be; 2 wrong use or unreadable input.
`;

const OPTIONS = {
  mode: { kind: 'text' },
  ovmf: { kind: 'text' },
  vcpus: { kind: 'number' },
  'vcpu-type': { kind: 'text' },
  'vcpu-sig': { kind: 'number' },
  'vcpu-family': { kind: 'number' },
  'vcpu-model': { kind: 'number' },
  'vcpu-stepping': { kind: 'number' },
  'vmm-type': { kind: 'text' },
  kernel: { kind: 'text' },
  initrd: { kind: 'text' },
  append: { kind: 'text' },
  'guest-features': { kind: 'text' },
  'snp-ovmf-hash': { kind: 'text' },
  svsm: { kind: 'text' },
  'vars-size': { kind: 'number' },
  'vars-file': { kind: 'text' },
  'dump-vmsa': { kind: 'flag' },
  force: { kind: 'flag' },
  'output-format': { kind: 'text' },
  verbose: { kind: 'flag', short: 'v' },
} as const satisfies OptionTable;

type Options = Given<typeof OPTIONS>['options'];

/** OVMF and SVSM images have a few megabytes. */
const IMAGE_MAX = 256 << 20;

/** sev-snp-measure's names of the modes in its verbose line. */
const MODES: Readonly<Record<MeasureMode, string>> = {
  sev: 'SEV',
  seves: 'SEV_ES',
  snp: 'SEV_SNP',
  'snp:svsm': 'SEV_SNP_SVSM',
};

const INSTEAD: Readonly<Record<NonNullable<Measured['instead']>['when'], (value: string) => string>> = {
  'legacy-sev-es': (value) =>
    'This value is for QEMU with legacy-vm-type=off. QEMU starts SEV-ES guests the older way unless it is told so; ' +
    `then the value is ${value}\n`,
  'svsm-of-sev-snp-measure': (value) =>
    `sev-snp-measure 0.0.10 to 0.0.13 prints ${value}, which no host has: it leaves out the FPU's control word.\n`,
};

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: async ({ options, free }, terminal): Promise<Result> => {
    freeValues(free);
    const show = format(options['output-format']);
    const firmware = await readSmallFile(required(options.ovmf, '--ovmf'), IMAGE_MAX);
    if (options.mode === 'snp:ovmf-hash') return plain(toHex(ovmfHash(firmware)));
    const mode = readMode(options.mode);
    const measured = measureLaunch(mode, await readInputs(mode, firmware, options));
    if (options['dump-vmsa']) await dump(mode, measured.vmsas, options.force);
    if (measured.instead) terminal.err(INSTEAD[measured.instead.when](show(measured.instead.digest)));
    const value = show(measured.digest);
    const text = options.verbose ? `Calculated ${MODES[mode]} guest measurement: ${value}` : value;
    return plain(value, `${text}\n`);
  },
});

const plain = (measurement: string, text = `${measurement}\n`): Result => ({
  exitCode: 0,
  json: { status: 'computed', measurement },
  text,
});

function readMode(mode: string | undefined): MeasureMode {
  const given = required(mode, '--mode');
  if (Object.hasOwn(MODES, given)) return given as MeasureMode;
  throw usage('--mode', 'It is one of sev, seves, snp, snp:ovmf-hash, snp:svsm.');
}

function format(name = 'hex'): (bytes: Uint8Array) => string {
  if (name === 'hex') return toHex;
  if (name === 'base64') return toBase64;
  throw usage('--output-format', 'It is hex or base64.');
}

async function readInputs(mode: MeasureMode, firmware: Uint8Array, options: Options) {
  const { kernel, initrd, append } = options;
  if (initrd !== undefined && kernel === undefined) throw usage('--initrd', '--kernel is missing: --initrd needs it.');
  if (append !== undefined && kernel === undefined) throw usage('--append', '--kernel is missing: --append needs it.');
  if (options['dump-vmsa'] && mode === 'sev') throw usage('--dump-vmsa', 'No registers are measured in mode sev.');
  if (options['snp-ovmf-hash'] !== undefined && mode !== 'snp') throw usage('--snp-ovmf-hash', 'It is for mode snp.');
  const vmm = readVmm(options['vmm-type']);
  if (mode === 'snp:svsm' && !vmm.startsWith('qemu')) throw usage('--vmm-type', 'SVSM is known under QEMU only.');
  return {
    firmware,
    kernelHashes: hashKernelFiles({ kernel, initrd, cmdline: append }),
    vcpus: mode === 'sev' ? 1 : required(options.vcpus, '--vcpus'),
    cpuSignature: mode === 'sev' ? 0 : readSignature(options, vmm),
    vmm,
    features: readFeatures(options['guest-features']),
    afterImage: readAfterImage(options['snp-ovmf-hash']),
    svsm: mode === 'snp:svsm' ? await readSvsm(options) : undefined,
  };
}

function readVmm(name = 'QEMU'): SnpVmm {
  const vmm = name === 'QEMU' ? 'qemu' : name;
  const known = SNP_VMMS.find((candidate) => candidate === vmm);
  if (known !== undefined) return known;
  throw usage('--vmm-type', 'It is one of QEMU, qemu-old, ec2, ec2-old, gce.');
}

function readSignature(options: Options, vmm: SnpVmm): number {
  const { 'vcpu-family': family, 'vcpu-model': model, 'vcpu-stepping': stepping } = options;
  if (family !== undefined) {
    return cpuSignature({
      family,
      model: required(model, '--vcpu-model'),
      stepping: required(stepping, '--vcpu-stepping'),
    });
  }
  if (options['vcpu-sig'] !== undefined) return options['vcpu-sig'];
  if (options['vcpu-type'] !== undefined) return signatureOfModel(options['vcpu-type']);
  if (vmm.startsWith('qemu')) throw usage('--vcpu-type', '--vcpu-type, --vcpu-sig or --vcpu-family is missing.');
  return 0;
}

function readFeatures(text = '0x1'): bigint {
  if (/^(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})$/.test(text)) return BigInt(text);
  throw usage('--guest-features', 'It is a number, in decimal or as 0x….');
}

function readAfterImage(hex: string | undefined): Uint8Array | undefined {
  if (hex === undefined) return undefined;
  const bytes = fromHex(hex, '--snp-ovmf-hash');
  requireLength(bytes, 48, '--snp-ovmf-hash');
  return bytes;
}

async function readSvsm(options: Options): Promise<{ readonly image: Uint8Array; readonly variables: number }> {
  const { 'vars-size': size, 'vars-file': path } = options;
  if ((size === undefined) === (path === undefined)) throw usage('--vars-size', 'Give --vars-size or --vars-file.');
  const image = await readSmallFile(required(options.svsm, '--svsm'), IMAGE_MAX);
  return { image, variables: size ?? sizeOf(path!) };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function dump(mode: MeasureMode, pages: readonly Uint8Array[], force: boolean): Promise<void> {
  if (pages.length === 0) throw new SevError('RELAY_USAGE', { at: '--dump-vmsa', because: `Mode ${mode} has none.` });
  const outputs: Output[] = pages.map((bytes, i) => ({ path: `vmsa${i}.bin`, bytes }));
  await writeOutputs(outputs, force);
}
