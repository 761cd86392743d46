// Proxmox's own file of a guest (/etc/pve/qemu-server/VMID.conf, `qm config VMID`): `key: value` lines, from which it makes
// QEMU's command. What it adds is not in the file.
import { type ConfigFacts, defined, type GuestCpu } from './config-facts.ts';
import { parseMachineType } from './machine-type.ts';
import { isOn, properties } from './qemu-options.ts';
import { qemuFacts } from './read-qemu.ts';
import { policyMask } from '../sev/formats/policy.ts';
import { splitCommand } from './shell.ts';

const KEYS = new Set(
  (
    'args,agent,amd-sev,balloon,bios,boot,bootdisk,cores,cpu,cpulimit,cpuunits,description,efidisk0,freeze,hotplug,hugepages,' +
    'ide0,ide2,intel-tdx,kvm,localtime,machine,memory,meta,name,net0,net1,numa,onboot,ostype,protection,rng0,sata0,scsi0,scsi1,' +
    'scsihw,serial0,smbios1,sockets,startup,tablet,tags,template,tpmstate0,unused0,vcpus,vga,virtio0,vmgenid'
  ).split(','),
);
const OWN = new Set(['args', 'amd-sev', 'efidisk0', 'scsihw', 'vmgenid', 'smbios1', 'net0', 'meta', 'bios', 'ostype']);

/** The values by their keys, of the guest as it is now: snapshots follow under names in brackets. */
function valuesOf(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (/^\[[\w-]{1,80}\]/.test(line)) break;
    const [, key, value] = /^([a-z][a-z0-9-]{0,20}): ?(.*)$/.exec(line.slice(0, 70_000)) ?? [];
    if (key !== undefined && KEYS.has(key)) values.set(key, value!.trim());
  }
  return values;
}

export function isProxmox(text: string): boolean {
  const values = valuesOf(text);
  const own = [...values.keys()].filter((key) => OWN.has(key));
  return own.length > 0 && (values.size > 1 || values.get('args')?.startsWith('-') === true || values.has('amd-sev'));
}

/** @throws SevError BYTES_VALUE, BYTES_TOO_LARGE */
export function readProxmox(text: string, at: string): ConfigFacts {
  const values = valuesOf(text);
  const args = values.get('args') ?? '';
  const [sockets, cores] = ['sockets', 'cores'].map((key) => Number(values.get(key) ?? 1));
  const vcpus = Number(values.get('vcpus') ?? sockets! * cores!);
  const given =
    args === '' ? undefined : qemuFacts({ words: splitCommand(args, at), commands: 1, expands: false }, 'proxmox', at);
  const uefi = values.get('bios') === 'ovmf';
  return defined<ConfigFacts>({
    ...NOTHING,
    ...given,
    ...(given && given.security !== 'unseen' ? {} : securityOf(values.get('amd-sev'))),
    // Proxmox chooses the image; which one, only the command says.
    uefi: given?.uefi ?? (uefi || !values.has('bios') ? undefined : false),
    nvram: given?.nvram ?? ((uefi && values.has('efidisk0')) || undefined),
    // Without the key, Proxmox takes its oldest.
    machine: given?.machine ?? parseMachineType(properties(values.get('machine') ?? 'pc', 'type').get('type') ?? 'pc'),
    vcpus: given?.vcpus ?? (Number.isInteger(vcpus) ? vcpus : undefined),
    cpu: given?.cpu ?? cpuOf(values.get('cpu')),
    kvm: values.get('kvm') === '0' ? false : given?.kvm,
    paused: given?.paused ?? (values.get('freeze') === '1' || undefined),
  });
}

const NOTHING = {
  source: 'qemu',
  security: 'unseen',
  blobs: 'files',
  firmwareWritable: false,
  virtio: [],
  ipxe: [],
  passthrough: false,
  expands: false,
  part: 'proxmox',
} as const;

function cpuOf(value: string | undefined): GuestCpu | undefined {
  const model = value === undefined ? undefined : properties(value, 'cputype').get('cputype');
  if (model === undefined) return undefined;
  return model === 'host' || model === 'max' ? { kind: 'host', model } : { kind: 'named', model };
}

/** Proxmox makes the policy itself, and gives QEMU no session. */
function securityOf(value: string | undefined): Partial<ConfigFacts> {
  const option = properties(value ?? '', 'type');
  const type = option.get('type');
  const is = (name: string): boolean => option.get(name) === '1' || isOn(option.get(name));
  if (type === 'snp') return { security: 'snp' };
  if (type !== 'std' && type !== 'es') return {};
  // It always forbids to send the guest to another host.
  const flags = [
    is('no-debug') && 'noDebug',
    is('no-key-sharing') && 'noKeySharing',
    type === 'es' && 'es',
    'noSend',
  ] as const;
  const policy = policyMask(...flags.filter((flag) => flag !== false));
  return { security: 'sev', policy, hasSession: false, kernelHashes: is('kernel-hashes') };
}
