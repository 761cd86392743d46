// Targets with the faults that the fuzzer is there to find: it has to find them, or it proves nothing.
import { SevError } from '../../shared/errors.ts';
import type { FuzzTarget } from './target.ts';

const seeds = [new Uint8Array(32)];
const isRare = (bytes: Uint8Array): boolean => bytes[3] === 0xff || bytes.length > 60;
const leaked: unknown[] = [];

export const badTargets: readonly FuzzTarget[] = [
  {
    name: 'crashes',
    seeds,
    run: (bytes) => {
      if (isRare(bytes)) throw new TypeError('cannot read properties of undefined');
      throw new SevError('BYTES_LENGTH');
    },
  },
  {
    name: 'crashes later',
    seeds,
    run: async (bytes) => {
      await Promise.resolve();
      if (isRare(bytes)) throw new RangeError('out of range');
    },
  },
  {
    name: 'hangs',
    seeds,
    run: (bytes) => {
      while (isRare(bytes));
    },
  },
  { name: 'leaks', seeds, run: (bytes) => void leaked.push(new Uint8Array(20_000), bytes) },
  {
    name: 'fills the heap at once',
    seeds,
    run: (bytes) => {
      if (isRare(bytes)) for (;;) leaked.push(Array.from({ length: 100_000 }, (_, i) => ({ i })));
    },
  },
  { name: 'writes into its input', seeds, run: (bytes) => void bytes.fill(7) },
  {
    name: 'accepts',
    seeds,
    run: (bytes) => {
      if (isRare(bytes)) throw new Error('a changed input was accepted');
      throw new SevError('CERT_SIGNATURE');
    },
  },
];
