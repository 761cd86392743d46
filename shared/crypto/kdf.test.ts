import { expect, it } from 'vitest';
import { fromHex, toHex } from '../bytes/text.ts';
import { describeWithVectors, vectorJson } from '../testing/vectors.ts';
import { deriveKey } from './kdf.ts';

interface KdfVector {
  readonly key: string;
  readonly label: string;
  readonly context: string;
  readonly size: number;
  readonly out: string;
}

describeWithVectors('The key derivation of session.json', () => {
  const { kdf } = vectorJson<{ readonly kdf: readonly KdfVector[] }>('session.json');

  it.each(kdf)('gives $size bytes for $label', async ({ key, label, context, size, out }) => {
    expect(toHex(await deriveKey(fromHex(key), label, fromHex(context), size))).toBe(out);
  });
});
