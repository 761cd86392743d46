// Whether a guest image can do what a launch asks of it, and what it is. The sentences are in image-words.ts.
import { SevError } from '../errors.ts';
import type { Finding } from '../findings/finding.ts';
import { findingOf } from '../findings/finding.ts';
import type { CodeFound } from './firmware-code.ts';
import type { GuestImage } from './guest-image.ts';
import * as words from './image-words.ts';

export interface ImageWants {
  /** Kernel, initrd and command line are to be measured. */
  readonly kernelHashes: boolean;
  readonly es: boolean;
  /** A secret is to be injected. */
  readonly secret: boolean;
}

/** What speaks for an image beyond its bytes. */
export interface ImageTrust {
  /** The guest owner says of this very file, by its hash, that it checks what it starts. */
  readonly vouched?: boolean | undefined;
  /** The platform is a simulated one, where the demo guest image is at home. */
  readonly simulated?: boolean | undefined;
}

/**
 * How far it is known that an image does what its table promises. `proven-by-you`: the owner vouches for it. `looks-right`:
 * the code is there. `advertises-only`: it is not. `cannot-be-read`: nobody can tell. `demo`: the simulator's own image.
 * `absent`: it promises nothing.
 */
export type ImageVerdict = 'proven-by-you' | 'looks-right' | 'advertises-only' | 'cannot-be-read' | 'demo' | 'absent';

const OF_CODE: Readonly<Record<CodeFound, ImageVerdict>> = {
  found: 'looks-right',
  missing: 'advertises-only',
  unreadable: 'cannot-be-read',
  demo: 'demo',
};

/** @param image undefined where the file was not read on this device, or says nothing of itself that can be read */
export function imageVerdict(
  image: GuestImage | undefined,
  of: 'kernelHashes' | 'secrets',
  { vouched = false, simulated = false }: ImageTrust = {},
): ImageVerdict {
  if (!image) return 'cannot-be-read';
  if (!(of === 'kernelHashes' ? image.hashArea : image.secretArea)) return 'absent';
  const seen = image.code ? OF_CODE[image.code[of]] : 'cannot-be-read';
  if (seen === 'looks-right') return seen;
  // The simulator's image is nobody's own: no word of the owner's makes it fit for a real platform.
  if (seen === 'demo') return simulated ? 'demo' : 'advertises-only';
  return vouched ? 'proven-by-you' : seen;
}

/** @param image undefined where the file says nothing of itself that can be read */
export function imageFindings(
  image: GuestImage | undefined,
  wants: ImageWants,
  trust: ImageTrust = {},
): readonly Finding[] {
  if (!image) {
    return [
      { code: 'IMAGE_UNREAD', severity: 'warning', ...words.UNREAD },
      ...(wants.kernelHashes ? [cannot(words.UNREAD_KERNEL)] : []),
      ...(wants.es ? [cannot(words.UNREAD_RESET)] : []),
    ];
  }
  const findings: Finding[] = [
    { code: `IMAGE_${image.kind.toUpperCase().replace('-', '_')}`, ...words.KINDS[image.kind] },
  ];
  if (image.kind === 'vars') return findings;
  if (wants.kernelHashes) findings.push(...kernelFindings(imageVerdict(image, 'kernelHashes', trust)));
  if (wants.es && image.resetEip === undefined) findings.push(cannot(words.NO_RESET));
  if (wants.secret) findings.push(...secretFindings(imageVerdict(image, 'secrets', trust)));
  return findings;
}

function kernelFindings(verdict: ImageVerdict): readonly Finding[] {
  switch (verdict) {
    case 'absent':
      return [cannot(words.NO_HASH_AREA)];
    case 'advertises-only':
      return [cannot(words.KERNEL_ADVERTISED)];
    case 'cannot-be-read':
      return [cannot(words.KERNEL_UNREADABLE)];
    case 'proven-by-you':
      return [{ code: 'IMAGE_VOUCHED', severity: 'note', ...words.VOUCHED }];
    case 'demo':
      return [{ code: 'IMAGE_DEMO', severity: 'note', ...words.DEMO }];
    case 'looks-right':
      return [{ code: 'IMAGE_CHECKS_KERNEL', severity: 'note', ...words.KERNEL_LOOKS_RIGHT }];
  }
}

function secretFindings(verdict: ImageVerdict): readonly Finding[] {
  switch (verdict) {
    case 'absent':
      return [{ code: 'IMAGE_NO_SECRET_AREA', severity: 'warning', ...words.NO_SECRET_AREA }];
    case 'advertises-only':
      return [{ code: 'IMAGE_SECRET_ADVERTISED', severity: 'warning', ...words.SECRET_ADVERTISED }];
    case 'cannot-be-read':
      return [{ code: 'IMAGE_SECRET_UNREADABLE', severity: 'warning', ...words.SECRET_UNREADABLE }];
    default:
      return [];
  }
}

/**
 * Refuses a guest image that cannot do what a launch asks of it.
 * @throws SevError MEASURE_IMAGE
 */
export function requireImageFits(image: GuestImage, wants: ImageWants, trust: ImageTrust = {}): void {
  const refused = imageFindings(image, wants, trust).find(({ severity }) => severity === 'refused');
  if (refused) throw new SevError('MEASURE_IMAGE', { at: 'guestImage', sentence: refused.sentence });
}

const cannot = (said: { readonly sentence: string; readonly next?: string }): Finding =>
  findingOf(new SevError('MEASURE_IMAGE', said));
