// A guest of KubeVirt: its VirtualMachine or VirtualMachineInstance, in YAML or JSON. KubeVirt makes a libvirt domain of it.
import { SevError } from '../errors.ts';
import { type ConfigFacts, defined, type GuestCpu, readNumber } from './config-facts.ts';
import { configForm } from './form-words.ts';
import { policyMask } from '../sev/formats/policy.ts';
import { parseMachineType } from './machine-type.ts';

const MAX_LINES = 20_000;
const MAX_DEPTH = 64;

export const isKubevirt = (text: string): boolean =>
  /^[ \t]{0,80}"?apiVersion"?[ \t]{0,9}:[ \t]{0,9}"?kubevirt\.io\//m.test(text) ||
  /^[ \t]{0,80}"?launchSecurity"?[ \t]{0,9}:/m.test(text);

/** Scalars by their paths from `domain` on: `launchSecurity.sev.policy.encryptedState`. */
type Paths = ReadonlyMap<string, string>;

/** @throws SevError BYTES_VALUE when no guest is in it, BYTES_TOO_LARGE */
export function readKubevirt(text: string, at: string): ConfigFacts {
  const paths = pathsOf(text, at);
  const get = (name: string): string | undefined => paths.get(name) || undefined;
  const has = (name: string): boolean => [...paths.keys()].some((path) => path === name || path.startsWith(`${name}.`));
  if (!has('launchSecurity') && !has('machine') && !has('firmware') && !has('devices') && !has('cpu') && !has('memory'))
    throw new SevError('BYTES_VALUE', { at, ...configForm('kubevirt-none') });
  const counted = ['sockets', 'cores', 'threads'].map((name) => readNumber(get(`cpu.${name}`)) ?? 1);
  const machine = get('machine.type');
  const kernel = get('firmware.kernelBoot.container.kernelPath');
  const efi = has('firmware.bootloader.efi');
  return defined<ConfigFacts>({
    source: 'libvirt',
    ...securityOf(get, has),
    hasKernel: kernel === undefined ? undefined : true,
    kernel,
    initrd: get('firmware.kernelBoot.container.initrdPath'),
    cmdline: get('firmware.kernelBoot.kernelArgs'),
    // KubeVirt chooses the image; which one, only the domain says.
    nvram: efi && get('firmware.bootloader.efi.persistent') === 'true' ? true : undefined,
    firmwareWritable: false,
    machine: machine === undefined ? undefined : parseMachineType(machine),
    vcpus: has('cpu.cores') || has('cpu.sockets') ? counted.reduce((a, b) => a * b) : undefined,
    cpu: cpuOf(get('cpu.model')),
    virtio: [],
    ipxe: [],
    paused: get('startStrategy') === 'Paused' ? true : undefined,
    passthrough: false,
    expands: false,
    part: 'kubevirt',
  });
}

const cpuOf = (model: string | undefined): GuestCpu | undefined =>
  model === undefined
    ? undefined
    : ['host-model', 'host-passthrough'].includes(model)
      ? { kind: 'host', model }
      : { kind: 'named', model };

/** Members of its `policy`; later versions of KubeVirt know `encryptedState` alone. */
const FLAGS = ['noKeySharing', 'es', 'noSend', 'domain', 'sev'] as const;
const NAMES = {
  noKeySharing: 'noKeysSharing',
  es: 'encryptedState',
  noSend: 'noSend',
  domain: 'domain',
  sev: 'sev',
} as const;

function securityOf(get: (name: string) => string | undefined, has: (name: string) => boolean) {
  const blobs = 'text' as const;
  if (has('launchSecurity.snp')) return { security: 'snp' as const, blobs };
  if (has('launchSecurity.tdx')) return { security: 'tdx' as const, blobs };
  if (!has('launchSecurity.sev')) return { security: 'unseen' as const, blobs };
  const flags = FLAGS.filter((flag) => get(`launchSecurity.sev.policy.${NAMES[flag]}`) === 'true');
  const [dhCert, session] = [get('launchSecurity.sev.dhCert'), get('launchSecurity.sev.session')];
  // Where it waits to be attested, both are set later, through KubeVirt's own interface.
  const isLater = has('launchSecurity.sev.attestation');
  const hasBoth = dhCert !== undefined && session !== undefined;
  return {
    security: 'sev' as const,
    blobs,
    // KubeVirt always sets it, and has no kernel hashes.
    policy: policyMask('noDebug', ...flags),
    kernelHashes: false,
    dhCert,
    session,
    hasSession: hasBoth ? true : isLater ? undefined : false,
  };
}

function pathsOf(text: string, at: string): Paths {
  if (/^\s*\{/.test(text)) {
    try {
      return fromDomain(jsonPaths(JSON.parse(text) as unknown));
    } catch {
      // YAML may begin with a brace, too.
    }
  }
  return fromDomain(yamlPaths(text, at));
}

/** Paths begin with what the object has above the domain: `spec.template.spec.domain`. */
function fromDomain(paths: Iterable<readonly [string, string]>): Paths {
  const found = new Map<string, string>();
  for (const [path, value] of paths) {
    const inDomain = /(?:^|\.)domain\.(.*)$/.exec(path)?.[1] ?? /(?:^|\.)(launchSecurity(?:\..*)?)$/.exec(path)?.[1];
    const name = inDomain ?? /(?:^|\.)(startStrategy)$/.exec(path)?.[1];
    if (name !== undefined) found.set(name, value);
  }
  return found;
}

function* jsonPaths(value: unknown, path = '', depth = 0): Generator<readonly [string, string]> {
  if (depth > MAX_DEPTH) return;
  if (typeof value !== 'object' || value === null) {
    yield [path, typeof value === 'string' ? value : JSON.stringify(value)];
    return;
  }
  if (Object.keys(value).length === 0) yield [path, ''];
  for (const [name, member] of Object.entries(value))
    yield* jsonPaths(member, path === '' ? name : `${path}.${name}`, depth + 1);
}

/** As much of YAML as these objects have: maps by their indentation, scalars, and small maps in braces. */
function* yamlPaths(text: string, at: string): Generator<readonly [string, string]> {
  const lines = text.split('\n');
  if (lines.length > MAX_LINES) throw new SevError('BYTES_TOO_LARGE', { at });
  const open: { indent: number; name: string }[] = [];
  for (const line of lines) {
    const [, blanks, name, value] =
      /^([ \t]*(?:- )?)"?([\w./-]{1,80})"?:(?:[ \t](.*))?$/.exec(line.slice(0, 20_000)) ?? [];
    if (blanks === undefined || name === undefined) continue;
    while (open.length > 0 && open.at(-1)!.indent >= blanks.length) open.pop();
    if (open.length >= MAX_DEPTH) throw new SevError('BYTES_TOO_LARGE', { at });
    open.push({ indent: blanks.length, name });
    const path = open.map((one) => one.name).join('.');
    const plain = (value ?? '').replace(/\s#.*$/, '').trim();
    if (!plain.startsWith('{')) yield [path, plain.replace(/^(["'])(.*)\1$/, '$2')];
    else {
      yield [path, ''];
      yield* flowPaths(plain, path);
    }
  }
}

/** `{policy: {encryptedState: true}}`. */
function* flowPaths(text: string, path: string): Generator<readonly [string, string]> {
  const names: string[] = [];
  for (const [, name, open, value, close] of text.matchAll(
    /"?([\w.-]{1,80})"?\s{0,9}:\s{0,9}(?:(\{)|("[^"]*"|[^,{}]*))|(\})/g,
  )) {
    if (close) names.pop();
    else if (open) {
      names.push(name!);
      yield [[path, ...names].join('.'), ''];
    } else yield [[path, ...names, name!].join('.'), (value ?? '').trim().replace(/^"(.*)"$/, '$1')];
  }
}
