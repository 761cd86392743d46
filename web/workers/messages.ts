// What goes between the page and its workers. Only values that can be cloned.
import type { Sha256Midstate } from '../../shared/crypto/sha256-stream.ts';
import type { ProfileName } from '../profile/profile.ts';
import type { KdfSettings } from '../vault/kdf-settings.ts';
import type { ChainView, Fault } from './chain-view.ts';
import type { CryptoKey } from '../../shared/crypto/subtle.ts';
import type { PlatformVisit } from '../../shared/sev/decide/continuity.ts';
import type { DoctorReport } from '../../shared/sev/decide/doctor.ts';
import type { DoctorCase, DoctorKey } from '../../shared/sev/decide/doctor/case.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import type { GuestImage } from '../../shared/guest/guest-image.ts';

/** What a worker says while it works, and at last. */
export type Reply<A> =
  | { readonly progress: number }
  | { readonly answer: A }
  | { readonly refusal: { code: ErrorCode; at: string; sentence: string; next: string } };

/** A file that was read once: its hash, and what SHA-256 remembers of it, from which a launch digest goes on. */
export interface HashedImage extends HashedFile {
  readonly midstate: Sha256Midstate;
  /** What an OVMF image says of itself; missing for what is none. */
  readonly guestImage?: GuestImage;
}

/** Above this, the engine's hash of a file in one piece takes too much memory. */
export const MAX_AT_ONCE = 512 * 1024 * 1024;

/** `image` keeps SHA-256's state and reads what the image says of itself; `plain` only hashes, and is quicker. */
export interface HashRequest {
  readonly file: File;
  readonly as: 'image' | 'plain';
}

export interface HashedFile {
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/** Something that was given: a file, a paste, or one of a relay's certificates. */
export interface Given {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What came of looking at all that was given for one platform. */
export interface CollectedView {
  readonly view: ChainView;
  /** The chain in sevctl's order; only when every link verified. */
  readonly chain?: Uint8Array;
  /** The ids of this visit, of a chain whose every link verified. */
  readonly visit?: PlatformVisit;
  /** What is still needed, and what does not go together. */
  readonly missing: readonly Fault[];
  readonly problems: readonly Fault[];
}

/** With the profile whose roots count. */
export type VerifyRequest = { readonly profile: ProfileName } & (
  { readonly chain: Uint8Array } | { readonly given: readonly Given[] }
);

/** A key that may have made the measure: raw only where the vault has it so, and wiped by the worker after the search. */
export interface SearchKey extends Omit<DoctorKey, 'oracle'> {
  readonly key: CryptoKey | Uint8Array;
}

export interface DoctorRequest extends Omit<DoctorCase, 'keys'> {
  readonly keys: readonly SearchKey[];
  /** Ends the search after about so many possibilities; without one, it ends with the last of them. */
  readonly limit?: number;
  /** How many surprises are tried together. */
  readonly depth?: number;
}

export type DoctorAnswer = DoctorReport;

export interface KdfRequest {
  readonly passphrase: string;
  readonly settings: KdfSettings;
}
