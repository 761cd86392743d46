import { describe, expect, it } from 'vitest';
import { toHex } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { sha256Sync } from '../crypto/sha256-stream.ts';
import { demoGuestImage } from '../simulator/demo-guest/image.ts';
import {
  advertisingImage,
  amdSevImage,
  firmwareFile,
  firmwareVolume,
  guidedSection,
  HASH_ENTRY_GUIDS,
  imageWithAreas,
  LZMA_GUID,
  packedVolume,
  program,
  sealedImage,
  section,
  SECRET_TABLE_GUID,
} from '../testing/firmware-images.ts';
import { DEMO_GUEST_IMAGE_SHA256, firmwareCodeOf } from './firmware-code.ts';
import { parseGuestImage } from './guest-image.ts';
import { imageFindings, imageVerdict } from './image-findings.ts';

describe('the code of a guest image', () => {
  it.each([
    ['with the code packed as OVMF packs it', amdSevImage(), 'found', 'found'],
    ['that only advertises', advertisingImage(), 'missing', 'missing'],
    ['packed in a way that is not known here', sealedImage(), 'unreadable', 'unreadable'],
    ['without any volume', imageWithAreas(new Uint8Array(4096)), 'unreadable', 'unreadable'],
    ['that keeps no secret table', imageWithAreas(packedVolume(program(...HASH_ENTRY_GUIDS))), 'found', 'missing'],
    [
      'whose GUIDs are spread over three programs',
      imageWithAreas(packedVolume(...HASH_ENTRY_GUIDS.map((guid) => program(guid)))),
      'missing',
      'missing',
    ],
    [
      'whose GUIDs lie beside the programs, in what is no code',
      imageWithAreas(concat(packedVolume(program()), program(...HASH_ENTRY_GUIDS, SECRET_TABLE_GUID))),
      'missing',
      'missing',
    ],
    [
      'whose packed part is damaged',
      imageWithAreas(
        firmwareVolume(
          firmwareFile(7, section(0x10, program())),
          firmwareFile(11, guidedSection(LZMA_GUID, new Uint8Array(100).fill(0x5d))),
        ),
      ),
      'unreadable',
      'unreadable',
    ],
  ] as const)('%s', (_, bytes, kernelHashes, secrets) => {
    expect(firmwareCodeOf(bytes)).toEqual({ kernelHashes, secrets });
  });

  it('is known of the demo guest image by its hash alone, and one changed bit makes it unknown', () => {
    expect(toHex(sha256Sync(demoGuestImage()))).toBe(DEMO_GUEST_IMAGE_SHA256);
    expect(firmwareCodeOf(demoGuestImage()).kernelHashes).toBe('demo');
    const changed = demoGuestImage();
    changed[0x400]! ^= 1;
    expect(firmwareCodeOf(changed).kernelHashes).toBe('unreadable');
  });

  it('makes the demo guest image fit for a simulated platform, and for no other, whoever vouches', () => {
    const demo = parseGuestImage(demoGuestImage());
    expect(imageVerdict(demo, 'kernelHashes', { simulated: true })).toBe('demo');
    expect(imageVerdict(demo, 'kernelHashes', { vouched: true })).toBe('advertises-only');
    const codes = imageFindings(demo, { kernelHashes: true, es: false, secret: true }, { vouched: true });
    expect(codes.map(({ severity }) => severity)).toContain('refused');
  });

  it('decides what an image is called: areas in a table make no image one for SEV', () => {
    expect(parseGuestImage(amdSevImage()).kind).toBe('amd-sev');
    expect(parseGuestImage(advertisingImage()).kind).toBe('code');
  });

  it.each([
    ['amd-sev', amdSevImage(), {}, 'looks-right', undefined],
    ['generic', advertisingImage(), {}, 'advertises-only', 'MEASURE_IMAGE'],
    ['sealed', sealedImage(), {}, 'cannot-be-read', 'MEASURE_IMAGE'],
    ['generic that the owner vouches for', advertisingImage(), { vouched: true }, 'proven-by-you', undefined],
    ['sealed that the owner vouches for', sealedImage(), { vouched: true }, 'proven-by-you', undefined],
  ] as const)('leads to a verdict for a kernel: %s', (_, bytes, trust, verdict, refused) => {
    const image = parseGuestImage(bytes);
    expect(imageVerdict(image, 'kernelHashes', trust)).toBe(verdict);
    const findings = imageFindings(image, { kernelHashes: true, es: true, secret: true }, trust);
    expect(findings.find(({ severity }) => severity === 'refused')?.code).toBe(refused);
  });

  it('never throws, whatever one byte of an image is', () => {
    const bytes = amdSevImage();
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = bytes.slice();
      changed[at]! ^= 0xff;
      expect(() => firmwareCodeOf(changed)).not.toThrow();
    }
  });

  it('is looked for within bounds in a volume that unpacks to more than there is', () => {
    // 64 sections that each claim 40 MiB: only what comes out counts, and damage ends the unpacking.
    const bomb = concat(Uint8Array.of(0x5d, 0, 0, 1, 0, 0, 0, 0x80, 2, 0, 0, 0, 0), new Uint8Array(400));
    const files = Array.from({ length: 64 }, () => firmwareFile(11, guidedSection(LZMA_GUID, bomb)));
    expect(firmwareCodeOf(imageWithAreas(firmwareVolume(...files))).kernelHashes).toBe('unreadable');
  });
});
