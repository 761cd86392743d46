// Whether a guest image can do what a launch asks of it, and what it is, in words.
import { SevError } from '../errors.ts';
import type { GuestImage, GuestImageKind } from './guest-image.ts';
import { type Finding, findingOf } from '../findings/finding.ts';

export interface ImageWants {
  /** Kernel, initrd and command line are to be measured. */
  readonly kernelHashes: boolean;
  readonly es: boolean;
  /** A secret is to be injected. */
  readonly secret: boolean;
}

const KINDS: Readonly<Record<GuestImageKind, Omit<Finding, 'code'>>> = {
  'amd-sev': { severity: 'ok', sentence: 'The guest image was made for SEV, and keeps no variables.' },
  whole: {
    severity: 'warning',
    sentence: 'The guest image brings its own variable store, which is measured with it as it is in the file.',
    next: 'Let the host use it read-only. A build made for SEV (AmdSev) keeps no variables at all.',
  },
  code: {
    severity: 'warning',
    sentence: 'The guest image is a CODE file: its variables live in a VARS file, which is not measured.',
    next: 'Let the host start it without a VARS file, or use a build made for SEV (AmdSev).',
  },
  vars: {
    severity: 'refused',
    sentence: 'This is a VARS file: a store of variables, and no firmware.',
    next: 'Choose the file that belongs with it, CODE or a whole OVMF.fd.',
  },
  unknown: {
    severity: 'warning',
    sentence: 'This does not look like an OVMF image.',
    next: 'Check that you chose the file that the host gives as firmware, whole.',
  },
};

const UNREAD: Finding = {
  code: 'IMAGE_UNREAD',
  severity: 'warning',
  sentence: 'What the guest image says of itself cannot be read.',
  next: 'Check that you chose the file that the host gives as firmware, whole.',
};

/** QEMU refuses kernel hashes for such an image, too; a host need not be QEMU. */
export const UNREAD_KERNEL =
  'What the guest image says of itself cannot be read, so nobody can tell that it checks the kernel that is measured.';

const UNREAD_RESET =
  'What the guest image says of itself cannot be read, so nobody can tell where further CPUs start under SEV-ES.';

/** @param image undefined where the file says nothing of itself that can be read */
export function imageFindings(image: GuestImage | undefined, wants: ImageWants): readonly Finding[] {
  if (!image) {
    return [
      UNREAD,
      ...(wants.kernelHashes ? [cannot(UNREAD_KERNEL)] : []),
      ...(wants.es ? [cannot(UNREAD_RESET)] : []),
    ];
  }
  const findings: Finding[] = [{ code: `IMAGE_${image.kind.toUpperCase().replace('-', '_')}`, ...KINDS[image.kind] }];
  if (image.kind === 'vars') return findings;
  if (wants.kernelHashes && !image.hashArea) {
    findings.push(cannot('The guest image has no place for kernel hashes, so it cannot check a kernel.'));
  }
  if (wants.es && image.resetEip === undefined) {
    findings.push(cannot('The guest image does not say where further CPUs start, so it cannot run with SEV-ES.'));
  }
  if (wants.secret && !image.secretArea) {
    findings.push({
      code: 'IMAGE_NO_SECRET_AREA',
      severity: 'warning',
      sentence: 'The guest image has no place for a secret: QEMU would write it to address 0.',
      next: 'Use a build made for SEV (AmdSev), or give the address with the injection.',
    });
  }
  return findings;
}

/**
 * Refuses a guest image that cannot do what a launch asks of it.
 * @throws SevError MEASURE_IMAGE
 */
export function requireImageFits(image: GuestImage, wants: ImageWants): void {
  const refused = imageFindings(image, wants).find(({ severity }) => severity === 'refused');
  if (refused) throw new SevError('MEASURE_IMAGE', { at: 'guestImage', sentence: refused.sentence });
}

const cannot = (sentence: string): Finding => findingOf(new SevError('MEASURE_IMAGE', { sentence }));
