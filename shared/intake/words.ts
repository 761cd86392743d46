// What is said of what is nothing known here.

/** Sizes that things have which are pasted most. */
const SIZES: readonly (readonly [size: number, what: string])[] = [
  [48, 'a launch measurement has 48 (32 of measure, 16 of nonce)'],
  [128, 'a session blob has 128'],
  [208, 'an attestation report has 208'],
  [2084, 'a certificate such as the GODH has 2084'],
];
/** So far from a known size a text was most likely cut or grew on its way. */
const NEAR = 4;

export function unknownSize({
  encoding,
  length,
}: {
  readonly encoding: 'hex' | 'base64' | undefined;
  readonly length: number;
}): string {
  const near = SIZES.find(([size]) => size !== length && Math.abs(size - length) <= NEAR)?.[1];
  const what = encoding === undefined ? `It has ${length} bytes` : `It is ${length} bytes in ${encoding}`;
  return near === undefined ? `${what}.` : `${what}; ${near}.`;
}
