// The facts of a QEMU command line: as people write it, and as libvirt does with its options in JSON.
import { SevError } from '../errors.ts';
import { type ConfigFacts, machineVersion, readNumber, type VirtioDevice } from './config-facts.ts';
import { splitCommand } from './shell.ts';

const MAX_WORDS = 10_000;
const MAX_WORD = 64 * 1024;

type Option = ReadonlyMap<string, string>;

/** Options without a value; every other that begins with `-` takes the next word. */
const FLAGS = new Set(
  'S,nodefaults,nographic,no-reboot,no-shutdown,no-user-config,no-acpi,no-hpet,enable-kvm,daemonize,snapshot,no-fd-bootchk,full-screen,usb,mem-prealloc,only-migratable,preconfig,singlestep,sdl'
    .split(',')
    .map((name) => `-${name}`),
);

/**
 * Reads QEMU's arguments, with or without the program before them; a text is split as a shell would.
 * @throws SevError BYTES_VALUE, BYTES_TOO_LARGE
 */
export function readQemuArguments(given: string | readonly string[], at = 'qemu'): ConfigFacts {
  const words = typeof given === 'string' ? splitCommand(given, at) : given;
  if (words.length > MAX_WORDS || words.some((word) => word.length > MAX_WORD)) {
    throw new SevError('BYTES_TOO_LARGE', { at });
  }
  const options = readOptions(words, at);
  if (options.length === 0) throw new SevError('BYTES_VALUE', { at, because: 'There are no options of QEMU in it.' });
  const all = (...names: string[]) => options.filter(({ name }) => names.includes(name)).map(({ value }) => value);
  const machine = merged(all('-machine', '-M').map((value) => properties(value, 'type')));
  const type = machine.get('type');
  const version = machineVersion(type);
  const facts = {
    source: 'qemu' as const,
    ...securityOf(machine, all('-object')),
    kernel: all('-kernel').at(-1),
    initrd: all('-initrd').at(-1),
    cmdline: all('-append').at(-1),
    ...firmwareOf(machine, all),
    // Without the option, QEMU takes its oldest machine.
    machine: type ?? 'pc',
    smm: machine.has('smm') ? machine.get('smm') === 'on' : undefined,
    vcpus: vcpusOf(all('-smp').at(-1)),
    ...devicesOf(all('-device')),
    paused: options.some(({ name }) => name === '-S'),
    passthrough: false,
    qemuVersion: version && version.major >= 6 ? version : undefined,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined)) as unknown as ConfigFacts;
}

function readOptions(
  words: readonly string[],
  at: string,
): readonly { readonly name: string; readonly value: string }[] {
  const options: { name: string; value: string }[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-') || word === '-') continue; // the program, or a disk image
    const name = word.startsWith('--') ? word.slice(1) : word;
    if (FLAGS.has(name)) {
      options.push({ name, value: '' });
      continue;
    }
    const value = words[++i];
    if (value === undefined) {
      throw new SevError('BYTES_VALUE', { at, because: `${name.slice(0, 40)} lacks its value.` });
    }
    options.push({ name, value });
  }
  return options;
}

/** `a,b=c,d=e,,f` as properties, the first under `implied` if it has no name; or the members of a JSON object. */
function properties(text: string, implied: string): Option {
  if (text.startsWith('{')) return jsonProperties(text);
  const found = new Map<string, string>();
  for (const [i, part] of splitAtCommas(text).entries()) {
    const equals = part.indexOf('=');
    if (equals > 0) found.set(part.slice(0, equals), part.slice(equals + 1));
    else if (part !== '') found.set(i === 0 ? implied : part, i === 0 ? part : 'on');
  }
  return found;
}

/** Two commas are one that belongs to a value. */
function splitAtCommas(text: string): readonly string[] {
  const parts = [''];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== ',') parts[parts.length - 1] += text[i]!;
    else if (text[i + 1] === ',') parts[parts.length - 1] += text[i++]!;
    else parts.push('');
  }
  return parts;
}

function jsonProperties(text: string): Option {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return new Map();
  }
  if (typeof value !== 'object' || value === null) return new Map();
  const show = (member: unknown) => (member === true ? 'on' : member === false ? 'off' : String(member));
  const simple = Object.entries(value).filter(([, member]) => typeof member !== 'object');
  return new Map(simple.map(([name, member]) => [name, show(member)]));
}

const merged = (options: readonly Option[]): Option => new Map(options.flatMap((option) => [...option]));

function securityOf(machine: Option, objects: readonly string[]) {
  const id = machine.get('confidential-guest-support') ?? machine.get('memory-encryption');
  const all = objects.map((text) => properties(text, 'qom-type'));
  const guest = all.find((object) => id !== undefined && object.get('id') === id);
  const type = guest?.get('qom-type');
  if (!guest || type !== 'sev-guest') {
    return { security: id === undefined ? ('none' as const) : ('other' as const), kernelHashes: false };
  }
  return {
    security: 'sev' as const,
    kernelHashes: guest.get('kernel-hashes') === 'on',
    // QEMU's own default.
    policy: guest.has('policy') ? readNumber(guest.get('policy')) : 1,
    dhCert: guest.get('dh-cert-file'),
    session: guest.get('session-file'),
  };
}

function firmwareOf(machine: Option, all: (...names: string[]) => readonly string[]) {
  const drives = all('-drive')
    .map((text) => properties(text, 'file'))
    .filter((drive) => drive.get('if') === 'pflash');
  const nodes = all('-blockdev').map((text) => properties(text, 'driver'));
  const unit = (number: number) => {
    const node = machine.get(`pflash${number}`);
    if (node !== undefined)
      return nodes.find((candidate) => candidate.get('node-name') === node) ?? new Map<string, string>();
    return drives.find((drive, i) => Number(drive.get('unit') ?? drive.get('index') ?? i) === number);
  };
  // libvirt puts a format node on top of a storage node, and only that one names the file.
  const fileOf = (node: Option | undefined): string | undefined => {
    const storage = nodes.find((candidate) => candidate.get('node-name') === node?.get('file'));
    return storage?.get('filename') ?? node?.get('file') ?? node?.get('filename');
  };
  const [code, variables] = [unit(0), unit(1)];
  const shortcut = all('-pflash');
  const bios = all('-bios').at(-1);
  const readonly = code && ['readonly', 'read-only'].some((name) => code.get(name) === 'on');
  const nvram = variables !== undefined || shortcut.length > 1;
  return {
    firmware: bios ?? fileOf(code) ?? shortcut[0],
    nvram,
    stateless: !nvram,
    firmwareWritable: bios === undefined && (shortcut.length > 0 || (code !== undefined && !readonly)),
  };
}

function vcpusOf(smp: string | undefined): number {
  const option = properties(smp ?? '1', 'cpus');
  const product = ['sockets', 'dies', 'clusters', 'cores', 'threads']
    .map((name) => readNumber(option.get(name)) ?? 1)
    .reduce((a, b) => a * b);
  return readNumber(option.get('cpus')) ?? readNumber(option.get('maxcpus')) ?? product;
}

function devicesOf(texts: readonly string[]): Pick<ConfigFacts, 'virtio' | 'ipxe'> {
  const devices = texts.map((text) => properties(text, 'driver'));
  const virtio = devices.filter((device) =>
    /^(?:virtio|vhost)-.*(?:pci|transitional)/.test(device.get('driver') ?? ''),
  );
  const nameOf = (device: Option) => (device.get('id') ?? device.get('driver')!).slice(0, 80);
  const cards = virtio.filter((device) => device.get('driver')!.startsWith('virtio-net'));
  return {
    virtio: virtio.map((device): VirtioDevice => {
      const modern = device.get('driver')!.endsWith('-non-transitional') || device.get('disable-legacy') === 'on';
      return { name: nameOf(device), iommu: device.get('iommu_platform') === 'on', modern };
    }),
    ipxe: cards.filter((card) => card.get('romfile') !== '' && card.get('rombar') !== '0').map(nameOf),
  };
}
