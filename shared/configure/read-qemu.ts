// The facts of a QEMU command line: as people write it, and as libvirt does with its options in JSON.
import { SevError } from '../errors.ts';
import { type ConfigFacts, type ConfigPart, defined, type GuestCpu, type VirtioDevice } from './config-facts.ts';
import { findCommand, type FoundCommand, fromWords, isQemuProgram } from './find-command.ts';
import { configForm } from './form-words.ts';
import { parseMachineType } from './machine-type.ts';
import { isOn, merged, type Option, properties, readOptions, readQemuNumber } from './qemu-options.ts';
import { isUnknown } from './script.ts';

const MAX_WORDS = 10_000;
const MAX_WORD = 64 * 1024;

/** The values of an option under any of its names, in their order. */
type Values = (...names: string[]) => readonly string[];

/**
 * Reads QEMU's arguments, with or without the program before them; in a text, the command is looked for.
 * @throws SevError BYTES_VALUE, BYTES_TOO_LARGE
 */
export function readQemuArguments(given: string | readonly string[], at = 'qemu'): ConfigFacts {
  if (typeof given !== 'string') return qemuFacts(fromWords(given), undefined, at);
  const found = findCommand(given, at);
  // Without the program before them, nothing says that these are all arguments.
  return qemuFacts(found, found.program === undefined ? 'arguments-part' : undefined, at);
}

/**
 * @param part what else decides that is not among the arguments; undefined where they are all
 * @throws SevError BYTES_VALUE, BYTES_TOO_LARGE
 */
export function qemuFacts(found: FoundCommand, part: ConfigPart | undefined, at: string): ConfigFacts {
  const { words, expands } = found;
  if (words.length > MAX_WORDS || words.some((word) => word.length > MAX_WORD)) {
    throw new SevError('BYTES_TOO_LARGE', { at });
  }
  const options = readOptions(words, at);
  if (options.length === 0) throw new SevError('BYTES_VALUE', { at, ...configForm('no-options') });
  const all: Values = (...names) => options.filter(({ name }) => names.includes(name)).map(({ value }) => value);
  if (all('-h', '-help', '-version').length > 0 || all('-machine', '-M', '-object', '-cpu', '-device').some(isHelp))
    throw new SevError('BYTES_VALUE', { at, ...configForm('qemu-help') });
  const passthrough = all('-readconfig', '-set').length > 0;
  const isWhole = part === undefined && !passthrough && !expands;
  /** What is not there proves something only where all is there. */
  const orUnseen = <T>(value: T | undefined): T | undefined => (isWhole ? value : undefined);
  const machine = knownOnly(merged(all('-machine', '-M').map((value) => properties(value, 'type'))));
  const drives = options.flatMap(({ name, value }) => driveOf(name, value));
  const kernel = all('-kernel').at(-1) ?? machine.get('kernel');
  return defined<ConfigFacts>({
    source: 'qemu',
    ...qemuSecurity(machine, all('-object'), isWhole),
    // -kernel and its like are short for properties of the machine.
    hasKernel: kernel !== undefined ? true : orUnseen(false),
    kernel,
    initrd: all('-initrd').at(-1) ?? machine.get('initrd'),
    cmdline: commandLineOf(all('-append').at(-1) ?? machine.get('append') ?? orUnseen('')),
    ...firmwareOf(machine, drives, all, isWhole),
    // Without the option, QEMU takes its oldest machine.
    machine: typeOf(machine.get('type') ?? orUnseen('pc')),
    smm: machine.has('smm') ? isOn(machine.get('smm')) : undefined,
    vcpus: vcpusOf(all('-smp').at(-1) ?? orUnseen('1')),
    cpu: cpuOf(all('-cpu').at(-1), isWhole),
    kvm: kvmOf(machine, all, found.program, isWhole),
    irqchip: irqchipOf(machine, all('-accel')) ?? orUnseen('kvm' as const),
    iommu: iommuOf(all('-device')),
    ...devicesOf(drives, all),
    paused: all('-S').length > 0 ? true : orUnseen(false),
    restarts: endsAtReset(all) ? false : orUnseen(true),
    passthrough,
    commands: found.commands,
    expands,
    part,
    blobs: 'files',
  });
}

const isHelp = (value: string): boolean => /^(?:help|\?)$/.test(value);

/** Without the properties whose values are not known. */
const knownOnly = (option: Option): Option => new Map([...option].filter(([, value]) => !isUnknown(value)));

const typeOf = (name: string | undefined) =>
  name === undefined || isUnknown(name) ? undefined : parseMachineType(name);

/** A missing one is measured as an empty text. */
const commandLineOf = (text: string | undefined) => (isUnknown(text) ? undefined : text);

const endsAtReset = (all: Values): boolean =>
  all('-no-reboot').length > 0 ||
  all('-action').some((text) => ['shutdown', 'none'].includes(properties(text, 'reboot').get('reboot') ?? ''));

function cpuOf(text: string | undefined, isWhole: boolean): GuestCpu | undefined {
  if (text === undefined) return isWhole ? { kind: 'default' } : undefined;
  const model = text.split(',', 1)[0]!;
  if (isUnknown(model)) return undefined;
  return ['host', 'max'].includes(model) ? { kind: 'host', model } : { kind: 'named', model };
}

/** A program whose name ends with “kvm” takes it without being told. */
function kvmOf(machine: Option, all: Values, program: string | undefined, isWhole: boolean): boolean | undefined {
  const named = [machine.get('accel'), ...all('-accel').map((text) => properties(text, 'accel').get('accel'))];
  if (all('-enable-kvm').length > 0 || named.some((accel) => accel?.split(':').includes('kvm'))) return true;
  if (named.some(isUnknown) || !isWhole || program === undefined || !isQemuProgram(program)) return undefined;
  return /kvm(?:\.exe)?$/.test(program) && named.every((accel) => accel === undefined);
}

/** -pflash FILE is short for a drive. */
function driveOf(name: string, value: string): readonly Option[] {
  if (name === '-drive') return [properties(value, 'file')];
  return name === '-pflash' ? [new Map([...properties(value, 'file'), ['if', 'pflash']])] : [];
}

const KINDS: Readonly<Record<string, 'snp' | 'tdx'>> = { 'sev-snp-guest': 'snp', 'tdx-guest': 'tdx' };

type SecurityFacts = Pick<ConfigFacts, 'security'> & {
  [
    K in
      | 'policy'
      | 'noPolicy'
      | 'dhCert'
      | 'session'
      | 'hasSession'
      | 'kernelHashes'
      | 'cbitpos'
      | 'reducedPhysBits'
      | 'bitsMissing'
  ]?: ConfigFacts[K] | undefined;
};

/** What a sev-guest object says. @param isWhole whether an object or a link that is not there is nowhere else */
export function qemuSecurity(machine: Option, objects: readonly string[], isWhole: boolean): SecurityFacts {
  const id = machine.get('confidential-guest-support') ?? machine.get('memory-encryption');
  const all = objects.map((text) => properties(text, 'qom-type'));
  const linked = all.find((object) => id !== undefined && object.get('id') === id);
  // What would link it may be out of sight.
  const guest = linked ?? (isWhole ? undefined : all.find((object) => isSevObject(object.get('qom-type'))));
  const type = guest?.get('qom-type');
  if (!guest) {
    const isThere = id !== undefined || all.some((object) => object.get('qom-type') === 'sev-guest');
    return { security: !isWhole ? 'unseen' : isThere ? 'unlinked' : 'none' };
  }
  if (type !== 'sev-guest') return { security: KINDS[type ?? ''] ?? 'other' };
  return { security: 'sev', ...sevObject(guest, ![...guest.values(), ...guest.keys()].some(isUnknown)) };
}

const isSevObject = (type: string | undefined): boolean => type === 'sev-guest' || Object.hasOwn(KINDS, type ?? '');

/** @param isSeen whether a property that is not there is missing; not where a variable may hold it */
function sevObject(guest: Option, isSeen: boolean): Omit<SecurityFacts, 'security'> {
  const policy = readQemuNumber(guest.get('policy'));
  const [dhCert, session] = [guest.get('dh-cert-file'), guest.get('session-file')];
  const hasBoth = dhCert !== undefined && session !== undefined;
  const bitsMissing = !guest.has('cbitpos') || !guest.has('reduced-phys-bits');
  const hashes = guest.get('kernel-hashes');
  return {
    kernelHashes: hashes !== undefined && !isUnknown(hashes) ? isOn(hashes) : isSeen ? false : undefined,
    // QEMU's own default.
    policy: guest.has('policy') ? policy : isSeen ? 1 : undefined,
    noPolicy: guest.has('policy') && policy === undefined && !isUnknown(guest.get('policy')) ? 'no-number' : undefined,
    dhCert,
    session,
    hasSession: hasBoth ? true : isSeen ? false : undefined,
    cbitpos: readQemuNumber(guest.get('cbitpos')),
    reducedPhysBits: readQemuNumber(guest.get('reduced-phys-bits')),
    bitsMissing: isSeen && bitsMissing ? true : undefined,
  };
}

function firmwareOf(machine: Option, drives: readonly Option[], all: Values, isWhole: boolean) {
  const flash = drives.filter((drive) => drive.get('if') === 'pflash');
  const nodes = all('-blockdev').map((text) => properties(text, 'driver'));
  const unit = (number: number) => {
    const node = machine.get(`pflash${number}`);
    if (node !== undefined)
      return nodes.find((candidate) => candidate.get('node-name') === node) ?? new Map<string, string>();
    return flash.find((drive, i) => Number(drive.get('unit') ?? drive.get('index') ?? i) === number);
  };
  // libvirt puts a format node on top of a storage node, and only that one names the file.
  const fileOf = (node: Option | undefined): string | undefined => {
    const storage = nodes.find((candidate) => candidate.get('node-name') === node?.get('file'));
    return storage?.get('filename') ?? node?.get('file') ?? node?.get('file.filename') ?? node?.get('filename');
  };
  const code = unit(0);
  const readonly = code && ['readonly', 'read-only'].some((name) => isOn(code.get(name)));
  const uefiVars = all('-device').some((text) => properties(text, 'driver').get('driver')?.startsWith('uefi-vars'));
  const nvram = unit(1) !== undefined || flash.length > 1 || uefiVars;
  const uefi = code !== undefined || all('-bios').length > 0 || machine.has('firmware');
  return {
    // Where there is flash, -bios is not even read.
    firmware: fileOf(code) ?? all('-bios').at(-1) ?? machine.get('firmware'),
    // Without any, QEMU takes its BIOS.
    uefi: uefi || (isWhole ? false : undefined),
    nvram: nvram || (isWhole ? false : undefined),
    stateless: nvram ? false : isWhole ? true : undefined,
    firmwareWritable: code !== undefined && !readonly && ![...code.values(), ...code.keys()].some(isUnknown),
  };
}

function irqchipOf(machine: Option, accelerators: readonly string[]): 'kvm' | 'split' | 'qemu' | undefined {
  const given = [machine, ...accelerators.map((text) => properties(text, 'accel'))].map(
    (option) => option.get('kernel-irqchip') ?? option.get('kernel_irqchip'),
  );
  if (given.includes('split')) return 'split';
  if (given.some((value) => ['off', 'no', 'false', 'n'].includes(value ?? ''))) return 'qemu';
  return given.some(isOn) ? 'kvm' : undefined;
}

function iommuOf(devices: readonly string[]): ConfigFacts['iommu'] | undefined {
  const all = devices.map((text) => properties(text, 'driver'));
  const device = all.find((candidate) => ['intel-iommu', 'amd-iommu'].includes(candidate.get('driver') ?? ''));
  if (!device) return undefined;
  return {
    // By itself only where the irqchip allows it; extended mode likewise.
    remapsInterrupts: isOn(device.get('intremap')),
    extended: isOn(device.get('eim')) || isOn(device.get('xtsup')),
  };
}

function vcpusOf(smp: string | undefined): number | undefined {
  if (smp === undefined || isUnknown(smp)) return undefined;
  const option = properties(smp, 'cpus');
  const product = ['sockets', 'dies', 'clusters', 'cores', 'threads']
    .map((name) => readQemuNumber(option.get(name)) ?? 1)
    .reduce((a, b) => a * b);
  return readQemuNumber(option.get('cpus')) ?? readQemuNumber(option.get('maxcpus')) ?? product;
}

function devicesOf(drives: readonly Option[], all: Values): Pick<ConfigFacts, 'virtio' | 'ipxe'> {
  const devices = [
    ...all('-device').map((text) => properties(text, 'driver')),
    ...drives.filter((drive) => drive.get('if') === 'virtio').map((drive) => short('virtio-blk', drive.get('id'))),
    ...[...all('-nic'), ...all('-net').filter((text) => text.startsWith('nic'))]
      .map((text) => properties(text, 'kind').get('model') ?? '')
      .map((model) => short(model === 'virtio' ? 'virtio-net' : model, undefined)),
  ];
  // What ends in “-device” hangs on a bus of virtio, and has no ROM and no choices of its own.
  const virtio = devices.filter((device) => /^(?:virtio|vhost)-(?!.*-device$)/.test(device.get('driver') ?? ''));
  const nameOf = (device: Option) => (device.get('id') ?? device.get('driver')!).slice(0, 80);
  const cards = virtio.filter((device) => device.get('driver')!.startsWith('virtio-net'));
  return {
    virtio: virtio.map((device): VirtioDevice => {
      const modern = device.get('driver')!.endsWith('-non-transitional') || isOn(device.get('disable-legacy'));
      return { name: nameOf(device), iommu: isOn(device.get('iommu_platform')), modern, hasModernModel: true };
    }),
    ipxe: cards.filter((card) => card.get('romfile') !== '' && card.get('rombar') !== '0').map(nameOf),
  };
}

/** A device that an option of another kind brings with it. */
const short = (driver: string, id: string | undefined): Option =>
  new Map([['driver', driver], ...(id === undefined ? [] : [['id', id] as const])]);
