import { describe, expect, it } from 'vitest';
import { Sha256Stream } from '../../../../shared/crypto/sha256-stream.ts';
import type { GuestImage } from '../../../../shared/guest/guest-image.ts';
import type { ImageRecord } from '../../../library/reference-record.ts';
import { FIRST_CPU, type Plan, planFindings, planIsWhole } from './plan.ts';

const file = { name: 'vmlinuz', size: 1, sha256: '0'.repeat(64) };
const plain: Plan = { policy: 0x3, acceptsKeySharing: false, cpu: FIRST_CPU };
const withKernel: Plan = { ...plain, kernel: { kernel: file, cmdline: '' } };
const said: GuestImage = { size: 1, kind: 'amd-sev', entries: [], resetEip: 4 };

/** @param guestImage undefined for one that cannot be read */
const recordOf = (guestImage: GuestImage | undefined): ImageRecord => ({
  ...{ ...file, id: 'guest-image', role: 'guest-image', addedAt: 1, midstate: new Sha256Stream().midstate() },
  ...(guestImage && { guestImage }),
});

describe('A plan', () => {
  it.each([
    ['that checks a kernel', { ...said, hashArea: { base: 0x810c00, size: 0x400 } }, true],
    ['that checks none', said, false],
    ['that cannot be read', undefined, false],
  ])('of a guest image %s', (_, guestImage, takesKernel) => {
    const record = recordOf(guestImage);
    expect([planIsWhole(plain, record), planIsWhole(withKernel, record)]).toEqual([true, takesKernel]);
  });

  it('says that an image cannot be read', () => {
    const codes = planFindings(plain, recordOf(undefined)).map(({ code }) => code);
    expect(codes).toEqual(['IMAGE_UNREAD']);
  });

  it('wastes no session on SEV-ES with an image that cannot be read', () => {
    const es = { ...plain, policy: 0x7 };
    expect([planIsWhole(es, recordOf(said)), planIsWhole(es, recordOf(undefined))]).toEqual([true, false]);
  });

  it('with pages from files is whole with a page for every CPU that there is', () => {
    const es = { ...plain, policy: 0x7 };
    const [boot, others] = ['a', 'b'].map((name) => ({ name, page: new Uint8Array(4096) })) as [Page, Page];
    const record = recordOf(said);
    const whole = (vcpus: number, pages: Pages) => planIsWhole({ ...es, cpu: { ...FIRST_CPU, vcpus, pages } }, record);
    expect([
      whole(1, {}),
      whole(1, { boot }),
      whole(2, { boot }),
      whole(2, { others }),
      whole(2, { boot, others }),
    ]).toEqual([false, true, false, false, true]);
    expect(planIsWhole({ ...plain, cpu: { ...FIRST_CPU, pages: {} } }, record)).toBe(true);
  });
});

type Pages = NonNullable<Plan['cpu']['pages']>;
type Page = NonNullable<Pages['boot']>;
