// The options of `sev-relay serve`: flags, defaults and help.
import { type HostPort, isLoopback, parseHostPort, parseMonitor, parseOrigin, parseWebAddress } from './addresses.ts';
import { APP_URL } from '../../shared/origin.ts';
import { type Command, HELP_FLAG, type Flags, readCommandLine, usageError, type Values } from './flags.ts';
import { isLogLevel, LOG_LEVELS, type LogLevel } from '../serve/log.ts';
import type { NamedMonitor } from '../sources/types.ts';

/** What every command that touches the platform takes. */
export const HOST_FLAGS = {
  sev: { value: 'PATH', help: 'the device of the AMD-SP (default /dev/sev)' },
  ca: { value: 'FILE|DIR', help: 'certificates of AMD to hand out: ASK, ARK, and CEKs that AMD signed' },
  kds: { value: 'URL', help: "where AMD's copy of a CEK is fetched (default https://kdsintf.amd.com)" },
  'amd-ca': { value: 'URL', help: 'where ASK and ARK are fetched (default below https://download.amd.com)' },
  offline: { help: 'fetch nothing: only --ca and what was fetched before' },
  state: { value: 'DIR', help: 'what outlives this process (default $STATE_DIRECTORY, or ~/.local/state/sev-relay)' },
  simulate: { value: 'qemu', bare: true, help: 'a SIMULATED host, without SEV hardware; with =qemu in a real QEMU' },
} as const satisfies Flags;

/** Where the pairing link opens the verifier, unless the operator says otherwise. */
export const DEFAULT_PWA = APP_URL;

export const SERVE_COMMAND = {
  usage: 'sev-relay [serve] [OPTIONS]',
  summary: 'Carries blobs between a guest owner and this host: /dev/sev, QMP and libvirt behind one WebSocket.',
  flags: {
    listen: { value: 'HOST:PORT', help: 'where to listen (default 127.0.0.1:8455)' },
    'tls-cert': { value: 'FILE', help: 'certificate chain in PEM; wanted beyond loopback' },
    'tls-key': { value: 'FILE', help: 'its private key in PEM' },
    'no-tls': { help: 'listen beyond loopback without TLS; the pairing code then crosses the network in clear' },
    origin: { value: 'ORIGIN', many: true, help: 'a web page that may connect, besides those on this device' },
    pwa: { value: 'URL', help: `where the pairing link opens the verifier (default ${DEFAULT_PWA})` },
    'show-link': {
      help: 'print the pairing link although the output is no terminal; a service keeps it in its journal',
    },
    qmp: { value: 'NAME=SOCKET|HOST:PORT', many: true, help: "a guest's QMP monitor" },
    libvirt: { value: 'URI', help: "libvirt's guests, through virsh, such as qemu:///system" },
    profiles: { value: 'FILE', help: 'launch profiles, in JSON' },
    ...HOST_FLAGS,
    'allow-ownership': {
      help: "let a paired client change this platform's owner and keys; asks here before each change",
    },
    'log-level': { value: 'LEVEL', help: `${LOG_LEVELS.join(', ')} (default info)` },
    help: HELP_FLAG,
    version: { help: 'print the version' },
  },
} as const satisfies Command<Flags>;

export type Simulate = 'no' | 'software' | 'qemu';

export interface HostOptions {
  readonly sev: string;
  readonly ca: string | undefined;
  readonly kds: string;
  readonly amdCa: string;
  readonly offline: boolean;
  readonly state: string | undefined;
  readonly simulate: Simulate;
}

export interface ServeOptions extends HostOptions {
  readonly listen: HostPort;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly origins: readonly string[];
  readonly pwa: URL;
  readonly showLink: boolean;
  readonly monitors: readonly NamedMonitor[];
  readonly libvirt: string | undefined;
  readonly profiles: string | undefined;
  readonly allowOwnership: boolean;
  readonly logLevel: LogLevel;
}

export function hostOptions(values: Values<typeof HOST_FLAGS>): HostOptions {
  return {
    sev: values.sev ?? '/dev/sev',
    ca: values.ca,
    kds: webAddress(values.kds ?? 'https://kdsintf.amd.com', '--kds'),
    amdCa: webAddress(values['amd-ca'] ?? 'https://download.amd.com/developer/eula/sev', '--amd-ca'),
    offline: values.offline,
    state: values.state,
    simulate: parseSimulate(values.simulate),
  };
}

/** @throws SevError RELAY_USAGE */
export function parseServeOptions(args: readonly string[]): ServeOptions | 'help' | 'version' {
  const { values } = readCommandLine(args, SERVE_COMMAND);
  if (values.help) return 'help';
  if (values.version) return 'version';
  const origins = values.origin.map((origin) => parseOrigin(origin, '--origin'));
  const pwa = parseWebAddress(values.pwa ?? DEFAULT_PWA, '--pwa');
  return {
    ...hostOptions(values),
    ...readListening(values),
    origins: [...new Set([...origins, pwa.origin])],
    pwa,
    showLink: values['show-link'],
    monitors: distinct(values.qmp.map(parseMonitor)),
    libvirt: values.libvirt,
    profiles: values.profiles,
    allowOwnership: values['allow-ownership'],
    logLevel: parseLogLevel(values['log-level'] ?? 'info'),
  };
}

function readListening(values: Values<typeof SERVE_COMMAND.flags>): Pick<ServeOptions, 'listen' | 'tls'> {
  const listen = parseHostPort(values.listen ?? '127.0.0.1:8455', '--listen');
  const { 'tls-cert': cert, 'tls-key': key } = values;
  if ((cert === undefined) !== (key === undefined)) throw usageError('Give --tls-cert and --tls-key together.');
  const tls = cert !== undefined && key !== undefined ? { cert, key } : undefined;
  if (tls === undefined && !isLoopback(listen.host) && !values['no-tls']) {
    throw usageError(
      'Beyond loopback the relay wants TLS: give --tls-cert and --tls-key, or reach it by `ssh -L`, or say --no-tls.',
      '--listen',
    );
  }
  return { listen, tls };
}

function parseSimulate(value: string | undefined): Simulate {
  if (value === undefined) return 'no';
  if (value === '') return 'software';
  if (value === 'qemu') return 'qemu';
  throw usageError('It is --simulate or --simulate=qemu.', '--simulate');
}

function parseLogLevel(level: string): LogLevel {
  if (isLogLevel(level)) return level;
  throw usageError(`It is one of ${LOG_LEVELS.join(', ')}.`, '--log-level');
}

const webAddress = (text: string, at: string): string => parseWebAddress(text, at).href.replace(/\/$/, '');

function distinct(monitors: readonly NamedMonitor[]): readonly NamedMonitor[] {
  const twice = monitors.find(({ name }, i) => monitors.findIndex((other) => other.name === name) !== i);
  if (twice) throw usageError(`The name “${twice.name}” is given twice.`, '--qmp');
  return monitors;
}
