// QEMU, libvirt and the firmware images: whether they know SEV, and since when.
import { SevError } from '../../shared/errors.ts';
import { parseGuestImage } from '../../shared/guest/guest-image.ts';
import { type Answer, type Check, fail, type Look, pass, skip, versionAtLeast, warn } from './check.ts';
import type { HostReadings } from './readings.ts';

const QEMUS = ['qemu-system-x86_64', 'qemu-kvm'];

async function qemu({ host, distribution }: Look): Promise<Answer> {
  for (const program of QEMUS) {
    const said = await host.run(program, '--version');
    const version = /version (\d+\.\d+(?:\.\d+)?)/.exec(said?.output ?? '')?.[1];
    if (version === undefined) continue;
    if (!versionAtLeast(version, '6.0'))
      return fail(`QEMU ${version} cannot inject secrets.`, 'Operator: use QEMU 6.2 or later.');
    const objects = await host.run(program, '-object', 'help');
    if (!/\bsev-guest\b/.test(objects?.output ?? '')) {
      return fail(`QEMU ${version} was built without SEV.`, `Operator: ${distribution.install('qemu')}.`);
    }
    if (!versionAtLeast(version, '6.2')) {
      return warn(
        `QEMU ${version} cannot measure kernel, initrd and command line.`,
        'Operator: use QEMU 6.2 or later for kernel-hashes.',
      );
    }
    return pass(`QEMU ${version} with SEV.`);
  }
  return fail('QEMU is not installed.', `Operator: ${distribution.install('qemu')}.`);
}

async function libvirt({ host, distribution }: Look): Promise<Answer> {
  const said = await host.run('virsh', '--version');
  const version = said?.output.trim() ?? '';
  if (said === undefined)
    return skip(
      `libvirt is not installed. The relay works without it; to have it, ${distribution.install('libvirt')}.`,
    );
  if (!versionAtLeast(version, '8.0')) {
    return warn(
      `libvirt ${version} does not tell API version, build and policy.`,
      'Operator: use libvirt 8.0 or later.',
    );
  }
  return pass(`libvirt ${version}.`);
}

async function libvirtSev({ host }: Look): Promise<Answer> {
  const said = await host.run('virsh', '--connect=qemu:///system', 'domcapabilities');
  if (said === undefined) return skip('libvirt is not installed.');
  if (said.code !== 0) return skip("libvirt's daemon does not answer.");
  const [, supported] = /<sev supported='(yes|no)'/.exec(said.output) ?? [];
  if (supported !== 'yes') {
    return warn(
      'libvirt says that there is no SEV here.',
      'Operator: after mending the rest, `rm -r /var/cache/libvirt/qemu/capabilities` and `systemctl restart libvirtd`.',
    );
  }
  const value = (name: string): string => new RegExp(`<${name}>(\\d+)</${name}>`).exec(said.output)?.[1] ?? '?';
  return pass(`libvirt offers SEV: C-bit ${value('cbitpos')}, ${value('reducedPhysBits')} address bits lost.`);
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

/** Whether an image has places for a secret and for kernel hashes. */
function areasOf(host: HostReadings, path: string): 'both' | 'none' | 'unknown' {
  const bytes = host.bytes(path);
  if (bytes === undefined) return 'unknown';
  try {
    const { secretArea, hashArea } = parseGuestImage(bytes);
    return secretArea && hashArea ? 'both' : 'none';
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
    return warn(
      'No OVMF image that supports SEV was found.',
      `Operator: ${distribution.install('ovmf')}; or use the guest owner's own image, which is the better one.`,
    );
  }
  const complete = paths.filter((path) => areasOf(host, path) === 'both');
  if (complete.length > 0) return pass(`For secrets and kernel hashes: ${complete.join(', ')}.`);
  const unread = paths.filter((path) => areasOf(host, path) === 'unknown');
  if (unread.length > 0) return skip(`These could not be looked into: ${unread.join(', ')}.`);
  return warn(
    `These start SEV guests, but have no place for secrets: ${paths.join(', ')}.`,
    "Operator: use an AmdSev build of OVMF (OvmfPkg/AmdSev), or the guest owner's own image.",
  );
}

function ovmfEs({ host }: Look): Answer {
  const known = KNOWN_IMAGES.filter((path) => host.access(path) !== undefined);
  const es = describedImages(host).filter(({ features }) => features.includes('amd-sev-es'));
  const paths = new Set([...known, ...es.map(({ path }) => path)]);
  if (paths.size > 0) return pass([...paths].join(', '));
  return warn(
    'No image is described as fit for SEV-ES.',
    'Operator: use OVMF of edk2-stable202008 or later, in its AmdSev build.',
  );
}

export const SOFTWARE_CHECKS: readonly Check[] = [
  { id: 'qemu', name: 'QEMU', needed: 'sev', look: qemu },
  { id: 'libvirt', name: 'libvirt', needed: 'nothing', look: libvirt },
  { id: 'libvirt-sev', name: 'SEV in libvirt', needed: 'nothing', after: ['libvirt'], look: libvirtSev },
  { id: 'ovmf', name: 'Guest image with a place for secrets', needed: 'nothing', look: ovmf },
  { id: 'ovmf-es', name: 'Guest image for SEV-ES', needed: 'nothing', look: ovmfEs },
];
