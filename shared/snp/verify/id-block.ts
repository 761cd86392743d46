// Whether an ID block and its authentication information belong together, as the firmware judges it at SNP_LAUNCH_FINISH.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import type { EcPoint } from '../../crypto/points.ts';
import { verifyEcdsa } from '../../crypto/signatures.ts';
import { digest } from '../../crypto/subtle.ts';
import {
  encodeIdBlock,
  encodeIdKey,
  type IdAuth,
  type IdBlock,
  parseIdAuth,
  parseIdBlock,
} from '../formats/id-block.ts';

declare const brand: unique symbol;

/** A pair whose signatures hold. Any key is as good as any other to the firmware: whose it is, the owner must know. */
export interface VerifiedIdBlock {
  readonly [brand]: true;
  readonly block: IdBlock;
  /** ID_KEY_DIGEST of the report: SHA-384 of the key's 1,028 bytes. */
  readonly idKeyDigest: Uint8Array;
  /** AUTHOR_KEY_DIGEST of the report; only with an author key. */
  readonly authorKeyDigest?: Uint8Array;
}

/** What the launch will be; what is given must be the block's. */
export interface IdBlockLaunch {
  /** 48 bytes. */
  readonly launchDigest?: Uint8Array;
  readonly policy?: bigint;
  /** `author-key-enabled`: asked for, it must be there; not asked for, it must not. Undefined asks nothing. */
  readonly authorKeyEnabled?: boolean;
}

/**
 * Verifies a pair, and that it is of this launch.
 * @param idBlock 96 bytes @param idAuth 4,096 bytes
 * @throws SevError BYTES_LENGTH, BYTES_RESERVED, SNP_ID_BLOCK, CERT_POINT, SNP_ID_SIGNATURE, SNP_ID_LAUNCH
 */
export async function verifyIdBlock(
  idBlock: Uint8Array,
  idAuth: Uint8Array,
  launch: IdBlockLaunch = {},
): Promise<VerifiedIdBlock> {
  const [block, auth] = [parseIdBlock(idBlock), parseIdAuth(idAuth)];
  requireAuthor(auth, launch.authorKeyEnabled);
  await requireSignatures(block, auth);
  requireLaunch(block, launch);
  return {
    block,
    idKeyDigest: await idKeyDigest(auth.idKey),
    ...(auth.author && { authorKeyDigest: await idKeyDigest(auth.author.key) }),
  } as VerifiedIdBlock;
}

/** ID_KEY_DIGEST or AUTHOR_KEY_DIGEST of a key: SHA-384 of its 1,028 bytes, not of a PEM or the bare point. */
export const idKeyDigest = (key: EcPoint): Promise<Uint8Array> => digest('SHA-384', encodeIdKey(key));

async function requireSignatures(block: IdBlock, { idKey, blockSignature, author }: IdAuth): Promise<void> {
  if (!(await verifyEcdsa(idKey, 'SHA-384', blockSignature, encodeIdBlock(block))))
    throw new SevError('SNP_ID_SIGNATURE', {
      at: 'idAuth.blockSignature',
      because: 'The ID key did not sign this block.',
    });
  if (author && !(await verifyEcdsa(author.key, 'SHA-384', author.signature, encodeIdKey(idKey))))
    throw new SevError('SNP_ID_SIGNATURE', {
      at: 'idAuth.keySignature',
      because: 'The author key did not sign this ID key.',
    });
}

function requireAuthor({ author }: IdAuth, enabled: boolean | undefined): void {
  if (enabled === undefined || enabled === (author !== undefined)) return;
  const because = enabled ? 'There is no author key in it.' : 'There is an author key in it that nobody would check.';
  throw new SevError('SNP_ID_BLOCK', { at: 'idAuth.author', because });
}

function requireLaunch(block: IdBlock, { launchDigest, policy }: IdBlockLaunch): void {
  if (launchDigest && !equalBytes(launchDigest, block.launchDigest))
    throw new SevError('SNP_ID_LAUNCH', { at: 'idBlock.launchDigest', because: 'Its launch digest is another one.' });
  if (policy !== undefined && policy !== block.policy) {
    const because = `It says policy 0x${block.policy.toString(16)}, the launch 0x${policy.toString(16)}.`;
    throw new SevError('SNP_ID_LAUNCH', { at: 'idBlock.policy', because });
  }
}
