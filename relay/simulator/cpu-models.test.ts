import { expect, it } from 'vitest';
import { describeWithVectors, vectorJson } from '../../shared/testing/vectors.ts';
import { cpuSignature } from './cpu-models.ts';

describeWithVectors('The signature of a CPU model', () => {
  const { signatures } = vectorJson<{ signatures: Record<string, number> }>('vmsa.json');

  it.each(Object.entries(signatures))('%s', (name, signature) => {
    expect(cpuSignature(name)).toBe(signature);
  });
});

it("A CPU that is not AMD's has no signature here", () => {
  expect(cpuSignature('Skylake-Server-v1')).toBeUndefined();
  expect(cpuSignature('constructor')).toBeUndefined();
});
