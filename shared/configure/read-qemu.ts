// The facts of a QEMU command line: as people write it, and as libvirt does with its options in JSON.
import { SevError } from '../errors.ts';
import { type ConfigFacts, machineVersion, type VirtioDevice } from './config-facts.ts';
import { findCommand } from './find-command.ts';
import { isOn, merged, type Option, properties, readOptions, readQemuNumber } from './qemu-options.ts';

const MAX_WORDS = 10_000;
const MAX_WORD = 64 * 1024;
const NEXT = "Give the domain's XML as `virsh dumpxml` prints it, or the whole command line of QEMU.";

/** The values of an option under any of its names, in their order. */
type Values = (...names: string[]) => readonly string[];

/**
 * Reads QEMU's arguments, with or without the program before them; in a text, the command is looked for.
 * @throws SevError BYTES_VALUE, BYTES_TOO_LARGE
 */
export function readQemuArguments(given: string | readonly string[], at = 'qemu'): ConfigFacts {
  const found = typeof given === 'string' ? findCommand(given, at) : { words: given, commands: 1, expands: false };
  const { words } = found;
  if (words.length > MAX_WORDS || words.some((word) => word.length > MAX_WORD)) {
    throw new SevError('BYTES_TOO_LARGE', { at });
  }
  const options = readOptions(words, at);
  if (options.length === 0)
    throw new SevError('BYTES_VALUE', { at, because: 'There are no options of QEMU in it.', next: NEXT });
  const all: Values = (...names) => options.filter(({ name }) => names.includes(name)).map(({ value }) => value);
  const machine = merged(all('-machine', '-M').map((value) => properties(value, 'type')));
  const drives = options.flatMap(({ name, value }) => driveOf(name, value));
  const type = machine.get('type');
  const version = machineVersion(type);
  const facts = {
    source: 'qemu' as const,
    ...securityOf(machine, all('-object')),
    // -kernel and its like are short for properties of the machine.
    kernel: all('-kernel').at(-1) ?? machine.get('kernel'),
    initrd: all('-initrd').at(-1) ?? machine.get('initrd'),
    cmdline: all('-append').at(-1) ?? machine.get('append'),
    ...firmwareOf(machine, drives, all),
    // Without the option, QEMU takes its oldest machine.
    machine: type ?? 'pc',
    smm: machine.has('smm') ? isOn(machine.get('smm')) : undefined,
    vcpus: vcpusOf(all('-smp').at(-1)),
    splitIrqchip: isSplit(machine, all('-accel')),
    iommu: iommuOf(all('-device')),
    ...devicesOf(drives, all),
    paused: options.some(({ name }) => name === '-S'),
    passthrough: all('-readconfig', '-set').length > 0,
    commands: found.commands,
    expands: found.expands,
    qemuVersion: version && version.major >= 6 ? version : undefined,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined)) as unknown as ConfigFacts;
}

/** -pflash FILE is short for a drive. */
function driveOf(name: string, value: string): readonly Option[] {
  if (name === '-drive') return [properties(value, 'file')];
  return name === '-pflash' ? [new Map([...properties(value, 'file'), ['if', 'pflash']])] : [];
}

const KINDS: Readonly<Record<string, 'snp' | 'tdx'>> = { 'sev-snp-guest': 'snp', 'tdx-guest': 'tdx' };

function securityOf(machine: Option, objects: readonly string[]) {
  const id = machine.get('confidential-guest-support') ?? machine.get('memory-encryption');
  const all = objects.map((text) => properties(text, 'qom-type'));
  const guest = all.find((object) => id !== undefined && object.get('id') === id);
  const type = guest?.get('qom-type');
  if (!guest) {
    const isThere = id !== undefined || all.some((object) => object.get('qom-type') === 'sev-guest');
    return { security: isThere ? ('unlinked' as const) : ('none' as const), kernelHashes: false };
  }
  if (type !== 'sev-guest') return { security: KINDS[type ?? ''] ?? ('other' as const), kernelHashes: false };
  return {
    security: 'sev' as const,
    kernelHashes: isOn(guest.get('kernel-hashes')),
    // QEMU's own default.
    policy: guest.has('policy') ? readQemuNumber(guest.get('policy')) : 1,
    dhCert: guest.get('dh-cert-file'),
    session: guest.get('session-file'),
  };
}

function firmwareOf(machine: Option, drives: readonly Option[], all: Values) {
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
  return {
    // Where there is flash, -bios is not even read.
    firmware: fileOf(code) ?? all('-bios').at(-1) ?? machine.get('firmware'),
    // Without any, QEMU takes its BIOS.
    uefi: code !== undefined || all('-bios').length > 0 || machine.has('firmware'),
    nvram,
    stateless: !nvram,
    firmwareWritable: code !== undefined && !readonly,
  };
}

const isSplit = (machine: Option, accelerators: readonly string[]): boolean =>
  [machine, ...accelerators.map((text) => properties(text, 'accel'))].some((option) =>
    ['kernel-irqchip', 'kernel_irqchip'].some((name) => option.get(name) === 'split'),
  );

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

function vcpusOf(smp: string | undefined): number {
  const option = properties(smp ?? '1', 'cpus');
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
      return { name: nameOf(device), iommu: isOn(device.get('iommu_platform')), modern };
    }),
    ipxe: cards.filter((card) => card.get('romfile') !== '' && card.get('rombar') !== '0').map(nameOf),
  };
}

/** A device that an option of another kind brings with it. */
const short = (driver: string, id: string | undefined): Option =>
  new Map([['driver', driver], ...(id === undefined ? [] : [['id', id] as const])]);
