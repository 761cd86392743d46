// What the record says of its guest image, held against the image itself where the reader has it: a kernel is measured
// in vain by an image that does not compare it.
import { fromHex, toHex } from '../bytes/text.ts';
import { equalBytes } from '../bytes/equal.ts';
import { type Finding } from '../findings/finding.ts';
import type { GuestImage } from '../guest/guest-image.ts';
import { imageFindings } from '../guest/image-findings.ts';
import type { Evidence } from './record.ts';

type Facts = NonNullable<Evidence['expected']['guestImage']['facts']>;

/** A guest image that the reader has: its hash, and what it says of itself, where that can be read. */
export interface ReadImage {
  /** 32 bytes. */
  readonly sha256: Uint8Array;
  readonly image: GuestImage | undefined;
}

/** The facts that a record carries of an image. */
export const factsOfImage = ({ kind, hashArea, secretArea, code }: GuestImage, vouched = false): Facts => ({
  kind,
  ...(hashArea && { hashArea: { base: hashArea.base, size: hashArea.size } }),
  ...(secretArea && { secretArea: { base: secretArea.base, size: secretArea.size } }),
  ...(code && { code: { kernelHashes: code.kernelHashes, secrets: code.secrets } }),
  ...(vouched && { vouched }),
});

export type ImageState =
  | { readonly kind: 'refused'; readonly finding: Finding }
  | { readonly kind: 'other-image'; readonly own: string }
  | { readonly kind: 'other-facts' }
  /** By the file itself. */
  | { readonly kind: 'proven' }
  /** By the record alone. */
  | { readonly kind: 'claimed' }
  | { readonly kind: 'untold' };

/** Whether this image can do what was measured. */
export function imageStateOf({ expected, launch: { simulated } }: Evidence, read: ReadImage | undefined): ImageState {
  const { guestImage, kernel } = expected;
  if (read && !equalBytes(read.sha256, fromHex(guestImage.sha256)))
    return { kind: 'other-image', own: toHex(read.sha256) };
  const told = guestImage.facts && { ...guestImage, ...guestImage.facts, entries: [] };
  const image = read ? read.image : told;
  if (!read && !told) return { kind: 'untold' };
  const wants = { kernelHashes: kernel !== undefined, es: false, secret: false };
  const { vouched = false } = guestImage.facts ?? {};
  const against = (word: boolean): Finding | undefined =>
    imageFindings(image, wants, { vouched: word, simulated }).find(({ severity }) => severity === 'refused');
  const finding = against(vouched);
  if (finding) return { kind: 'refused', finding };
  if (read?.image && guestImage.facts && !isSame(factsOfImage(read.image), guestImage.facts))
    return { kind: 'other-facts' };
  // That its owner vouched for it, only the record says.
  return { kind: read && !against(false) ? 'proven' : 'claimed' };
}

const isSame = (a: Facts, b: Facts): boolean =>
  a.kind === b.kind &&
  sameArea(a.hashArea, b.hashArea) &&
  sameArea(a.secretArea, b.secretArea) &&
  a.code?.kernelHashes === b.code?.kernelHashes;

const sameArea = (a: Facts['hashArea'], b: Facts['hashArea']): boolean => a?.base === b?.base && a?.size === b?.size;
