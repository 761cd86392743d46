// Comparing and turning byte strings.

/** Whether two byte strings are equal; takes the same time wherever they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

export const isZero = (bytes: Uint8Array): boolean => firstNonzero(bytes) < 0;

/** Where the first byte is that is not zero; -1 where all are. A plain loop: certificates are mostly zeros. */
export function firstNonzero(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return i;
  return -1;
}

/** A reversed copy: SEV stores numbers little-endian, WebCrypto wants them big-endian. */
export const reversed = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes).reverse();
