// One difference between what was expected and what the doctor tries, in words and with what to do about it.

/** What may have been different. */
export type Factor =
  | 'guest-image'
  | 'kernel-hashes'
  | 'kernel'
  | 'initrd'
  | 'command-line'
  | 'vcpus'
  | 'cpu-signature'
  | 'vmsa-variant'
  | 'debug-swap'
  | 'sev-es'
  | 'policy'
  | 'version'
  | 'key'
  | 'nonce-first'
  | 'digest-as-measure'
  | 'reported-digest';

export interface Change {
  readonly factor: Factor;
  readonly expected: string;
  readonly found: string;
  readonly sentence: string;
  readonly next: string;
}

/**
 * One possibility: what it is, and by how much it surprises: 0 as expected, 1 a common mistake, 2 a rare one.
 * The doctor tries possibilities together in the order of their sum.
 */
export interface Variant<T> {
  readonly value: T;
  readonly weight: number;
  /** Put into words only when it is the answer: there are tens of thousands of others. */
  readonly changes: () => readonly Change[];
}

const none = (): readonly Change[] => [];

export const asExpected = <T>(value: T): Variant<T> => ({ value, weight: 0, changes: none });

export const changed = <T>(value: T, weight: number, change: () => Change): Variant<T> => ({
  value,
  weight,
  changes: () => [change()],
});

/** Every pairing of two lists, the weights added, up to a weight. */
export const pairs = <A, B, C>(
  first: readonly Variant<A>[],
  second: readonly Variant<B>[],
  most: number,
  join: (a: A, b: B) => C,
): readonly Variant<C>[] =>
  first.flatMap((a) =>
    second
      .filter((b) => a.weight + b.weight <= most)
      .map((b) => ({
        value: join(a.value, b.value),
        weight: a.weight + b.weight,
        changes: () => [...a.changes(), ...b.changes()],
      })),
  );
