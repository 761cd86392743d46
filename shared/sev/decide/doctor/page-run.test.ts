import { describe, expect, it } from 'vitest';
import { writeState } from '../../../crypto/sha256-block.ts';
import { Sha256Stream } from '../../../crypto/sha256-stream.ts';
import { webCryptoRandom } from '../../../crypto/subtle.ts';
import { launchDigestOf } from '../../verify/launch-digest.ts';
import { pageRun } from './page-run.ts';

const bytesOf = (words: Int32Array) => {
  const bytes = new Uint8Array(32);
  writeState(words, bytes);
  return bytes;
};

describe('A run over the numbers of vCPUs', () => {
  // 176 bytes are the kernel hashes, behind which pages no longer begin where blocks do.
  it.each([0, 64, 176, 63, 57])('has the digest of each, %d bytes behind a block', (held) => {
    const [boot, others] = [webCryptoRandom(4096), webCryptoRandom(4096)];
    const guestImage = new Sha256Stream().update(webCryptoRandom(4096 + held)).midstate();
    const run = [...pageRun(guestImage, boot, others, 7)];
    expect(run.map(({ vcpus }) => vcpus)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const { vcpus, digest } of run) {
      expect(bytesOf(digest)).toEqual(launchDigestOf({ guestImage, vmsas: { boot, others, vcpus } }));
    }
  });

  it('ends with the boot CPU where nothing says how the others start', () => {
    const guestImage = new Sha256Stream().midstate();
    expect([...pageRun(guestImage, new Uint8Array(4096), undefined, 512)]).toHaveLength(1);
  });
});
