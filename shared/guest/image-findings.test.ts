import { describe, expect, it } from 'vitest';
import { concat } from '../bytes/writer.ts';
import { parseGuestImage } from './guest-image.ts';
import { area, entry, FILES, HASHES, image, le, RESET, SECRET, VARIABLES, volume } from '../testing/guest-images.ts';
import { advertisingImage, amdSevImage } from '../testing/firmware-images.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../testing/vectors.ts';
import { imageFindings, requireImageFits } from './image-findings.ts';

describe('A guest image', () => {
  const reset = entry(RESET, le(5));

  it.each([
    [image([reset], volume(FILES)), 'IMAGE_CODE', 'warning'],
    [image([reset], volume(VARIABLES)), 'IMAGE_WHOLE', 'warning'],
    [concat(volume(VARIABLES), new Uint8Array(500)), 'IMAGE_VARS', 'refused'],
    // Areas in its table make no image one for SEV.
    [image([area(SECRET, 1, 64)], volume(VARIABLES)), 'IMAGE_WHOLE', 'warning'],
    [amdSevImage(), 'IMAGE_AMD_SEV', 'ok'],
    [advertisingImage(), 'IMAGE_CODE', 'warning'],
    [new Uint8Array(500), 'IMAGE_UNKNOWN', 'warning'],
  ])('is called what it is: %#', (bytes, code, severity) => {
    const findings = imageFindings(parseGuestImage(bytes), { kernelHashes: false, es: false, secret: false });
    expect(findings.map((finding) => [finding.code, finding.severity])).toEqual([[code, severity]]);
  });

  it('that cannot be read is refused where a kernel or registers are to be measured, and only there', () => {
    const asked = (kernelHashes: boolean, es: boolean) =>
      imageFindings(undefined, { kernelHashes, es, secret: true }).map(({ code, severity }) => `${severity} ${code}`);
    expect(asked(false, false)).toEqual(['warning IMAGE_UNREAD']);
    expect(asked(true, false)).toEqual(['warning IMAGE_UNREAD', 'refused MEASURE_IMAGE']);
    expect(asked(false, true)).toEqual(['warning IMAGE_UNREAD', 'refused MEASURE_IMAGE']);
    expect(asked(true, true)).toHaveLength(3);
  });

  it('is refused where it cannot do what is asked, and only there', () => {
    const wants = { kernelHashes: false, es: false, secret: false };
    const plain = parseGuestImage(image([]));
    const able = parseGuestImage(amdSevImage());
    const advertising = parseGuestImage(image([reset, area(HASHES, 1, 176), area(SECRET, 1, 64)]));
    expect(() => requireImageFits(advertising, { ...wants, kernelHashes: true })).toThrow('cannot be read');
    expect(() => requireImageFits(plain, { ...wants, kernelHashes: true })).toThrow('kernel hashes');
    expect(() => requireImageFits(plain, { ...wants, es: true })).toThrow('SEV-ES');
    expect(() => requireImageFits(plain, { ...wants, secret: true })).not.toThrow();
    expect(() => requireImageFits(able, { kernelHashes: true, es: true, secret: true })).not.toThrow();
    const codes = (image: typeof plain) => imageFindings(image, { ...wants, secret: true }).map(({ code }) => code);
    expect(codes(plain)).toContain('IMAGE_NO_SECRET_AREA');
    expect(codes(able)).not.toContain('IMAGE_NO_SECRET_AREA');
    const vars = parseGuestImage(concat(volume(VARIABLES), new Uint8Array(500)));
    expect(() => requireImageFits(vars, wants)).toThrow('VARS file');
  });
});

interface Refused {
  rejected: { firmware?: string; kernel?: string; reason: string }[];
}

describeWithVectors('The refusals of measurement-sev.json', () => {
  const refused = vectorJson<Refused>('measurement-sev.json').rejected.filter(({ firmware }) => firmware !== undefined);
  it.each(refused)('$firmware is refused: $reason', ({ firmware }) => {
    const parsed = parseGuestImage(vectorBytes(firmware!));
    const wants = { kernelHashes: true, es: false, secret: false };
    expect(() => requireImageFits(parsed, wants)).toThrow('MEASURE_IMAGE at guestImage');
  });
});
