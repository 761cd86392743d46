import { expect, it } from 'vitest';
import { ascii, fromHex, toHex } from '../bytes/text.ts';
import { describeWithVectors, vectorJson } from '../testing/vectors.ts';
import { vectorPlatform } from '../testing/vector-platform.ts';
import { SimulatedAmdSp } from './amd-sp.ts';
import { kdf, openSession } from './transport-keys.ts';

interface SessionVectors {
  readonly godh_unsigned_cert: string;
  readonly kdf: readonly {
    readonly key: string;
    readonly label: string;
    readonly context: string;
    readonly size: number;
    readonly out: string;
  }[];
  readonly cases: readonly {
    readonly pdh: string;
    readonly policy: number;
    readonly z: string;
    readonly session: string;
    readonly tek: string;
    readonly tik: string;
  }[];
  readonly z_for_rejected: string;
  readonly rejected: readonly { readonly session: string; readonly policy: number; readonly why: string }[];
  readonly reserved_policies: readonly number[];
}

describeWithVectors('The AMD-SP opens a session', () => {
  const vectors = vectorJson<SessionVectors>('session.json');

  it.each(vectors.kdf)('deriving $size bytes for $label', ({ key, label, context, size, out }) => {
    expect(toHex(kdf(fromHex(key), label, fromHex(context), size))).toBe(out);
  });

  it.each(vectors.cases)('for policy $policy and $pdh', async ({ z, session, policy, tek, tik }) => {
    const keys = await openSession(fromHex(z), fromHex(session), policy);
    expect([toHex(keys.tek), toHex(keys.tik)]).toEqual([tek, tik]);
  });

  it.each(vectors.rejected)('and refuses it: $why', async ({ session, policy, why }) => {
    const status = why === '127 bytes' ? 0x04 : 0x0b;
    const opened = openSession(fromHex(vectors.z_for_rejected), fromHex(session), policy);
    await expect(opened).rejects.toMatchObject({ status });
  });

  it('from LAUNCH_START on, with its own PDH key', async () => {
    const platform = await vectorPlatform({ apiMajor: 1, apiMinor: 55 });
    const godh = fromHex(vectors.godh_unsigned_cert);
    const own = vectors.cases.filter(({ pdh }) => pdh === 'sim/pdh.cert');
    expect(own.length).toBeGreaterThan(3);
    for (const { policy, session } of own) {
      const wanted = { policy, godh, session: fromHex(session) };
      const leastApi = ((policy >>> 16) & 0xff) * 256 + (policy >>> 24);
      if (leastApi <= 256 + 55) expect(await platform.launchStart(wanted)).toBeGreaterThan(0);
      else await expect(platform.launchStart(wanted)).rejects.toMatchObject({ status: 0x07 });
    }
  });

  it('and refuses one that was made for another PDH, by BAD_MEASUREMENT', async () => {
    const platform = await vectorPlatform();
    const { policy, session } = vectors.cases.find(({ pdh }) => pdh === 'certs/naples/pdh.cert')!;
    const godh = fromHex(vectors.godh_unsigned_cert);
    await expect(platform.launchStart({ policy, godh, session: fromHex(session) })).rejects.toMatchObject({
      code: 'AMDSP_BAD_MEASUREMENT',
    });
  });

  it.each(vectors.reserved_policies)('never for policy %i, which has reserved bits', async (policy) => {
    const platform = await SimulatedAmdSp.create();
    await expect(platform.launchStart({ policy })).rejects.toMatchObject({ status: 0x07 });
  });
});

it('derives another key for every label and context', () => {
  const key = ascii('0123456789abcdef');
  const keys = [kdf(key, 'a', ascii(''), 16), kdf(key, 'b', ascii(''), 16), kdf(key, 'a', ascii('c'), 16)].map(toHex);
  expect(new Set(keys).size).toBe(3);
});
