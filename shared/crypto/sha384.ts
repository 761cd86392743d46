// SHA-384 without a promise: the chain of an SNP launch digest is strictly serial, and awaiting each link costs more than it.
import { sha384 as nobleSha384 } from '@noble/hashes/sha2.js';

export const SHA384_SIZE = 48;

/** SHA-384 of some bytes, 48 bytes. Passed in, so that Node can use its own, which is several times quicker. */
export type Sha384 = (data: Uint8Array) => Uint8Array;

export const sha384Sync: Sha384 = (data) => nobleSha384(data);
