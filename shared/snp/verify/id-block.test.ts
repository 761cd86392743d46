import { describe, expect, it } from 'vitest';
import { fromBase64, fromHex, toHex, toUtf8 } from '../../bytes/text.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { pointFromJwk } from '../../crypto/points.ts';
import { type CryptoKeyPair, subtle, webCryptoRandom } from '../../crypto/subtle.ts';
import { encodePkcs8, parseEcPrivateKey } from '../../encodings/ec-private-key.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import { encodeIdAuth, encodeIdBlock, type IdBlock, parseIdAuth, parseIdBlock } from '../formats/id-block.ts';
import { type IdSigner, makeIdBlock } from '../seal/id-block.ts';
import { idKeyDigest, verifyIdBlock } from './id-block.ts';

const ECDSA = { name: 'ECDSA', namedCurve: 'P-384' };

async function newSigner(): Promise<IdSigner> {
  const pair: CryptoKeyPair = await subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  return { privateKey: pair.privateKey, publicKey: pointFromJwk(await subtle.exportKey('jwk', pair.publicKey)) };
}

async function signerOf(pem: Uint8Array): Promise<IdSigner> {
  const key = await parseEcPrivateKey(pem);
  const privateKey = await subtle.importKey('pkcs8', encodePkcs8(key), ECDSA, false, ['sign']);
  return { privateKey, publicKey: { x: key.point.slice(1, 49), y: key.point.slice(49) } };
}

const block: IdBlock = {
  launchDigest: webCryptoRandom(48),
  familyId: toUtf8('family-0000-0001'),
  imageId: toUtf8('image-2026-11-01'),
  guestSvn: 0xfffffffe,
  policy: 0x8000_0000_0003_0000n,
};

describe('An ID block', () => {
  it('is made, read and verified, with and without an author key', async () => {
    const [idKey, author] = [await newSigner(), await newSigner()];
    for (const by of [undefined, author]) {
      const { idBlock, idAuth, verified } = await makeIdBlock(block, idKey, by);
      expect([idBlock.length, idAuth.length]).toEqual([96, 4096]);
      expect(verified.block).toEqual(block);
      expect(encodeIdBlock(parseIdBlock(idBlock))).toEqual(idBlock);
      expect(encodeIdAuth(parseIdAuth(idAuth))).toEqual(idAuth);
      expect(verified.idKeyDigest).toEqual(await idKeyDigest(idKey.publicKey));
      expect(verified.authorKeyDigest).toEqual(by && (await idKeyDigest(by.publicKey)));
    }
  });

  it('is refused when any bit of the block was changed', async () => {
    const { idBlock, idAuth } = await makeIdBlock(block, await newSigner());
    for (let at = 0; at < 96; at += 5) {
      const changed = idBlock.slice();
      changed[at]! ^= 1 << (at % 8);
      await expect(verifyIdBlock(changed, idAuth), `byte ${at}`).rejects.toThrow(/^SNP_ID_(SIGNATURE|BLOCK)/);
    }
  });

  it('is refused when any byte of its authentication information was changed', async () => {
    const { idBlock, idAuth } = await makeIdBlock(block, await newSigner(), await newSigner());
    for (let at = 0; at < 4096; at += 37) {
      const changed = idAuth.slice();
      changed[at]! ^= 0x41;
      await expect(verifyIdBlock(idBlock, changed), `byte ${at}`).rejects.toThrow(/^(SNP_ID_|BYTES_|CERT_POINT)/);
    }
  });

  it('does not come out of two halves of different keys', async () => {
    const [one, other] = [await newSigner(), await newSigner()];
    const mixed = { privateKey: one.privateKey, publicKey: other.publicKey };
    await expect(makeIdBlock(block, mixed)).rejects.toThrow('SNP_ID_SIGNATURE at idAuth.blockSignature');
    await expect(makeIdBlock(block, one, mixed)).rejects.toThrow('SNP_ID_SIGNATURE at idAuth.keySignature');
  });
});

describeWithVectors('ID blocks of others', () => {
  interface Pair {
    readonly name: string;
    readonly why: string;
    readonly reason: string;
    readonly id_block: string;
    readonly id_auth: string;
    readonly id_key: string;
    readonly author_key: string | null;
    readonly author_key_enabled?: boolean;
    readonly launch_digest: string;
    readonly digest?: string;
    readonly policy: number;
    readonly policy_hex: string;
    readonly family_id: string;
    readonly image_id: string;
    readonly guest_svn: number;
    readonly id_key_digest: string;
    readonly author_key_digest: string | null;
  }
  const { good, refused } = vectorJson<{ good: Pair[]; refused: Pair[] }>('snp-measurement/id-block.json');

  it.each(good.map((pair) => [pair.name, pair] as const))('verify: %s', async (_, pair) => {
    const launch = { launchDigest: fromHex(pair.launch_digest), policy: BigInt(pair.policy_hex) };
    const verified = await verifyIdBlock(fromBase64(pair.id_block), fromBase64(pair.id_auth), launch);
    expect(toHex(verified.block.familyId)).toBe(pair.family_id);
    expect(toHex(verified.block.imageId)).toBe(pair.image_id);
    expect(verified.block.guestSvn).toBe(pair.guest_svn);
    expect(toHex(verified.idKeyDigest)).toBe(pair.id_key_digest);
    if (verified.authorKeyDigest) expect(toHex(verified.authorKeyDigest)).toBe(pair.author_key_digest);
  });

  it.each(good.map((pair) => [pair.name, pair] as const))(
    'come out the same here but for signatures: %s',
    async (_, pair) => {
      const signer = (path: string): Promise<IdSigner> => signerOf(vectorBytes(`snp-measurement/${path}`));
      const fields = parseIdBlock(fromBase64(pair.id_block));
      const theirs = fromBase64(pair.id_auth);
      const author = parseIdAuth(theirs).author ? await signer(pair.author_key!) : undefined;
      const made = await makeIdBlock(fields, await signer(pair.id_key), author);
      expect(made.idBlock).toEqual(fromBase64(pair.id_block));
      const without = (auth: Uint8Array): Uint8Array =>
        auth
          .slice()
          .fill(0, 0x40, 0x40 + 144)
          .fill(0, 0x680, 0x680 + 144);
      expect(equalBytes(without(made.idAuth), without(theirs))).toBe(true);
    },
  );

  /** Of the reference's reasons, the codes that say the same here. */
  const CODES: Readonly<Record<string, RegExp>> = {
    'idblock.size': /^BYTES_LENGTH at idBlock:/,
    'idblock.version': /^SNP_ID_BLOCK at idBlock\.version:/,
    'idblock.digest': /^SNP_ID_LAUNCH at idBlock\.launchDigest:/,
    'idblock.policy': /^SNP_ID_LAUNCH at idBlock\.policy:/,
    'idauth.size': /^BYTES_LENGTH at idAuth:/,
    'idauth.reserved': /^BYTES_RESERVED at idAuth\./,
    'idauth.algorithm': /^SNP_ID_BLOCK at idAuth\.\w+Algorithm:/,
    'idauth.curve': /^SNP_ID_BLOCK at idAuth\.\w+\.curve:/,
    'idauth.point': /^CERT_POINT at idAuth\./,
    'idauth.range': /^(SNP_ID_BLOCK|BYTES_RESERVED) at idAuth\.\w+\.[rs]/,
    'idauth.noauthor': /^SNP_ID_BLOCK at idAuth\.author:/,
    'idauth.author': /^SNP_ID_BLOCK at idAuth\.author:/,
    'idauth.blocksignature': /^SNP_ID_SIGNATURE at idAuth\.blockSignature:/,
    'idauth.keysignature': /^SNP_ID_SIGNATURE at idAuth\.keySignature:/,
  };
  it.each(refused.map((pair) => [pair.why, pair] as const))('are refused: %s', async (_, pair) => {
    const verified = verifyIdBlock(fromBase64(pair.id_block), fromBase64(pair.id_auth), {
      ...(pair.digest !== undefined && { launchDigest: fromHex(pair.digest) }),
      ...(pair.policy !== undefined && { policy: BigInt(pair.policy) }),
      ...(pair.author_key_enabled !== undefined && { authorKeyEnabled: pair.author_key_enabled }),
    });
    await expect(verified).rejects.toThrow(CODES[pair.reason]);
  });

  it('have the digests that were published', async () => {
    const { id_block } = vectorJson<{
      id_block: { id_key: string; author_key: string; id_key_digest: string; author_key_digest: string };
    }>('snp-measurement/published.json');
    const digestOf = async (path: string): Promise<string> =>
      toHex(await idKeyDigest((await signerOf(vectorBytes(`snp-measurement/${path}`))).publicKey));
    expect(await digestOf(id_block.id_key)).toBe(toHex(fromBase64(id_block.id_key_digest)));
    expect(await digestOf(id_block.author_key)).toBe(toHex(fromBase64(id_block.author_key_digest)));
  });
});
