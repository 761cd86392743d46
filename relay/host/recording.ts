// Hosts on paper: readings written down on one machine and played back on another.
import { fromBase64, toBase64 } from '../../shared/bytes/text.ts';
import type { HostReadings } from './readings.ts';

/** Readings by name and arguments; what is missing was not there. */
export type Recording = Record<string, unknown>;

const keyOf = (name: string, args: readonly unknown[]): string =>
  [name, ...args.map((arg) => (typeof arg === 'number' ? `0x${arg.toString(16)}` : String(arg)))].join(' ');

// JSON has neither bytes nor large integers.
function toRecord(value: unknown): unknown {
  if (value instanceof Uint8Array) return { base64: toBase64(value) };
  return typeof value === 'bigint' ? { bigint: `0x${value.toString(16)}` } : value;
}

function fromRecord(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('base64' in value) return fromBase64(String(value.base64));
  return 'bigint' in value ? BigInt(String(value.bigint)) : value;
}

type Reading = (...args: unknown[]) => unknown;

const READINGS = [
  'text',
  'bytes',
  'names',
  'access',
  'run',
  'cpuid',
  'msr',
  'kvmVersion',
  'device',
  'userName',
] as const;
const LATER: readonly string[] = ['run', 'kvmVersion', 'device'];
const WHEN_ABSENT: Recording = {
  names: [],
  kvmVersion: -2,
  userName: 'operator',
  device: { error: 'There is no /dev/sev.', fix: '' },
};

/** The same host, with everything that is read of it written down. Firmware images are left out: they are large. */
export function recordHost(host: HostReadings): { readonly host: HostReadings; readonly recording: Recording } {
  const recording: Recording = {};
  const note = (key: string, value: unknown): unknown => {
    if (value !== undefined && !key.startsWith('bytes ')) recording[key] = toRecord(value);
    return value;
  };
  const wrap = (name: (typeof READINGS)[number]): Reading => {
    const readings = host as unknown as Record<string, Reading>;
    return (...args) => {
      const value = readings[name]!(...args);
      const key = keyOf(name, args);
      return value instanceof Promise ? value.then((later) => note(key, later)) : note(key, value);
    };
  };
  return { host: Object.fromEntries(READINGS.map((name) => [name, wrap(name)])) as unknown as HostReadings, recording };
}

export function replayHost(recording: Recording): HostReadings {
  const play =
    (name: string): Reading =>
    (...args) => {
      const value = fromRecord(recording[keyOf(name, args)] ?? WHEN_ABSENT[name]);
      return LATER.includes(name) ? Promise.resolve(value) : value;
    };
  return Object.fromEntries(READINGS.map((name) => [name, play(name)])) as unknown as HostReadings;
}
