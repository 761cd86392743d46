// The commands that the simulated QEMU knows: their arguments, checked in QEMU's words, and their answers.
import { toBase64 } from '../../../shared/bytes/text.ts';
import { AmdSpFailure } from '../../../shared/simulator/failure.ts';
import { QemuRefusal, qemuWordsFor } from '../../../shared/simulator/qemu-words.ts';
import type { SimulatedMachine } from '../../../shared/simulator/virtual-machine.ts';
import { decodeAsGlib } from './glib-base64.ts';
import type { JsonObject, JsonValue } from './json-values.ts';

/** A refusal of the monitor itself, with QMP's error class. */
export class MonitorError extends Error {
  readonly kind: 'GenericError' | 'CommandNotFound';

  constructor(kind: MonitorError['kind'], desc: string) {
    super(desc);
    this.kind = kind;
  }
}

/** What `query-sev-capabilities` reads from the platform. */
export interface CapabilitiesSource {
  pdhCertExport(): Promise<{ readonly pdh: Uint8Array; readonly chain: Uint8Array }>;
  getId(): Promise<Uint8Array>;
}

/** One guest behind a monitor. */
export interface MonitoredGuest {
  readonly name: string;
  readonly machine: SimulatedMachine;
  readonly platform: CapabilitiesSource;
}

/** Arguments as a command wants them; a trailing `?` marks those that may be missing. */
type ArgumentTypes = Readonly<Record<string, 'str' | 'str?' | 'uint64?'>>;
type Arguments = Readonly<Record<string, string | bigint | undefined>>;

interface Command {
  readonly takes: ArgumentTypes;
  answer(guest: MonitoredGuest, args: Arguments): JsonValue | Promise<JsonValue>;
}

const NOTHING: ArgumentTypes = {};
const DONE: JsonObject = {};
const CBITPOS = 51;
/** It says what it is, wherever a version is shown. */
export const VERSION: JsonObject = { qemu: { micro: 0, minor: 2, major: 7 }, package: 'SIMULATED by sev-relay' };

/** Does something with the machine, and answers with an empty object. */
const act = (action: (machine: SimulatedMachine) => unknown): Command => ({
  takes: NOTHING,
  answer: async ({ machine }) => {
    await action(machine);
    return DONE;
  },
});

const tell = (answer: (guest: MonitoredGuest) => JsonValue | Promise<JsonValue>): Command => ({
  takes: NOTHING,
  answer,
});

export const COMMANDS: Readonly<Record<string, Command>> = {
  cont: act((machine) => machine.cont()),
  stop: act((machine) => machine.stop()),
  system_reset: act((machine) => machine.reset()),
  system_powerdown: act((machine) => machine.powerdown()),
  quit: act((machine) => machine.end()),
  'query-version': tell(() => VERSION),
  'query-name': tell(({ name }) => ({ name })),
  'query-kvm': tell(() => ({ enabled: true, present: true })),
  'query-commands': tell(() => ['qmp_capabilities', ...Object.keys(COMMANDS)].map((name) => ({ name }))),
  'query-status': tell(({ machine }) => {
    const status = machine.runState;
    return { status, singlestep: false, running: status === 'running' };
  }),
  'query-cpus-fast': tell(({ machine }) => Array.from({ length: machine.cpus }, (_, cpu) => describeCpu(cpu))),
  'query-sev': tell(({ machine }) => {
    const { apiMinor, handle, state, apiMajor, build, policy } = machine.sevInfo;
    const version = { 'api-major': apiMajor, 'build-id': build };
    return { enabled: true, 'api-minor': apiMinor, handle, state, ...version, policy };
  }),
  'query-sev-capabilities': tell(({ platform }) => readCapabilities(platform)),
  'query-sev-launch-measure': tell(({ machine }) => ({ data: toBase64(machine.launchMeasure) })),
  'sev-inject-launch-secret': {
    takes: { 'packet-header': 'str', secret: 'str', gpa: 'uint64?' },
    answer: async ({ machine }, args) => {
      const header = decodeAsGlib(args['packet-header'] as string);
      const payload = decodeAsGlib(args['secret'] as string);
      await machine.inject(header, payload, args['gpa'] as bigint | undefined);
      return DONE;
    },
  },
  'query-sev-attestation-report': {
    takes: { mnonce: 'str' },
    answer: async ({ machine }, args) => ({ data: toBase64(await report(machine, args['mnonce'] as string)) }),
  },
};

/** @throws MonitorError where the monitor refuses, in QEMU's words */
export async function runCommand(guest: MonitoredGuest, name: string, args: JsonObject): Promise<JsonValue> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) throw new MonitorError('CommandNotFound', `The command ${name} has not been found`);
  try {
    return await command.answer(guest, readArguments(command.takes, args));
  } catch (error) {
    if (error instanceof QemuRefusal) throw new MonitorError('GenericError', error.message);
    throw error;
  }
}

const generic = (desc: string): MonitorError => new MonitorError('GenericError', desc);

/** Reads arguments in the order in which the command names them; strangers are noticed last, as QEMU does. */
function readArguments(takes: ArgumentTypes, args: JsonObject): Arguments {
  const read: Record<string, string | bigint | undefined> = {};
  for (const [name, type] of Object.entries(takes)) {
    const value = Object.hasOwn(args, name) ? args[name] : undefined;
    if (value === undefined && !type.endsWith('?')) throw generic(`Parameter '${name}' is missing`);
    if (value !== undefined) read[name] = type === 'uint64?' ? readUint64(name, value) : readText(name, value);
  }
  requireKnown(Object.keys(takes), args);
  return read;
}

/** @throws MonitorError naming the first member that is not known */
export function requireKnown(known: readonly string[], args: JsonObject): void {
  const stranger = Object.keys(args).find((name) => !known.includes(name));
  if (stranger !== undefined) throw generic(`Parameter '${stranger}' is unexpected`);
}

function readText(name: string, value: JsonValue): string {
  if (typeof value === 'string') return value;
  throw generic(`Invalid parameter type for '${name}', expected: string`);
}

/** Negative numbers wrap, as in QEMU. */
function readUint64(name: string, value: JsonValue): bigint {
  if (typeof value === 'bigint' || Number.isInteger(value)) return BigInt.asUintN(64, BigInt(value as number | bigint));
  throw generic(`Parameter '${name}' expects uint64`);
}

const describeCpu = (cpu: number): JsonValue => ({
  'thread-id': process.pid,
  props: { 'core-id': cpu, 'thread-id': 0, 'socket-id': 0 },
  'qom-path': `/machine/unattached/device[${cpu}]`,
  'cpu-index': cpu,
  target: 'x86_64',
});

async function readCapabilities(platform: CapabilitiesSource): Promise<JsonValue> {
  try {
    const [{ pdh, chain }, ids] = await Promise.all([platform.pdhCertExport(), platform.getId()]);
    const blobs = { pdh: toBase64(pdh), 'cert-chain': toBase64(chain), 'cpu0-id': toBase64(ids.slice(0, 64)) };
    return { 'reduced-phys-bits': 1, cbitpos: CBITPOS, ...blobs };
  } catch (failure) {
    if (!(failure instanceof AmdSpFailure)) throw failure;
    const words = qemuWordsFor(failure.status);
    throw generic(`SEV: Failed to export PDH cert ret=-1 fw_err=${failure.status} (${words})`);
  }
}

async function report(machine: SimulatedMachine, text: string): Promise<Uint8Array> {
  const mnonce = decodeAsGlib(text);
  if (mnonce.length !== 16) throw generic(`SEV: mnonce must be 16 bytes (got ${mnonce.length})`);
  try {
    return await machine.report(mnonce);
  } catch (failure) {
    if (!(failure instanceof AmdSpFailure)) throw failure;
    const words = qemuWordsFor(failure.status);
    throw generic(`SEV: Failed to get attestation report ret=-5 fw_err=${failure.status} (${words})`);
  }
}
