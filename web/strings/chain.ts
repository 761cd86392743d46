import type { CertName } from '../../shared/sev/verify/cert-chain.ts';

/** What each certificate is, for somebody who does not know the letters. */
const roles: Readonly<Record<CertName, string>> = {
  ARK: 'AMD root key',
  ASK: 'AMD signing key',
  CEK: "This chip's key",
  OCA: "The owner's key",
  PEK: "The platform's key",
  PDH: 'The key that your session uses',
};

/** The same letters under the published test root. */
const simulatedRoles: Readonly<Record<CertName, string>> = {
  ...roles,
  ARK: "The simulated test root, not AMD's",
  ASK: "The simulated signing key, not AMD's",
  CEK: "The simulated chip's key",
};

/** Where nothing says yet whose root it is. */
const claimedRoles: Readonly<Record<CertName, string>> = {
  ...roles,
  ARK: 'Claims to be an AMD root key',
  ASK: 'Claims to be an AMD signing key',
};

/** @param generation of the pinned root that the chain leads to, if it leads to one */
const rolesUnder = (generation: string | undefined): Readonly<Record<CertName, string>> =>
  generation === undefined ? claimedRoles : generation === 'simulated' ? simulatedRoles : roles;

export const chain = {
  heading: 'Who vouches for whom',
  rolesUnder,
  genuine: (generation: string) => `This is genuine AMD hardware: ${generation}.`,
  genuineReason: 'Its chain of signatures leads to an AMD root that this app knows by its whole key.',
  simulated: 'This platform is simulated. It proves nothing.',
  simulatedReason: 'Its chain leads to the published test root, whose key everybody has.',
  simulatedNext: 'Practise with it. Never give it a real secret.',
  refused: 'Not genuine: do not trust this platform.',
  refusedAt: (signer: string, subject: string) =>
    signer === subject
      ? `Not genuine: the ${subject} is not what it claims.`
      : `Not genuine: the link from ${signer} to ${subject} is broken.`,
  refusedRoot: "Not genuine: the root key is not AMD's.",
  refusedSimulated: 'Refused: this platform is simulated.',
  refusedGenuine: 'Refused: the demo takes simulated platforms only.',
  incomplete: 'Not proven: the chain is incomplete.',
  linkIs: { verified: 'verified', failed: 'broken', unchecked: 'not checked' },
  worthless: 'right, but what it hangs on is not proven',
  missing: 'missing or unreadable',
  selfSigned: 'signs itself',
  pinned: 'pinned in this app by its whole key',
  vouches: (signer: string, subject: string) => `${signer} vouches for ${subject}`,
  idName: (name: string) => `${name} id`,
} as const;
