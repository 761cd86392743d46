// Base64 as GLib decodes it for QEMU: what is no base64 character is skipped, and an unfinished group is dropped.
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @returns what could be decoded; nothing at all stands for a failure */
export function decodeAsGlib(text: string): Uint8Array {
  const digits = [...text].filter((char) => char === '=' || ALPHABET.includes(char));
  const bytes: number[] = [];
  for (let i = 0; i + 4 <= digits.length; i += 4) {
    const group = digits.slice(i, i + 4);
    const bits = group.reduce((sum, char) => (sum << 6) | Math.max(0, ALPHABET.indexOf(char)), 0);
    const padding = group[2] === '=' ? 2 : group[3] === '=' ? 1 : 0;
    bytes.push(...[bits >>> 16, bits >>> 8, bits].slice(0, 3 - padding).map((byte) => byte & 0xff));
  }
  return Uint8Array.from(bytes);
}
