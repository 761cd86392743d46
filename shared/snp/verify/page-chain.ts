// The chain of pages under an SNP launch digest: each page that the host adds replaces the digest by the hash of the two.
import { requireLength } from '../../bytes/reader.ts';
import { SHA384_SIZE, type Sha384, sha384Sync } from '../../crypto/sha384.ts';

export const PAGE_SIZE = 4096;

/** Page types of SNP_LAUNCH_UPDATE. Only NORMAL and VMSA pages are hashed; of the others type and address are. */
export const PAGE_TYPE = { normal: 1, vmsa: 2, zero: 3, unmeasured: 4, secrets: 5, cpuid: 6 } as const;
export type PageType = (typeof PAGE_TYPE)[keyof typeof PAGE_TYPE];

/** PAGE_INFO of SNP_LAUNCH_UPDATE (AMD 56860): size, and the offsets of its fields. All integers little-endian. */
const PAGE_INFO_SIZE = 0x70;
const CONTENTS = 0x30;
const LENGTH = 0x60;
const TYPE = 0x62;
const GPA = 0x68;

/** A launch digest under construction: 48 bytes after any page are all that the rest needs. */
export class PageChain {
  readonly #info = new Uint8Array(PAGE_INFO_SIZE);
  readonly #view = new DataView(this.#info.buffer);
  readonly #sha384: Sha384;

  /** @param start 48 bytes: the digest so far; a launch begins with zeros @throws SevError BYTES_LENGTH */
  constructor(start: Uint8Array = new Uint8Array(SHA384_SIZE), sha384: Sha384 = sha384Sync) {
    requireLength(start, SHA384_SIZE, 'launchDigest');
    this.#sha384 = sha384;
    this.#info.set(start);
    this.#view.setUint16(LENGTH, PAGE_INFO_SIZE, true);
  }

  /** The digest so far, 48 bytes. */
  get digest(): Uint8Array {
    return this.#info.slice(0, SHA384_SIZE);
  }

  /** Adds pages whose contents count: 4,096 bytes each, one after the other in guest memory. */
  add(type: 1 | 2, gpa: number, bytes: Uint8Array): this {
    for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
      this.addHashed(type, gpa + at, this.#sha384(bytes.subarray(at, at + PAGE_SIZE)));
    }
    return this;
  }

  /** Adds one page by the SHA-384 of its contents. */
  addHashed(type: 1 | 2, gpa: number, contents: Uint8Array): this {
    this.#info.set(contents, CONTENTS);
    return this.#next(type, gpa);
  }

  /** Adds pages of which only type and address count. */
  addPlain(type: 3 | 4 | 5 | 6, gpa: number, size: number): this {
    this.#info.fill(0, CONTENTS, LENGTH);
    for (let at = 0; at < size; at += PAGE_SIZE) this.#next(type, gpa + at);
    return this;
  }

  /** Guest-physical addresses have at most 52 bits, so a number holds them exactly. */
  #next(type: PageType, gpa: number): this {
    this.#info[TYPE] = type;
    this.#view.setUint32(GPA, gpa % 0x1_0000_0000, true);
    this.#view.setUint32(GPA + 4, Math.floor(gpa / 0x1_0000_0000), true);
    this.#info.set(this.#sha384(this.#info));
    return this;
  }
}
