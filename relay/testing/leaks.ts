// For tests: finds a secret in what was recorded, in whatever encoding it may have slipped out.
import { Buffer } from 'node:buffer';

/** How a byte string could look in a log, a frame or a file. Base64 depends on where the secret stood among others. */
export function guisesOf(secret: Uint8Array): ReadonlyMap<string, Buffer> {
  const bytes = Buffer.from(secret);
  const guises = new Map<string, Buffer>([
    ['raw', bytes],
    ['reversed', Buffer.from(bytes).reverse()],
    ['JSON array', Buffer.from(bytes.join(','))],
    ['percent', Buffer.from([...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''))],
    ['hex with colons', Buffer.from(bytes.toString('hex').match(/../g)!.join(':'))],
    ['UTF-16', Buffer.from(bytes.toString('latin1'), 'utf16le')],
  ]);
  for (const [order, source] of [
    ['', bytes],
    [' reversed', Buffer.from(bytes).reverse()],
  ] as const) {
    guises.set(`hex${order}`, Buffer.from(source.toString('hex')));
    guises.set(`HEX${order}`, Buffer.from(source.toString('hex').toUpperCase()));
    for (const shift of [0, 1, 2]) {
      // Characters that depend on the neighbours are cut away at both ends.
      const text = Buffer.concat([Buffer.alloc(shift), source])
        .toString('base64')
        .replaceAll('=', '');
      const inner = text.slice(shift === 0 ? 0 : shift + 1, -1);
      guises.set(`base64${order} at ${shift}`, Buffer.from(inner));
      const forUrls = inner.replaceAll('+', '-').replaceAll('/', '_');
      // Where the two are the same, one finding says it.
      if (forUrls !== inner) guises.set(`base64url${order} at ${shift}`, Buffer.from(forUrls));
    }
  }
  return guises;
}

/** Where and how any of the secrets shows: `NAME as GUISE in PLACE`. Empty when nothing leaked. */
export function findLeaks(
  secrets: Readonly<Record<string, Uint8Array>>,
  recorded: Readonly<Record<string, Uint8Array>>,
): string[] {
  const leaks: string[] = [];
  for (const [name, secret] of Object.entries(secrets)) {
    for (const [guise, needle] of guisesOf(secret)) {
      for (const [place, bytes] of Object.entries(recorded)) {
        if (Buffer.from(bytes).includes(needle)) leaks.push(`${name} as ${guise} in ${place}`);
      }
    }
  }
  return leaks;
}
