// What is said of a platform's owner, where one is expected.
import { wordsOf } from '../../errors.ts';
import type { Finding } from '../../findings/finding.ts';

type Said = Omit<Finding, 'code'>;

const expected: Said = { severity: 'ok', sentence: 'The platform belongs to the owner that you pinned.' };

export const OWNER = {
  expected,
  /** @param owner the pinned one @param actual the chain's, both SHA-256 in hex */
  other: (owner: string, actual: string): Said => ({
    severity: 'refused',
    ...wordsOf('CERT_OWNER_UNEXPECTED'),
    expected: owner,
    actual,
  }),
};
