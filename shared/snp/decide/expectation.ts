// What the guest owner asks of a report. Every value carries its origin; what is not asked is told as not checked, and what does not
// matter to the owner is said in so many words ('any'). SNP report specification part 8.
import type { Origin } from './origin.ts';
import type { SnpProduct } from '../formats/product.ts';
import type { FirmwareVersion } from '../formats/report.ts';
import type { Tcb } from '../formats/tcb.ts';

/** A value to compare with. One that is only claimed is compared and shown, and decides nothing. */
export interface Reference<T> {
  readonly value: T;
  readonly origin: Origin;
}

/** The owner accepts whatever the report says. */
export type Any = 'any';

/** One value that must hold, or any. */
export type Wish<T> = Reference<T> | Any;

/** The field must be one of these, or may be any. An empty list is as good as none. */
export type OneOf<T> = readonly Reference<T>[] | Any;

/** A key whose signature the owner takes, by the SHA-384 of its 1,028 bytes. */
export interface TrustedKey extends Reference<Uint8Array> {
  readonly name?: string;
}

/** Bits under a mask. */
export interface MaskedBits {
  readonly mask: bigint;
  readonly value: bigint;
}

export interface SnpExpectation {
  /** 64 bytes: what the owner's nonce, and the key to be sealed to, come to. */
  readonly reportData?: OneOf<Uint8Array>;
  /** 48 bytes. */
  readonly measurement?: OneOf<Uint8Array>;
  /** 32 bytes. */
  readonly hostData?: OneOf<Uint8Array>;
  /** 64 bytes, Turin's 8 filled up with zeros. Masked, the certificate's hwID stands for it. */
  readonly chipId?: OneOf<Uint8Array>;
  /** The cloud provider of a VLEK. */
  readonly cspId?: OneOf<string>;
  readonly product?: OneOf<SnpProduct>;
  /** 0 to 3. Left out, only 0 is taken. */
  readonly vmpl?: Wish<number>;

  /** Keys of the ID block: either the ID key or the author key must be among them. */
  readonly signedBy?: { readonly idKeys: readonly TrustedKey[]; readonly authorKeys: readonly TrustedKey[] } | Any;
  /** 48 bytes each, compared exactly, each for itself. */
  readonly idKeyDigest?: OneOf<Uint8Array>;
  readonly authorKeyDigest?: OneOf<Uint8Array>;
  /** 16 bytes each. */
  readonly familyId?: OneOf<Uint8Array>;
  readonly imageId?: OneOf<Uint8Array>;
  readonly minGuestSvn?: Wish<number>;

  readonly policyBits?: Wish<MaskedBits>;
  /** Take a guest that the host can debug, or that a migration agent can move. Left out, both are refused. */
  readonly allowDebug?: boolean;
  readonly allowMigration?: boolean;
  readonly platformBits?: Wish<MaskedBits>;

  /** Asked of all four TCBs; a part that the product does not have is never reached. */
  readonly minTcb?: Wish<Partial<Tcb>>;
  /** Asked of the current and of the committed firmware. */
  readonly minFirmware?: Wish<FirmwareVersion>;
  /** Bits that both mitigation vectors must have; version 5 only. */
  readonly mitigations?: Wish<bigint>;
  /** Whether current and committed firmware must be the same. Left out, a difference is a warning. */
  readonly sameFirmware?: 'required' | Any;
  /** Whether a list of revoked certificates must have been checked. Left out, its absence counts as unchecked. */
  readonly revocation?: 'required' | Any;
}
