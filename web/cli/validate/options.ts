// The options of `validate`, which are those of virt-qemu-sev-validate, and what must go together.
import { requireKeyFiles } from '../transport-key-files.ts';
import { usage } from '../usage.ts';
import { argparse, ArgparseError, type ArgparseOption } from './argparse.ts';

const TABLE = [
  { name: 'help', short: 'h', kind: 'help' },
  { name: 'debug', short: 'd', kind: 'flag' },
  { name: 'quiet', short: 'q', kind: 'flag' },
  { name: 'measurement', short: 'm', kind: 'text' },
  { name: 'api-major', kind: 'integer' },
  { name: 'api-minor', kind: 'integer' },
  { name: 'build-id', kind: 'integer' },
  { name: 'policy', kind: 'integer' },
  { name: 'firmware', short: 'f', kind: 'text' },
  { name: 'kernel', short: 'k', kind: 'text' },
  { name: 'initrd', short: 'r', kind: 'text' },
  { name: 'cmdline', short: 'e', kind: 'text' },
  { name: 'num-cpus', short: 'n', kind: 'integer' },
  { name: 'vmsa-cpu0', short: '0', kind: 'text' },
  { name: 'vmsa-cpu1', short: '1', kind: 'text' },
  { name: 'cpu-family', kind: 'integer' },
  { name: 'cpu-model', kind: 'integer' },
  { name: 'cpu-stepping', kind: 'integer' },
  { name: 'tik', kind: 'text' },
  { name: 'tek', kind: 'text' },
  { name: 'tk', kind: 'text' },
  { name: 'connect', short: 'c', kind: 'text' },
  { name: 'domain', short: 'o', kind: 'text' },
  { name: 'insecure', short: 'i', kind: 'flag' },
  { name: 'ignore-config', short: 'g', kind: 'flag' },
  { name: 'inject-secret', short: 's', kind: 'list' },
  { name: 'secret-payload', kind: 'text' },
  { name: 'secret-header', kind: 'text' },
  // Ours alone.
  { name: 'record', kind: 'text' },
  { name: 'simulated', kind: 'flag' },
  { name: 'vouch-image', kind: 'text' },
  { name: 'accept-unread-image', kind: 'flag' },
  { name: 'json', kind: 'flag' },
] as const satisfies readonly ArgparseOption[];

type Kinds = { help: boolean; flag: boolean; text: string; list: readonly string[]; integer: bigint };
type Row = (typeof TABLE)[number];
/** By name; what was not given is undefined. */
export type RawOptions = { readonly [R in Row as R['name']]: Kinds[R['kind']] | undefined };

export interface SecretFiles {
  readonly secrets: readonly string[];
  readonly header: string;
  readonly payload: string;
  /** The session's record, where it does not lie beside the keys. */
  readonly record: string | undefined;
  /** Take a simulated platform too. */
  readonly simulated: boolean;
}

/** Checked as far as one can without opening a file. */
export interface ValidateOptions {
  readonly keys: {
    readonly tk?: string | undefined;
    readonly tik?: string | undefined;
    readonly tek?: string | undefined;
  };
  readonly measurement: string;
  readonly apiMajor: bigint;
  readonly apiMinor: bigint;
  readonly build: bigint;
  readonly policy: bigint;
  readonly firmware: string;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly cmdline: string | undefined;
  readonly vcpus: bigint | undefined;
  readonly vmsaFiles: { readonly boot: string; readonly others: string | undefined } | undefined;
  readonly cpu: { readonly family: bigint; readonly model: bigint; readonly stepping: bigint } | undefined;
  readonly inject: SecretFiles | undefined;
  readonly vouchImage: string | undefined;
  readonly acceptsUnread: boolean;
}

/** @throws SevError RELAY_USAGE */
export function readRawOptions(args: readonly string[]): RawOptions {
  try {
    const values = argparse(args, TABLE);
    return Object.fromEntries(TABLE.map(({ name }) => [name, values.get(name)])) as RawOptions;
  } catch (error) {
    if (error instanceof ArgparseError) throw usage('', `${error.message}.`);
    throw error;
  }
}

/** @throws SevError RELAY_USAGE */
export function checkOptions(raw: RawOptions): ValidateOptions {
  if (raw.domain !== undefined) {
    const next =
      'Give --measurement, --api-major, --api-minor, --build-id and --policy, as `virsh domlaunchsecinfo` prints them.';
    throw usage('--domain', 'Only the offline mode is here: this command never speaks to a hypervisor.', next);
  }
  const { tk, tik, tek, kernel, initrd, cmdline } = raw;
  requireKeyFiles({ tk, tik, tek });
  const given = {
    measurement: need(raw, 'measurement'),
    apiMajor: need(raw, 'api-major'),
    apiMinor: need(raw, 'api-minor'),
    build: need(raw, 'build-id'),
    policy: need(raw, 'policy'),
    firmware: need(raw, 'firmware'),
  };
  if (kernel === undefined && (initrd !== undefined || cmdline !== undefined)) {
    throw usage('--kernel', 'Without it, there is nothing that --initrd and --cmdline could go with.');
  }
  const cpuState = { cpu: cpuOf(raw), vmsaFiles: vmsaFilesOf(raw), vcpus: raw['num-cpus'] };
  const accepted = { vouchImage: raw['vouch-image'], acceptsUnread: raw['accept-unread-image'] ?? false };
  return { keys: { tk, tik, tek }, ...given, kernel, initrd, cmdline, ...cpuState, inject: injectOf(raw), ...accepted };
}

function need<N extends Row['name']>(raw: RawOptions, name: N): NonNullable<RawOptions[N]> {
  const value = raw[name];
  if (value === undefined || value === null) throw usage(`--${name}`, `--${name} is missing.`);
  return value;
}

function cpuOf(raw: RawOptions): ValidateOptions['cpu'] {
  const [family, model, stepping] = [raw['cpu-family'], raw['cpu-model'], raw['cpu-stepping']];
  if (family === undefined && model === undefined && stepping === undefined) return undefined;
  if (raw['vmsa-cpu0'] !== undefined || raw['vmsa-cpu1'] !== undefined) {
    throw usage('--vmsa-cpu0', "Either VMSA files or the CPU's family, model and stepping; not both.");
  }
  if (family === undefined || model === undefined || stepping === undefined) {
    throw usage('', '--cpu-family, --cpu-model and --cpu-stepping go together.');
  }
  return { family, model, stepping };
}

function vmsaFilesOf(raw: RawOptions): ValidateOptions['vmsaFiles'] {
  const [boot, others] = [raw['vmsa-cpu0'], raw['vmsa-cpu1']];
  if (boot !== undefined) return { boot, others };
  if (others !== undefined) throw usage('--vmsa-cpu0', '--vmsa-cpu1 does not go without it.');
  return undefined;
}

function injectOf(raw: RawOptions): SecretFiles | undefined {
  const [secrets = [], header, payload] = [raw['inject-secret'], raw['secret-header'], raw['secret-payload']];
  if (header !== undefined && payload !== undefined) {
    return secrets.length > 0
      ? { secrets, header, payload, record: raw.record, simulated: raw.simulated === true }
      : undefined;
  }
  if (header !== undefined || payload !== undefined || secrets.length > 0) {
    throw usage('', '--secret-header and --secret-payload go together, and --inject-secret needs both.');
  }
  return undefined;
}
