// One SNP guest in the simulated AMD-SP: what was loaded, under which policy, and what the owner signed beforehand.
import { p384 } from '@noble/curves/nist.js';
import { sha384 } from '@noble/hashes/sha2.js';
import { equalBytes } from '../../bytes/equal.ts';
import { concat } from '../../bytes/writer.ts';
import { SevError } from '../../errors.ts';
import { encodeIdBlock, encodeIdKey, type IdAuth, parseIdAuth, parseIdBlock } from '../../snp/formats/id-block.ts';
import type { EcPoint } from '../../crypto/points.ts';
import type { EcdsaSignature } from '../../crypto/signatures.ts';
import { AmdSpFailure, requireThat, STATUS } from '../failure.ts';

const PAGE = 4096;
/** Types whose contents count: NORMAL and VMSA. */
const HASHED: ReadonlySet<number> = new Set([1, 2]);
const LAST_TYPE = 6;

/** What SNP_LAUNCH_FINISH is given. */
export interface LaunchFinish {
  /** 96 bytes. */
  readonly idBlock?: Uint8Array;
  /** 4,096 bytes. */
  readonly idAuth?: Uint8Array;
  readonly authorKeyEnabled?: boolean;
  /** 32 bytes. */
  readonly hostData?: Uint8Array;
}

/** What an ID block leaves behind in every report. */
export interface Identity {
  readonly guestSvn: number;
  readonly familyId: Uint8Array;
  readonly imageId: Uint8Array;
  readonly idKeyDigest: Uint8Array;
  readonly authorKeyDigest: Uint8Array;
  readonly authorKeyEnabled: boolean;
}

const NOBODY: Identity = {
  guestSvn: 0,
  familyId: new Uint8Array(16),
  imageId: new Uint8Array(16),
  idKeyDigest: new Uint8Array(48),
  authorKeyDigest: new Uint8Array(48),
  authorKeyEnabled: false,
};

/** A guest from SNP_LAUNCH_START on. It starts to run with SNP_LAUNCH_FINISH, and only then asks for reports. */
export class SnpGuest {
  readonly policy: bigint;
  /** 32 bytes that name this guest alone. */
  readonly reportId: Uint8Array;
  #digest = new Uint8Array(48);
  #running = false;
  #identity: Identity = NOBODY;
  #hostData = new Uint8Array(32);

  constructor(policy: bigint, reportId: Uint8Array) {
    this.policy = policy;
    this.reportId = reportId;
  }

  get launchDigest(): Uint8Array {
    return this.#digest.slice();
  }

  get identity(): Identity {
    return this.#identity;
  }

  get hostData(): Uint8Array {
    return this.#hostData.slice();
  }

  get isRunning(): boolean {
    return this.#running;
  }

  /**
   * SNP_LAUNCH_UPDATE: whole pages.
   * @param contents of NORMAL and VMSA pages; of the others their size alone counts
   * @throws AmdSpFailure INVALID_GUEST_STATE, INVALID_PARAM
   */
  update(type: number, gpa: bigint, contents: Uint8Array): void {
    requireThat(!this.#running, STATUS.INVALID_GUEST_STATE, 'The guest runs already.');
    const isWhole = contents.length > 0 && contents.length % PAGE === 0 && gpa % BigInt(PAGE) === 0n;
    requireThat(isWhole && type >= 1 && type <= LAST_TYPE, STATUS.INVALID_PARAM, 'Not whole pages of a known type.');
    for (let at = 0; at < contents.length; at += PAGE) {
      const page = HASHED.has(type) ? sha384(contents.subarray(at, at + PAGE)) : new Uint8Array(48);
      const info = new Uint8Array(16);
      const view = new DataView(info.buffer);
      view.setUint16(0, 0x70, true);
      view.setUint8(2, type);
      view.setBigUint64(8, gpa + BigInt(type === 2 ? 0 : at), true);
      this.#digest = Uint8Array.from(sha384(concat(this.#digest, page, info)));
    }
  }

  /**
   * SNP_LAUNCH_FINISH. The checks come in the firmware's order: form, digest, policy, the two signatures.
   * @throws AmdSpFailure INVALID_GUEST_STATE, INVALID_PARAM, BAD_MEASUREMENT, POLICY_FAILURE, BAD_SIGNATURE
   */
  finish({ idBlock, idAuth, authorKeyEnabled = false, hostData }: LaunchFinish): void {
    requireThat(!this.#running, STATUS.INVALID_GUEST_STATE, 'The guest runs already.');
    requireThat(hostData === undefined || hostData.length === 32, STATUS.INVALID_PARAM, 'HOST_DATA has 32 bytes.');
    if (idBlock) this.#identity = this.#identify(idBlock, idAuth, authorKeyEnabled);
    if (hostData) this.#hostData = Uint8Array.from(hostData);
    this.#running = true;
  }

  #identify(idBlock: Uint8Array, idAuth: Uint8Array | undefined, authorKeyEnabled: boolean): Identity {
    requireThat(idAuth !== undefined, STATUS.INVALID_PARAM, 'An ID block needs its authentication information.');
    const [block, auth] = wellFormed(() => [parseIdBlock(idBlock), parseIdAuth(idAuth)] as const);
    requireThat(equalBytes(block.launchDigest, this.launchDigest), STATUS.BAD_MEASUREMENT);
    requireThat(block.policy === this.policy, STATUS.POLICY_FAILURE);
    requireThat(signedBy(auth.idKey, auth.blockSignature, encodeIdBlock(block)), STATUS.BAD_SIGNATURE);
    const { guestSvn, familyId, imageId } = block;
    const idKeyDigest = keyDigest(auth.idKey);
    const base = { guestSvn, familyId, imageId, idKeyDigest };
    if (!authorKeyEnabled) return { ...base, authorKeyDigest: new Uint8Array(48), authorKeyEnabled };
    return { ...base, authorKeyDigest: keyDigest(author(auth)), authorKeyEnabled };
  }
}

function author({ author, idKey }: IdAuth): EcPoint {
  requireThat(author !== undefined, STATUS.INVALID_PARAM, 'There is no author key.');
  requireThat(signedBy(author.key, author.signature, encodeIdKey(idKey)), STATUS.BAD_SIGNATURE);
  return author.key;
}

const keyDigest = (key: EcPoint): Uint8Array => Uint8Array.from(sha384(encodeIdKey(key)));

function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SevError) throw new AmdSpFailure(STATUS.INVALID_PARAM, error.sentence);
    throw error;
  }
}

function signedBy({ x, y }: EcPoint, { r, s }: EcdsaSignature, message: Uint8Array): boolean {
  try {
    const options = { prehash: false, lowS: false, format: 'compact' } as const;
    return p384.verify(concat(r, s), sha384(message), concat(Uint8Array.of(4), x, y), options);
  } catch {
    return false;
  }
}
