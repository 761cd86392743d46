// What the practice host offers to start: the demo guest image, and once a changed one under the name of the right one.
import { toHex } from '../../../shared/bytes/text.ts';
import { sha256 } from '../../../shared/crypto/subtle.ts';
import type { Profile } from '../../../shared/relay-protocol.ts';
import { DEMO_GUEST_IMAGE_NAME, demoGuestImage } from '../../../shared/simulator/demo-guest/image.ts';

/** QEMU's name of the guests' CPU, and its CPUID leaf 1 EAX: family 23, model 1, stepping 2. */
const CPU_MODEL = 'EPYC';
export const CPU_SIGNATURE = 0x00800f12;

interface Offer extends Pick<Profile, 'name' | 'sevEs'> {
  /** What is really loaded, whatever the profile says. */
  readonly image: () => Uint8Array;
}

const OFFERS: readonly Offer[] = [
  { name: 'demo', sevEs: true, image: demoGuestImage },
  { name: 'demo-plain', sevEs: false, image: demoGuestImage },
  { name: 'demo-lie', sevEs: true, image: changedImage },
];

/** The demo guest image with one bit turned over. */
export function changedImage(): Uint8Array {
  const image = demoGuestImage();
  image[0x400]! ^= 1;
  return image;
}

/** The image that a profile loads. */
export const imageOf = (profile: string): Uint8Array | undefined =>
  OFFERS.find(({ name }) => name === profile)?.image();

/** What the host says of its profiles: each promises the demo guest image. */
export async function describeProfiles(): Promise<readonly Profile[]> {
  const image = demoGuestImage();
  const firmware = { name: DEMO_GUEST_IMAGE_NAME, size: image.length, sha256: toHex(await sha256(image)) };
  return OFFERS.map(({ name, sevEs }) => ({ name, firmware, cpus: 1, cpuModel: CPU_MODEL, sevEs }));
}
