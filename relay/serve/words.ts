// What is said about pairings and what they may reach: facts in, sentences out.

export const PAIRING = {
  damaged: {
    because: 'The list of pairings is damaged.',
    next: 'Remove the file, then make new codes with `sev-relay pair`.',
  },
  damagedClaims: {
    because: 'The list of who launched which guest is damaged.',
    next: 'Remove the file. Guests that run are then shared by all owners whose code says so.',
  },
  busy: {
    because: 'Another command is changing the pairings.',
    next: 'Run the command again.',
  },
  noName: { because: 'A name has up to 64 letters, digits, dots, “-” and “_”, and begins with a letter or a digit.' },
  taken: (name: string) => ({ because: `“${name}” has a code already. Revoke it first: sev-relay revoke ${name}.` }),
  unknown: (name: string) => ({ because: `“${name}” has no code. \`sev-relay pairings\` lists those that do.` }),
  expired: {
    sentence: 'The pairing code has expired.',
    next: 'Ask the operator for a new one: `sev-relay pair NAME`.',
  },
  revoked: {
    sentence: 'This pairing was revoked, or has expired.',
    next: 'Ask the operator for a new code: `sev-relay pair NAME`.',
  },
  noOwnership: {
    because: 'This pairing does not cover ownership.',
    next: 'Ask the operator for a code that does: `sev-relay pair NAME --ownership`.',
  },
  tooMany: { sentence: 'This pairing has too many connections at once.', next: 'Close some of them, then try again.' },
} as const;
