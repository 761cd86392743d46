// Which life the app leads: for real, as a demo against a simulated host, or as practice within the page. Each has a
// database of its own, and only the latter two know the simulated root (roots.ts).

export type ProfileName = 'real' | 'demo' | 'practice';

/** By the name of its database nothing of one profile can be among what belongs to another. */
export const DATABASE_NAMES: Readonly<Record<ProfileName, string>> = {
  real: 'sev-verifier',
  demo: 'sev-verifier-demo',
  practice: 'sev-verifier-practice',
};

/** The mark in the address: `http://…/?demo#…`. A fragment would be lost with the next screen. */
const DEMO = 'demo';

/** @param search of the address, such as `?demo` */
export const profileOfAddress = (search: string): ProfileName =>
  new URLSearchParams(search).has(DEMO) ? 'demo' : 'real';
