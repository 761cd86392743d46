import { describe, expect, it } from 'vitest';
import { Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import { guestImageOf } from '../../shared/formats/guest-image.ts';
import { area, HASHES, image, unreadableImage } from '../../shared/testing/guest-images.ts';
import type { ImageRecord } from '../library/reference-record.ts';
import { FIRST_CPU, type Plan, planFindings, planIsWhole } from './plan.ts';

const file = { name: 'vmlinuz', size: 1, sha256: '0'.repeat(64) };
const plain: Plan = { policy: 0x3, acceptsKeySharing: false, cpu: FIRST_CPU };
const withKernel: Plan = { ...plain, kernel: { kernel: file, cmdline: '' } };

function recordOf(bytes: Uint8Array): ImageRecord {
  const midstate = new Sha256Stream().update(bytes).midstate();
  const guestImage = guestImageOf({ head: bytes, tail: bytes, size: bytes.length });
  const said = { ...file, id: 'guest-image', role: 'guest-image' as const, addedAt: 1 };
  return { ...said, midstate, ...(guestImage && { guestImage }) };
}

describe('A plan', () => {
  it.each([
    ['that checks a kernel', image([area(HASHES, 0x810c00, 0x400)]), true],
    ['that checks none', image([]), false],
    ['that cannot be read', unreadableImage(), false],
  ])('of a guest image %s', (_, bytes, takesKernel) => {
    const record = recordOf(bytes);
    expect([planIsWhole(plain, record), planIsWhole(withKernel, record)]).toEqual([true, takesKernel]);
  });

  it('says that an image cannot be read', () => {
    const codes = planFindings(plain, recordOf(unreadableImage())).map(({ code }) => code);
    expect(codes).toEqual(['IMAGE_UNREAD']);
  });

  it('with pages from files is whole with a page for every CPU that there is', () => {
    const es = { ...plain, policy: 0x7 };
    const [boot, others] = ['a', 'b'].map((name) => ({ name, page: new Uint8Array(4096) })) as [Page, Page];
    const record = {
      ...recordOf(image([])),
      guestImage: { size: 1, kind: 'amd-sev', entries: [], resetEip: 4 },
    } as const;
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
