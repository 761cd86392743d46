// What the pairing verbs say: facts in, sentences out.

export const PAIRINGS = {
  none: 'No one is paired. Make a code with `sev-relay pair NAME`.',
  until: (day: string | undefined, expired: boolean): string =>
    day === undefined ? 'does not expire' : expired ? `expired on ${day}` : `until ${day}`,
  guests: {
    own: 'guests: those that this owner launched',
    shared: 'guests: those that this owner launched, and those that no owner launched',
    all: 'guests: all',
  },
  named: (names: readonly string[]): string => `, and ${names.join(', ')}`,
  profiles: (names: readonly string[] | undefined): string =>
    names === undefined ? 'profiles: all' : `profiles: ${names.join(', ')}`,
  ownership: 'ownership: may be asked for, where the relay allows it',
  revoked: (name: string): string => `${name}: revoked. Its code is refused from now on.`,
  notShown:
    'The pairing link is not written here, since this is not a terminal and may be kept in a journal.\nMake a code for each guest owner: sev-relay pair NAME   (or start with --show-link)',
  goodFor: (days: number | undefined): string =>
    days === undefined ? 'It does not expire.' : `It is good for ${days} ${days === 1 ? 'day' : 'days'}.`,
} as const;
