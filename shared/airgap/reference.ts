// A file that one device has hashed, for another that is to expect it: guest image, kernel or initrd. The file itself stays.
import { equalBytes } from '../bytes/equal.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { encodeMidstate, parseMidstate } from '../crypto/sha256-midstate.ts';
import { type Sha256Midstate, Sha256Stream } from '../crypto/sha256-stream.ts';
import { SevError } from '../errors.ts';
import type { GuestImage, MemoryArea } from '../guest/guest-image.ts';
import { labelOf } from './message-members.ts';
import type { OfKind } from './messages.ts';

/** A file known by its hash. */
export interface KnownFile {
  readonly name: string;
  readonly role: 'guest-image' | 'kernel' | 'initrd';
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  /** From here a launch digest goes on. */
  readonly midstate?: Sha256Midstate;
  /** What an OVMF image says of itself; the table's own entries are not carried. */
  readonly guestImage?: GuestImage;
}

/** @param file what else it has, such as a library's own id, stays here */
export function referenceOfFile(file: KnownFile): OfKind<'reference'> {
  const { name, role, size, sha256, midstate, guestImage } = file;
  const { kind, resetEip, hashArea, secretArea } = guestImage ?? {};
  return {
    kind: 'reference',
    name: labelOf(name) ?? role,
    role,
    size,
    sha256: fromHex(sha256),
    ...(midstate && { midstate: encodeMidstate(midstate) }),
    ...(kind && { imageKind: kind }),
    ...(resetEip !== undefined && { resetEip }),
    ...(hashArea && { hashBase: hashArea.base, hashSize: hashArea.size }),
    ...(secretArea && { secretBase: secretArea.base, secretSize: secretArea.size }),
  };
}

/**
 * Takes a reference apart, and holds its midstate against its hash: a digest that went on from another file's would
 * blame the host for what was wrong here.
 *
 * @throws SevError BYTES_VALUE, BYTES_LENGTH
 */
export function fileOfReference(message: OfKind<'reference'>): KnownFile {
  const { name, role, size, sha256, midstate: encoded } = message;
  const midstate = encoded && parseMidstate(encoded, 'reference.midstate');
  if (midstate && (midstate.length !== size || !equalBytes(Sha256Stream.from(midstate).digest(), sha256))) {
    throw new SevError('BYTES_VALUE', { at: 'reference.midstate', because: 'It is not the one of this hash.' });
  }
  const guestImage = guestImageOf(message);
  return { name, role, size, sha256: toHex(sha256), ...(midstate && { midstate }), ...(guestImage && { guestImage }) };
}

function guestImageOf(message: OfKind<'reference'>): GuestImage | undefined {
  const { size, imageKind, resetEip, hashBase, hashSize, secretBase, secretSize } = message;
  if (!imageKind) return undefined;
  const hashArea = areaOf(hashBase, hashSize, 'hash');
  const secretArea = areaOf(secretBase, secretSize, 'secret');
  return {
    size,
    kind: imageKind,
    entries: [],
    ...(resetEip !== undefined && { resetEip }),
    ...(hashArea && { hashArea }),
    ...(secretArea && { secretArea }),
  };
}

function areaOf(base: number | undefined, size: number | undefined, name: string): MemoryArea | undefined {
  if (base !== undefined && size !== undefined) return { base, size };
  if (base === size) return undefined;
  throw new SevError('BYTES_VALUE', { at: `reference.${name}Area`, because: 'Base and size belong together.' });
}
