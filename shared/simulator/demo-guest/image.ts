// The demo guest image: 64 KiB of firmware that tells on its serial console which secrets it found in its memory.
// Assembled from demo-guest.S; a test assembles it again and compares. It is no secret, and the same everywhere.
import { fromBase64 } from '../../bytes/text.ts';

const SIZE = 0x10000;

/** Code and texts, from the image's beginning. */
const BEGINNING = [
  '+vwuZg8BFpABDyDADAEPIsBm6hkA//8IAGa4EACO2I7AjtC8AIAAAOgjAQAAvgAMgQC/pgH//+iUAAAAdQq+ywH//+j7AAAAvgAAgQC/lgH//+h5',
  'AAAAdWKLDRAAgQCD+RRyV4H5AAwAAHdPjakAAIEAvu4B///oxwAAALsUAIEAiegp2IP4FHI4i1MQg/oUcjA5wncs6D0AAACwIOiJAAAAjXMUjRwT',
  'Od5zCKzoSQAAAOv06IUAAADrxr4QAv//6wW+NQL//+h3AAAA+vTr/LkQAAAA86bDvrYB//+sPC10ETwQcxQPtsCKBAPoJgAAAOvq6DMAAADr48M8',
  'IHIIPH53BDxcdSRQsFzoHAAAALB46BUAAABYUMDoBOgDAAAAWCQPBDA8OXYCBCdSUGa6/QPsqCB0+1hmuvgD7lrDvk4C//+shMB0B+je////6/TD',
  'Zrr5AzDA7ma6+wOwgO5muvgDsAHuZkIwwO5muvsDsAPuw420AABmkAAAAAAAAAAA//8AAACbzwD//wAAAJPPABcAeAH//0L1dB7dcWZNlj7vQof/',
  'FzsG1jiUIk/JTLR5p5PUEf0hAwIBAC0FBC0HBi0ICS0KCwwNDg//RGVtbyBndWVzdDoga2VybmVsIGhhc2hlcyBmb3VuZC4NCgBEZW1vIGd1ZXN0',
  'OiBzZWNyZXQgdGFibGUgZm91bmQuDQoARGVtbyBndWVzdDogbm8gc2VjcmV0IHRhYmxlIGZvdW5kLg0KAERlbW8gZ3Vlc3Q6IGVuZCBvZiB0YWJs',
  'ZS4NCgA=',
].join('');

/** The table of GUIDs and the reset vector: the last 128 bytes. */
const END = [
  'AAAAAMwA//8WAN5x9wB+GstPiQ5ox34vtE4ADIEAAAQAABoAHzdVcjs6BEuSex2m76jUVAAAgQAADAAAGgBhsy5Mm33DTICBEnyQ09KUXADegrWW',
  'sh/3Rbrqo2bFWggtAAAAAAAAAAAAAAAAAAAAAOkNAAAAAAAAAAAAAAAAAAA=',
].join('');

/** The usual name of its file. */
export const DEMO_GUEST_IMAGE_NAME = 'demo-guest.fd';

/** @returns 65,536 bytes, to be loaded as pflash unit 0 */
export function demoGuestImage(): Uint8Array {
  const image = new Uint8Array(SIZE);
  image.set(fromBase64(BEGINNING));
  const end = fromBase64(END);
  image.set(end, SIZE - end.length);
  return image;
}
