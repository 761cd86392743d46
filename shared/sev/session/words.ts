// What is said where a platform's request cannot be used.

export const OWNERSHIP_WORDS = {
  askAgain: 'Ask the operator for the request (PEK CSR) again: `sev-relay qr csr`, or `sevtool --pek_csr`.',
} as const;
