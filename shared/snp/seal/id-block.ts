// Making an ID block: the owner signs beforehand what may be launched, and every report says so afterwards.
import type { EcPoint } from '../../crypto/points.ts';
import { signEcdsa } from '../../crypto/signatures.ts';
import type { CryptoKey } from '../../crypto/subtle.ts';
import { encodeIdAuth, encodeIdBlock, encodeIdKey, type IdBlock } from '../formats/id-block.ts';
import { verifyIdBlock, type VerifiedIdBlock } from '../verify/id-block.ts';

/** A P-384 key that may sign; the private half stays a handle. */
export interface IdSigner {
  readonly privateKey: CryptoKey;
  readonly publicKey: EcPoint;
}

export interface MadeIdBlock {
  /** 96 bytes. */
  readonly idBlock: Uint8Array;
  /** 4,096 bytes. */
  readonly idAuth: Uint8Array;
  readonly verified: VerifiedIdBlock;
}

/**
 * Signs a block with the ID key, and the ID key with the author key where there is one. Firmware of 2022 refused blocks
 * without an author key. What was made is read and verified before it is given out.
 * @throws SevError BYTES_LENGTH, BYTES_VALUE, SNP_ID_SIGNATURE when a key's halves do not belong together
 */
export async function makeIdBlock(block: IdBlock, idKey: IdSigner, author?: IdSigner): Promise<MadeIdBlock> {
  const idBlock = encodeIdBlock(block);
  const idAuth = encodeIdAuth({
    idKey: idKey.publicKey,
    blockSignature: await signEcdsa(idKey.privateKey, 'SHA-384', idBlock),
    ...(author && {
      author: {
        key: author.publicKey,
        signature: await signEcdsa(author.privateKey, 'SHA-384', encodeIdKey(idKey.publicKey)),
      },
    }),
  });
  const verified = await verifyIdBlock(idBlock, idAuth, { launchDigest: block.launchDigest, policy: block.policy });
  return { idBlock, idAuth, verified };
}
