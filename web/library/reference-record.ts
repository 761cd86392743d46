// A file of the guest owner's own, known by its hash: the file itself is not kept, only what a measurement needs of it.
import type { KnownFile } from '../../shared/airgap/reference.ts';
import { equalBytes } from '../../shared/bytes/equal.ts';
import { fromHex } from '../../shared/bytes/text.ts';
import { Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import { SevError } from '../../shared/errors.ts';
import type { GuestImage } from '../../shared/guest/guest-image.ts';
import { type Origin, storedOrigin } from '../../shared/origins/origin.ts';

declare module '../storage/database.ts' {
  interface Stores {
    references: { key: string; value: ReferenceRecord };
  }
}

export type Role = KnownFile['role'];

export interface ReferenceRecord extends KnownFile {
  /** Role and SHA-256: one file may serve as one thing only once. */
  readonly id: string;
  readonly addedAt: number;
  /** Missing in records of before it was kept: see `originOfFile`. */
  readonly origin?: Origin;
  /** When the owner vouched for this image: that it checks what it starts. */
  readonly vouchedAt?: number;
}

/** A record that says nothing of where it came from is what an earlier version of the app claims. */
export const originOfFile = ({ origin }: ReferenceRecord): Origin => storedOrigin(origin);

/** What the image says of itself, where the file was read on this device: a claim of that decides nothing. */
export const readImageOf = (file: ReferenceRecord): GuestImage | undefined =>
  originOfFile(file) === 'hashed-here' ? file.guestImage : undefined;

/** A guest image, from whose midstate a launch digest goes on. */
export type ImageRecord = ReferenceRecord & Required<Pick<KnownFile, 'midstate'>>;

export const referenceId = (role: Role, sha256: string): string => `${role}:${sha256}`;

export const isImage = (file: ReferenceRecord): file is ImageRecord =>
  file.role === 'guest-image' && file.midstate !== undefined;

/**
 * Holds a stored midstate against its hash, since stored records may be damaged.
 * @throws SevError VAULT_RECORD
 */
export function requireOwnMidstate({ midstate, sha256, name }: ImageRecord): void {
  if (equalBytes(Sha256Stream.from(midstate).digest(), fromHex(sha256))) return;
  const next = 'Remove it from the library, and choose the file again.';
  throw new SevError('VAULT_RECORD', {
    at: name,
    because: 'What was kept of the file is not the one of its hash.',
    next,
  });
}
