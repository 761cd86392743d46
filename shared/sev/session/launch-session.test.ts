import { describe, expect, it } from 'vitest';
import { equalBytes, isZero } from '../../bytes/equal.ts';
import { fromHex, toHex } from '../../bytes/text.ts';
import { deriveWrappingKeys } from '../../crypto/kdf.ts';
import { ECDH_P384, sharedSecret } from '../../crypto/ecdh.ts';
import { importMacKey } from '../../crypto/mac.ts';
import { pointToJwk } from '../../crypto/points.ts';
import { verifyEcdsa } from '../../crypto/signatures.ts';
import { subtle, webCryptoRandom } from '../../crypto/subtle.ts';
import { parseLaunchSession } from '../formats/launch-session.ts';
import { parseEcdsaSlotValue, parseSevCert } from '../formats/sev-cert.ts';
import { SimulatedAmdSp } from '../../simulator/amd-sp.ts';
import { randomSequence, trustPlatform } from '../../testing/launch-world.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import { encodeGodh } from './godh.ts';
import {
  isLaunchSession,
  makeLaunchSession,
  resumeLaunchSession,
  sessionId,
  storeLaunchSession,
} from './launch-session.ts';
import { openSessionBlob, sealSessionBlob, sessionFitsPolicy } from './session-blob.ts';

const platform = async () => {
  const amdSp = await SimulatedAmdSp.create();
  return { amdSp, trustedPdh: await trustPlatform(amdSp) };
};

describe('A launch session', () => {
  it.each(['sevctl', 'sev-tool'] as const)('in the form of %s is taken by the AMD-SP', async (godhForm) => {
    const { amdSp, trustedPdh } = await platform();
    const session = await makeLaunchSession({ trustedPdh, policy: 7, random: webCryptoRandom, godhForm });
    const start = { policy: 7, godh: session.godh, session: session.blob };
    await expect(amdSp.launchStart(start)).resolves.toBeGreaterThan(0);
    await expect(amdSp.launchStart({ ...start, policy: 5 })).rejects.toThrow('AMDSP_BAD_MEASUREMENT');
    const other = await SimulatedAmdSp.create();
    await expect(other.launchStart(start)).rejects.toThrow('AMDSP_BAD_MEASUREMENT');
    expect(isLaunchSession(session)).toBe(true);
    expect(isLaunchSession({ ...session })).toBe(false);
  });

  it('is made for a platform that was verified, and for no copy that says so', async () => {
    const { trustedPdh } = await platform();
    const looksGenuine = { ...trustedPdh, simulated: false };
    await expect(makeLaunchSession({ trustedPdh: looksGenuine, policy: 3, random: webCryptoRandom })).rejects.toThrow(
      'MEASURE_NOT_VERIFIED',
    );
  });

  it("has a GODH with both slots unused in sevctl's form, and signed by itself in sev-tool's", async () => {
    const { trustedPdh } = await platform();
    const make = (godhForm: 'sevctl' | 'sev-tool') =>
      makeLaunchSession({ trustedPdh, policy: 3, random: webCryptoRandom, godhForm });
    const plain = parseSevCert((await make('sevctl')).godh);
    expect([plain.usage, plain.apiMajor, plain.apiMinor]).toEqual(['PDH', 0, 0]);
    expect(plain.signatures).toEqual([undefined, undefined]);
    const signed = parseSevCert((await make('sev-tool')).godh);
    const [slot, second] = signed.signatures;
    expect([slot!.usage, slot!.algorithm, second]).toEqual(['PEK', 'ECDSA_SHA256', undefined]);
    const signature = parseEcdsaSlotValue(slot!.value);
    expect(await verifyEcdsa(signed.publicKey, 'SHA-256', signature, signed.signedBody)).toBe(true);
  });

  it('shows its raw keys once, and wipes them', async () => {
    const { trustedPdh } = await platform();
    const [tek, tik] = [webCryptoRandom(16), webCryptoRandom(16)];
    const random = randomSequence(tek, tik, webCryptoRandom(16), webCryptoRandom(16));
    const seen: Uint8Array[] = [];
    const copies: string[] = [];
    await makeLaunchSession({
      trustedPdh,
      policy: 3,
      random,
      rawKeys: async (raw) => {
        await Promise.resolve();
        seen.push(raw.tek, raw.tik);
        copies.push(toHex(raw.tek), toHex(raw.tik));
      },
    });
    expect(copies).toEqual([toHex(tek), toHex(tik)]);
    expect(seen.every(isZero)).toBe(true);
  });

  it('wipes its raw keys also when keeping them fails', async () => {
    const { trustedPdh } = await platform();
    const seen: Uint8Array[] = [];
    const made = makeLaunchSession({
      trustedPdh,
      policy: 3,
      random: webCryptoRandom,
      rawKeys: (raw) => {
        seen.push(raw.tek, raw.tik);
        throw new Error('the disk is full');
      },
    });
    await expect(made).rejects.toThrow('the disk is full');
    expect(seen.every(isZero)).toBe(true);
  });

  it('is never the same twice, and its keys cannot be read', async () => {
    const { trustedPdh } = await platform();
    const make = () => makeLaunchSession({ trustedPdh, policy: 3, random: webCryptoRandom });
    const [a, b] = [await make(), await make()];
    expect(equalBytes(a.godh, b.godh)).toBe(false);
    expect(a.id).not.toBe(b.id);
    for (const key of [a.keys.tek, a.keys.tik]) {
      expect(key.extractable).toBe(false);
      await expect(subtle.exportKey('raw', key)).rejects.toThrow();
    }
  });

  it('is not made for a policy with reserved bits', async () => {
    const { trustedPdh } = await platform();
    const made = makeLaunchSession({ trustedPdh, policy: 0x41, random: webCryptoRandom });
    await expect(made).rejects.toThrow('MEASURE_POLICY');
  });

  it('comes back from its record, with the same id, for its own PDH only', async () => {
    const { amdSp, trustedPdh } = await platform();
    const session = await makeLaunchSession({
      trustedPdh,
      policy: 1,
      random: webCryptoRandom,
      acceptsKeySharing: true,
    });
    const stored = storeLaunchSession(session);
    const back = resumeLaunchSession({ ...stored, trustedPdh, keys: session.keys });
    expect(back).toEqual(session);
    expect(isLaunchSession(back)).toBe(true);
    expect(back.id).toBe(sessionId(stored.blob));

    await amdSp.pdhGen();
    const renewed = await trustPlatform(amdSp);
    const resume = () => resumeLaunchSession({ ...stored, trustedPdh: renewed, keys: session.keys });
    expect(resume).toThrow('MEASURE_SESSION_BLOB at session.pdh');
  });

  it('does not come back from a damaged record', async () => {
    const { trustedPdh } = await platform();
    const session = await makeLaunchSession({ trustedPdh, policy: 3, random: webCryptoRandom });
    const stored = { ...storeLaunchSession(session), trustedPdh, keys: session.keys };
    expect(() => resumeLaunchSession({ ...stored, policy: 0x80 })).toThrow('MEASURE_POLICY');
    expect(() => resumeLaunchSession({ ...stored, blob: stored.blob.slice(1) })).toThrow('BYTES_LENGTH');
    expect(() => resumeLaunchSession({ ...stored, godh: stored.godh.slice(1) })).toThrow('BYTES_LENGTH');
  });
});

type HexFields =
  'pdh' | 'tek' | 'tik' | 'nonce' | 'iv' | 'z' | 'kek' | 'kik' | 'wrap_tk' | 'wrap_mac' | 'policy_mac' | 'session';
interface SessionVectors {
  godh_private: string;
  godh_x: string;
  godh_y: string;
  godh_unsigned_cert: string;
  z_for_rejected: string;
  cases: (Record<HexFields, string> & { policy: number })[];
  rejected: { session: string; policy: number; reason: string; why: string }[];
}

describeWithVectors('The vectors of session.json', () => {
  const vectors = vectorJson<SessionVectors>('session.json');
  const point = { x: fromHex(vectors.godh_x), y: fromHex(vectors.godh_y) };

  it('have our GODH', () => {
    expect(toHex(encodeGodh(point, undefined))).toBe(vectors.godh_unsigned_cert);
  });

  it.each(vectors.cases)('have our session blob for policy $policy and $pdh', async (vector) => {
    const d = btoa(String.fromCharCode(...fromHex(vectors.godh_private)));
    const jwk = { ...pointToJwk(point), d: d.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') };
    const privateKey = await subtle.importKey('jwk', jwk, ECDH_P384, false, ['deriveBits']);
    const z = await sharedSecret(privateKey, parseSevCert(vectorBytes(vector.pdh)).publicKey, 'pdh');
    expect(toHex(z)).toBe(vector.z);

    const wrapping = await deriveWrappingKeys(z, fromHex(vector.nonce));
    expect([toHex(wrapping.kek), toHex(wrapping.kik)]).toEqual([vector.kek, vector.kik]);

    const raw = { tek: fromHex(vector.tek), tik: fromHex(vector.tik) };
    const nonce = fromHex(vector.nonce);
    const parts = { sharedSecret: z, raw, nonce, wrapIv: fromHex(vector.iv), policy: vector.policy };
    const blob = await sealSessionBlob(parts);
    expect(toHex(blob)).toBe(vector.session);
    const parsed = parseLaunchSession(blob);
    expect(toHex(parsed.wrapTk)).toBe(vector.wrap_tk);
    expect(toHex(parsed.wrapMac)).toBe(vector.wrap_mac);
    expect(toHex(parsed.policyMac)).toBe(vector.policy_mac);
    expect(await openSessionBlob(z, blob, vector.policy)).toEqual(raw);

    const tik = await importMacKey(raw.tik);
    expect(await sessionFitsPolicy(blob, tik, vector.policy)).toBe(true);
    expect(await sessionFitsPolicy(blob, tik, vector.policy ^ 2)).toBe(false);
  });

  const places: Record<string, string> = {
    'session.wrapmac': 'MEASURE_SESSION_BLOB at session.wrapMac',
    'session.policymac': 'MEASURE_SESSION_BLOB at session.policyMac',
    'session.size': 'BYTES_LENGTH',
  };

  it.each(vectors.rejected)('are refused: $why', async ({ session, policy, reason }) => {
    const opened = openSessionBlob(fromHex(vectors.z_for_rejected), fromHex(session), policy);
    await expect(opened).rejects.toThrow(places[reason]!);
  });
});
