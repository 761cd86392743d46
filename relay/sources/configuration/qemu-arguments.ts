// QEMU's arguments as they are handed out: only the options, and of these only the properties, that the configuration audit
// reads (shared/configure/read-qemu.ts). Whatever else there is may hold a key or a password, in more forms than can be named.
import { type Option, properties, readOptions } from '../../../shared/configure/qemu-options.ts';
import { cmdlineForAudit, HIDDEN } from './cmdline.ts';

const MAX_CHARACTERS = 200_000;

const SMP = ['cpus', 'maxcpus', 'sockets', 'dies', 'clusters', 'cores', 'threads'];
const GUEST_OBJECTS = ['sev-guest', 'sev-snp-guest', 'tdx-guest'];

/** A value without what could be a secret in it: a name, a number, a path. Addresses with a user in them are none. */
const harmless = (value: string): string =>
  /^[\w./+: -]{0,512}$/.test(value) && !value.includes('://') ? value : HIDDEN;

const keep = (option: Option, names: readonly string[]): Option =>
  new Map([...option].filter(([name]) => names.includes(name)).map(([name, value]) => [name, harmless(value)]));

const write = (option: Option): string =>
  [...option].map(([name, value]) => `${name}=${value.replaceAll(',', ',,')}`).join(',');

/** How each option is handed out; undefined leaves it away. */
const READ: Readonly<Record<string, (value: string, all: Everything) => string | undefined>> = {
  '-machine': machine,
  '-M': machine,
  '-object': (value) => {
    const object = properties(value, 'qom-type');
    if (!GUEST_OBJECTS.includes(object.get('qom-type') ?? '')) return undefined;
    const read = ['qom-type', 'id', 'policy', 'cbitpos', 'reduced-phys-bits', 'dh-cert-file', 'session-file'];
    return write(keep(object, [...read, 'kernel-hashes', 'sev-device', 'legacy-vm-type']));
  },
  '-kernel': harmless,
  '-initrd': harmless,
  '-append': cmdlineForAudit,
  '-bios': harmless,
  '-pflash': (value) => harmless(value.split(',')[0] ?? ''),
  '-drive': (value) => {
    const drive = properties(value, 'file');
    const kind = drive.get('if');
    if (kind === 'pflash')
      return write(keep(drive, ['if', 'unit', 'index', 'file', 'format', 'readonly', 'read-only']));
    return kind === 'virtio' ? write(keep(drive, ['if', 'id'])) : undefined;
  },
  '-blockdev': (value, { flash }) => {
    const node = properties(value, 'driver');
    if (!flash.has(node.get('node-name') ?? '')) return undefined;
    return write(keep(node, ['driver', 'node-name', 'file', 'file.filename', 'file.driver', 'filename', 'read-only']));
  },
  '-smp': (value) => write(keep(properties(value, 'cpus'), SMP)),
  '-accel': (value) => write(keep(properties(value, 'accel'), ['accel', 'kernel-irqchip', 'kernel_irqchip'])),
  '-device': (value) => {
    const device = properties(value, 'driver');
    const kept = keep(device, [
      'driver',
      'id',
      'intremap',
      'eim',
      'xtsup',
      'iommu_platform',
      'disable-legacy',
      'rombar',
    ]);
    const rom = device.get('romfile');
    return write(rom === undefined ? kept : new Map([...kept, ['romfile', rom === '' ? '' : HIDDEN]]));
  },
  '-nic': (value) => write(keep(properties(value, 'kind'), ['kind', 'model'])),
  '-net': (value) => (value.startsWith('nic') ? `nic,${write(keep(properties(value, 'kind'), ['model']))}` : undefined),
  '-readconfig': () => HIDDEN,
  '-set': () => HIDDEN,
  '-S': () => '',
  '-m': (value) => write(keep(properties(value, 'size'), ['size'])),
  '-cpu': (value) => harmless(value.split(',')[0] ?? ''),
};

function machine(value: string): string {
  const option = properties(value, 'type');
  const read = ['type', 'confidential-guest-support', 'memory-encryption', 'smm', 'kernel-irqchip', 'kernel_irqchip'];
  const kept = keep(option, [...read, 'accel', 'pflash0', 'pflash1', 'kernel', 'initrd', 'firmware']);
  const append = option.get('append');
  return write(append === undefined ? kept : new Map([...kept, ['append', cmdlineForAudit(append)]]));
}

interface Everything {
  /** Block nodes that hold the firmware, or that such a node stands on. */
  readonly flash: ReadonlySet<string>;
}

function flashNodes(options: readonly { readonly name: string; readonly value: string }[]): ReadonlySet<string> {
  const of = (...names: readonly string[]): readonly string[] =>
    options.filter(({ name }) => names.includes(name)).map(({ value }) => value);
  const tops = of('-machine', '-M')
    .map((value) => properties(value, 'type'))
    .flatMap((option) => [option.get('pflash0'), option.get('pflash1')])
    .filter((name) => name !== undefined);
  const nodes = of('-blockdev').map((value) => properties(value, 'driver'));
  const below = nodes
    .filter((node) => tops.includes(node.get('node-name') ?? ''))
    .map((node) => node.get('file') ?? '');
  return new Set([...tops, ...below]);
}

/** One argument a line. The program comes first, without its path's folders being of interest: as it is. */
export function qemuArgumentsForAudit(args: readonly string[]): string {
  const options = readOptions([...args, ...dangling(args)], 'qemu');
  const all: Everything = { flash: flashNodes(options) };
  const program = args[0] !== undefined && !args[0].startsWith('-') ? [harmless(args[0])] : [];
  const lines = options.flatMap(({ name, value }) => {
    const read = Object.hasOwn(READ, name) ? READ[name] : undefined;
    const shown = read?.(value, all);
    if (shown === undefined) return [];
    return shown === '' && name === '-S' ? [name] : [name, shown];
  });
  return [...program, ...lines]
    .map((line) => line.replaceAll(/[\r\n]/g, ' '))
    .join('\n')
    .slice(0, MAX_CHARACTERS);
}

/** A last option without its value would be refused: what a process was started with is shown as far as it goes. */
function dangling(args: readonly string[]): readonly string[] {
  try {
    readOptions(args, 'qemu');
    return [];
  } catch {
    return [''];
  }
}
