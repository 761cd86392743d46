// Bytewords, minimal style (BCR-2020-012): two letters a byte, then the CRC-32 of the body, big-endian.
import { concat } from '../bytes/writer.ts';
import { crc32 } from '../bytes/crc32.ts';
import { SevError } from '../errors.ts';

/** First and last letter of each of the 256 words, in the order of their values. */
const PAIRS =
  'AEADAOAXAAAHAMATAYASBKBDBNBTBABSBEBYBGBWBBBZCMCHCSCFCYCWCECACKCTCXCLCPCNDKDADSDI' +
  'DEDTDRDNDWDPDMDLDYEHEYEOEEECENEMETESFTFRFNFSFMFHFZFPFWFXFYFEFGFLFDGAGEGRGSGTGLGW' +
  'GDGYGMGUGHGOHFHGHDHKHTHPHHHLHYHEHNHSIDIAIEIHIYIOISINIMJEJZJNJTJLJOJSJPJKJYKPKOKT' +
  'KSKKKNKGKEKIKBLBLALYLFLSLRLPLNLTLOLDLELULKLGMNMYMHMEMOMUMWMDMTMSMKNLNYNDNSNTNNNE' +
  'NBOYOEOTOXONOLOSPDPTPKPYPSPMPLPEPFPAPRQDQZRERPRLRORHRDRKRFRYRNRSRTSESASRSSSKSWST' +
  'SPSOSGSBSFSNTOTKTITTTDTETYTLTBTSTPTATNUYUOUTUEURVTVYVOVLVEVWVAVDVSWLWDWMWPWEWYWS' +
  'WTWNWZWFWKYKYNYLYAYTZSZOZTZCZEZM';

// The two letters of a pair, packed into one number, → the byte's value; -1 where no word has them.
const VALUES = new Int16Array(26 * 26).fill(-1);
for (let byte = 0; byte < 256; byte++) VALUES[pairAt(PAIRS, 2 * byte)] = byte;

function pairAt(text: string, index: number): number {
  return (text.charCodeAt(index) - 65) * 26 + (text.charCodeAt(index + 1) - 65);
}

const checksumOf = (body: Uint8Array): Uint8Array => {
  const checksum = new Uint8Array(4);
  new DataView(checksum.buffer).setUint32(0, crc32(body));
  return checksum;
};

/** Upper-case letters, so that a QR code can hold them in its alphanumeric mode. */
export const encodeBytewords = (body: Uint8Array): string =>
  Array.from(concat(body, checksumOf(body)), (byte) => PAIRS.slice(2 * byte, 2 * byte + 2)).join('');

/**
 * Reads upper-case bytewords; the caller has bounded their length.
 * @throws SevError BYTES_ENCODING when a pair is no word, BYTES_CHECKSUM when the text was misread
 */
export function decodeBytewords(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[A-Z]{10,}$/.test(text)) return refuse();
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const value = VALUES[pairAt(text, 2 * i)]!;
    if (value < 0) return refuse();
    bytes[i] = value;
  }
  const body = bytes.slice(0, -4);
  if (crc32(body) !== new DataView(bytes.buffer).getUint32(body.length)) throw new SevError('BYTES_CHECKSUM');
  return body;
}

function refuse(): never {
  throw new SevError('BYTES_ENCODING', { sentence: 'The letters of this code are not bytewords.' });
}
