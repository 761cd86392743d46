// What the courier of a platform owner says; loaded with that screen.
import type { OwnerHandOver } from '../courier/owner-hand-overs.ts';

const carried: Readonly<Record<OwnerHandOver, string>> = {
  chain: 'Platform chain',
  request: 'Request',
  signed: 'Signed PEK',
  proof: 'New chain',
};

export const carryOwnership = {
  heading: 'Ownership by codes',
  lead: 'Carry codes between a relay and a platform owner whose key is on an offline device. This device keeps nothing but the pairing.',
  owner: 'Platform owner',
  toLaunch: 'Carry a launch instead',
  carried,

  chainSentence: 'Show the platform chain to the owner.',
  chainReason: 'With it, their device can tell whose request it signs.',
  chainAsking: (relay: string) => `Asking ${relay} for its certificates…`,
  chainNext: 'Go on: show the request',
  requestSentence: 'Show the request to the owner.',
  requestReason: "It is the platform's PEK, unsigned. They sign it on their device.",
  requestAsking: (relay: string) => `Asking ${relay} for its request…`,
  requestNext: 'Go on: scan the signed PEK',

  signedSentence: 'Scan what the owner signed.',
  signedReason: "The signed PEK and the owner's certificate. Neither is secret.",
  aSigned: 'a signed PEK',
  importSentence: 'Have the platform import it.',
  importReason:
    'It makes a new PDH: sessions that guest owners made before are void. The operator is asked at the terminal.',
  import: (relay: string) => `Have ${relay} import it`,
  importing: (relay: string) =>
    `Waiting for the operator of ${relay} to allow it at the terminal; a minute of silence is a no…`,
  otherSigned: 'Scan another one',
  otherRequest: 'This was signed for another platform, or for a PEK before the present one.',
  otherRequestNext: 'Show the present request to the owner once more.',

  unknownSentence: 'Whether it was imported is not known.',
  unknownReason: "The answer never came. The platform's chain tells; nothing is imported a second time before it did.",
  notYetSentence: 'The platform has not imported it yet.',
  notYetReason: 'Its operator may still be asked at the terminal: look again in a minute.',
  notSentence: 'The platform has not imported it.',
  notReason: 'Its chain still names another owner. It can be imported once more.',
  proofSentence: 'Show the new chain to the owner.',
  proofReason: 'It names them, says the relay. Their device makes sure of it.',
  proofPlainReason: 'Their device tells from it whose the platform is.',
  look: 'Ask for its chain',
  lookAgain: 'Ask for its chain again',
  importAgain: 'Go back to the import',
  again: 'Carry another ownership',
} as const;
