import { describe, expect, it } from 'vitest';
import { toHex } from '../../../../shared/bytes/text.ts';
import { SevError } from '../../../../shared/errors.ts';
import { Sha256Stream } from '../../../../shared/crypto/sha256-stream.ts';
import type { GuestImage } from '../../../../shared/guest/guest-image.ts';
import type { ImageRecord } from '../../../library/reference-record.ts';
import { expectationOf, FIRST_CPU, type Plan, planFindings, planIsWhole } from './plan.ts';
import { carriedPlan, claimsOf, confirmParts } from './plan-origins.ts';

const EMPTY = new Sha256Stream();
const file = { name: 'vmlinuz', size: 1, sha256: '0'.repeat(64) };
const own = { image: 'typed-here', policy: 'typed-here', cpus: 'typed-here' } as const;
const plain: Plan = { policy: 0x3, acceptsKeySharing: false, cpu: FIRST_CPU, origins: own };
const withKernel: Plan = {
  ...plain,
  kernel: { kernel: file, cmdline: '' },
  origins: { ...own, kernel: 'hashed-here', cmdline: 'typed-here' },
};
const said: GuestImage = { size: 1, kind: 'amd-sev', entries: [], resetEip: 4 };
const area = { base: 0x810c00, size: 0x400 };
const coded = (kernelHashes: 'found' | 'missing' | 'unreadable' | 'demo'): GuestImage => ({
  ...said,
  hashArea: area,
  code: { kernelHashes, secrets: kernelHashes },
});

/** @param guestImage undefined for one that cannot be read */
const recordOf = (guestImage: GuestImage | undefined, rest: Partial<ImageRecord> = {}): ImageRecord => ({
  ...{ ...file, id: 'guest-image', role: 'guest-image', addedAt: 1, midstate: EMPTY.midstate() },
  ...{ sha256: toHex(EMPTY.digest()), size: 0, origin: 'hashed-here' },
  ...(guestImage && { guestImage }),
  ...rest,
});

describe('A plan', () => {
  it.each([
    ['that checks a kernel', coded('found'), true],
    ['that only advertises it', coded('missing'), false],
    ['whose code cannot be read', coded('unreadable'), false],
    ['whose code was not looked into', { ...said, hashArea: area }, false],
    ['of the simulator, for a genuine platform', coded('demo'), false],
    ['that checks none', said, false],
  ])('of a guest image %s', (_, guestImage, takesKernel) => {
    const record = recordOf(guestImage);
    expect([planIsWhole(plain, record, false), planIsWhole(withKernel, record, false)]).toEqual([true, takesKernel]);
  });

  it('says that an image cannot be read', () => {
    const codes = planFindings(plain, recordOf(undefined), false).map(({ code }) => code);
    expect(codes).toEqual(['IMAGE_UNREAD']);
  });

  it('wastes no session on SEV-ES with an image that cannot be read', () => {
    const es = { ...plain, policy: 0x7 };
    const unread = { ...es, acceptsUnread: true };
    expect([planIsWhole(es, recordOf(said), false), planIsWhole(unread, recordOf(undefined), false)]).toEqual([
      true,
      false,
    ]);
  });

  it('with pages from files is whole with a page for every CPU that there is', () => {
    const es = { ...plain, policy: 0x7 };
    const [boot, others] = ['a', 'b'].map((name) => ({ name, page: new Uint8Array(4096) })) as [Page, Page];
    const record = recordOf(said);
    const whole = (vcpus: number, pages: Pages) =>
      planIsWhole({ ...es, cpu: { ...FIRST_CPU, vcpus, pages } }, record, false);
    expect([
      whole(1, {}),
      whole(1, { boot }),
      whole(2, { boot }),
      whole(2, { others }),
      whole(2, { boot, others }),
    ]).toEqual([false, true, false, false, true]);
    expect(planIsWhole({ ...plain, cpu: { ...FIRST_CPU, pages: {} } }, record, false)).toBe(true);
  });
});

describe('Where the values of a plan came from', () => {
  const record = recordOf(coded('found'));
  const decides = (plan: Plan, image: ImageRecord) =>
    expectationOf(plan, image).then(
      ({ guestImage, vouched }) => ({ read: guestImage !== undefined, vouched }),
      (error: unknown) => (error instanceof SevError ? `${error.code} ${error.at}` : error),
    );

  it('is the owner: it makes an expectation', async () => {
    expect(await decides(withKernel, record)).toEqual({ read: true, vouched: false });
  });

  it.each(['image', 'policy', 'kernel', 'cmdline'] as const)('is a claim for the %s: there is none', async (part) => {
    for (const by of ['host', 'code', 'file', 'backup', 'earlier-version'] as const) {
      const plan: Plan = { ...withKernel, origins: { ...withKernel.origins, [part]: `claimed:${by}` } };
      expect(claimsOf(plan, record)).toEqual([part]);
      expect(planIsWhole(plan, record, false)).toBe(false);
      expect(await decides(plan, record)).toBe(`MEASURE_CLAIMED ${part}`);
      const confirmed = confirmParts(plan, [part]);
      expect(confirmed.origins?.[part]).toBe(`confirmed:${by}`);
      expect(await decides(confirmed, record)).toMatchObject({ read: true });
    }
  });

  it('is unknown in a record of an earlier version: all of it is a claim, and nothing is lost', async () => {
    const { origins: _, ...older } = withKernel;
    const { origin: __, ...olderImage } = record;
    expect(claimsOf(older, olderImage)).toEqual(['image', 'policy', 'kernel', 'cmdline']);
    const confirmed = confirmParts(older, claimsOf(older, olderImage));
    expect(claimsOf(confirmed, olderImage)).toEqual(['image']);
    expect(await decides(confirmed, { ...olderImage, origin: 'confirmed:earlier-version' })).toMatchObject({
      read: false,
    });
  });

  it('is a code for the image: what the code says it can do is left out of account, confirmed or not', async () => {
    const claimed = recordOf(coded('found'), { origin: 'confirmed:code', vouchedAt: 1 });
    expect(await decides(withKernel, claimed)).toEqual({ read: false, vouched: false });
    expect(planIsWhole({ ...withKernel, acceptsUnread: true }, claimed, false)).toBe(false);
    expect([
      planIsWhole(plain, claimed, false),
      planIsWhole({ ...plain, acceptsUnread: true }, claimed, false),
    ]).toEqual([false, true]);
  });

  it('is a backup for a plan that came with one', () => {
    expect(carriedPlan(withKernel, 'backup').origins).toEqual({
      ...{ image: 'claimed:backup', policy: 'claimed:backup', kernel: 'claimed:backup', cmdline: 'claimed:backup' },
    });
  });
});

type Pages = NonNullable<Plan['cpu']['pages']>;
type Page = NonNullable<Pages['boot']>;
