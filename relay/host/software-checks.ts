// QEMU, libvirt and the firmware images: whether they know SEV.
import { SevError } from '../../shared/errors.ts';
import { parseGuestImage } from '../../shared/guest/guest-image.ts';
import { imageVerdict } from '../../shared/guest/image-findings.ts';
import { type Answer, type Check, fail, follows, type Look, pass, skip, versionAtLeast, warn } from './check.ts';
import { bitsOf } from './host-facts.ts';
import type { HostReadings } from './readings.ts';
import { SAY } from './words.ts';

/** RHEL and its kin have it out of the PATH; Proxmox by another name. */
const QEMUS = [
  'qemu-system-x86_64',
  'qemu-kvm',
  '/usr/libexec/qemu-kvm',
  '/usr/bin/kvm',
  '/usr/local/bin/qemu-system-x86_64',
];

const domainCapabilities = (host: HostReadings) => host.run('virsh', '--connect=qemu:///system', 'domcapabilities');

async function qemu({ host, distribution }: Look): Promise<Answer> {
  const named = /<path>([^<]{1,300})<\/path>/.exec((await domainCapabilities(host))?.output ?? '')?.[1];
  for (const program of [...QEMUS, ...(named === undefined || QEMUS.includes(named) ? [] : [named])]) {
    const said = await host.run(program, '--version');
    const version = /version (\d+\.\d+(?:\.\d+)?)/.exec(said?.output ?? '')?.[1];
    if (version === undefined) continue;
    if (!versionAtLeast(version, '6.0')) return fail(SAY.qemuTooOld(version));
    const objects = await host.run(program, '-object', 'help');
    if (!/\bsev-guest\b/.test(objects?.output ?? '')) return fail(SAY.qemuWithoutSev(version, distribution));
    if (!(await hashesKernels(host, program, version))) return warn(SAY.qemuWithoutHashes(version));
    return pass(SAY.qemu(version, program.includes('/') ? program : undefined));
  }
  return fail(SAY.qemuMissing(distribution));
}

/** QEMU's own list of the object's properties goes before its version. */
async function hashesKernels(host: HostReadings, program: string, version: string): Promise<boolean> {
  const listed = await host.run(program, '-object', 'sev-guest,help');
  return /\bcbitpos=/.test(listed?.output ?? '')
    ? /\bkernel-hashes=/.test(listed!.output)
    : versionAtLeast(version, '6.2');
}

async function libvirt({ host, distribution }: Look): Promise<Answer> {
  const said = await host.run('virsh', '--version');
  if (said === undefined) return skip(SAY.noLibvirt(distribution));
  const version = said.output.trim();
  return versionAtLeast(version, '8.0') ? pass(SAY.libvirt(version)) : warn(SAY.libvirtTooOld(version));
}

async function libvirtSev({ host, facts, blockedBy }: Look): Promise<Answer> {
  const said = await domainCapabilities(host);
  if (said === undefined || said.code !== 0) return skip(SAY.libvirtSilent());
  const [, supported] = /<sev supported='(yes|no)'/.exec(said.output) ?? [];
  if (supported !== 'yes') {
    const cause = blockedBy('kvm-sev', 'sev-device', 'qemu');
    return cause === undefined ? warn(SAY.libvirtWithoutSev()) : follows(cause);
  }
  const value = (name: string): string => new RegExp(`<${name}>(\\d+)</${name}>`).exec(said.output)?.[1] ?? '?';
  const own = facts.leaf && bitsOf(facts.leaf.ebx, 5, 0);
  const cbit = value('cbitpos');
  if (own !== undefined && cbit !== '?' && Number(cbit) !== own) return warn(SAY.libvirtOtherCbit(cbit, own));
  return pass(SAY.libvirtSev(cbit, value('reducedPhysBits')));
}

/** Where libvirt's own check says something else than this one, the reason is told. */
async function validate({ host, blockedBy }: Look): Promise<Answer> {
  const said = await host.run('virt-host-validate', 'qemu');
  const [, verdict] = /Checking for secure guest support\s*:\s*(.{1,200})/.exec(said?.output ?? '') ?? [];
  if (verdict === undefined) return skip(SAY.validateMissing());
  const passes = verdict.startsWith('PASS');
  const able = blockedBy('cpu-sev', 'kvm-sev', 'sev-device', 'sev-firmware') === undefined;
  if (passes === able) return pass(SAY.validateAgrees());
  return pass(passes ? SAY.validateMilder() : SAY.validateStricter(verdict.trim()));
}

const DESCRIPTIONS = ['/usr/share/qemu/firmware', '/etc/qemu/firmware'];
/** Where distributions put the image that measures kernels and takes secrets; not all describe it. */
const KNOWN_IMAGES = [
  '/usr/share/OVMF/OVMF.amdsev.fd',
  '/usr/share/ovmf/OVMF.amdsev.fd',
  '/usr/share/edk2/ovmf/OVMF.amdsev.fd',
  '/usr/share/edk2/x64/OVMF.amdsev.4m.fd',
  '/usr/share/qemu/ovmf-x86_64-sev.bin',
];

interface Described {
  readonly path: string;
  readonly features: readonly string[];
}

function describedImages(host: HostReadings): Described[] {
  return DESCRIPTIONS.flatMap((folder) =>
    host.names(folder).flatMap((name): Described[] => {
      const text = host.text(`${folder}/${name}`) ?? '';
      const path = /"filename":\s*"([^"]+)"/.exec(text)?.[1];
      const features = [...text.matchAll(/"(amd-sev(?:-es|-snp)?)"/g)].map(([, feature]) => feature!);
      return path !== undefined && features.includes('amd-sev') ? [{ path, features }] : [];
    }),
  );
}

/**
 * Whether an image has places for a secret and for kernel hashes, and the code that uses both: the same look as the guest
 * owner's. Places alone are in Debian's generic OVMF of 2026, which starts any kernel.
 */
function areasOf(host: HostReadings, path: string): 'both' | 'advertised' | 'none' | 'unknown' {
  const bytes = host.bytes(path);
  if (bytes === undefined) return 'unknown';
  try {
    const image = parseGuestImage(bytes);
    if (!image.secretArea || !image.hashArea) return 'none';
    const verdicts = (['kernelHashes', 'secrets'] as const).map((of) => imageVerdict(image, of));
    return verdicts.every((verdict) => verdict === 'looks-right') ? 'both' : 'advertised';
  } catch (error) {
    if (error instanceof SevError) return 'none';
    throw error;
  }
}

function ovmf({ host, distribution }: Look): Answer {
  const described = describedImages(host);
  const known = KNOWN_IMAGES.filter((path) => host.access(path) !== undefined);
  const paths = [...new Set([...known, ...described.map(({ path }) => path)])];
  if (paths.length === 0) {
    return warn(SAY.noImage(distribution));
  }
  const complete = paths.filter((path) => areasOf(host, path) === 'both');
  if (complete.length > 0) return pass(SAY.images(complete));
  const advertised = paths.filter((path) => areasOf(host, path) === 'advertised');
  if (advertised.length > 0) return warn(SAY.imagesAdvertising(advertised));
  const unread = paths.filter((path) => areasOf(host, path) === 'unknown');
  if (unread.length > 0) return skip(SAY.imagesUnread(unread));
  return warn(SAY.imagesWithoutPlace(paths));
}

function ovmfEs({ host }: Look): Answer {
  const known = KNOWN_IMAGES.filter((path) => host.access(path) !== undefined);
  const es = describedImages(host).filter(({ features }) => features.includes('amd-sev-es'));
  const paths = new Set([...known, ...es.map(({ path }) => path)]);
  if (paths.size > 0) return pass(SAY.imagesForEs([...paths]));
  return describedImages(host).length === 0
    ? follows('Guest image with a place for secrets')
    : warn(SAY.noImageForEs());
}

export const SOFTWARE_CHECKS: readonly Check[] = [
  { id: 'qemu', name: 'QEMU', needed: 'sev', after: ['cpu-epyc'], look: qemu },
  { id: 'libvirt', name: 'libvirt', needed: 'nothing', look: libvirt },
  { id: 'libvirt-sev', name: 'SEV in libvirt', needed: 'nothing', after: ['cpu-epyc', 'libvirt'], look: libvirtSev },
  { id: 'libvirt-validate', name: 'virt-host-validate', needed: 'nothing', look: validate },
  {
    id: 'ovmf',
    name: 'Guest image with a place for secrets',
    needed: 'nothing',
    after: ['cpu-epyc'],
    look: ovmf,
  },
  {
    id: 'ovmf-es',
    name: 'Guest image for SEV-ES',
    needed: 'nothing',
    after: ['cpu-epyc', 'cpu-sev-es'],
    look: ovmfEs,
  },
];
