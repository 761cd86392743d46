// What the platform owner's screen says; loaded with it.
import type { KeyChange } from '../../shared/relay-protocol.ts';

interface ChangeWords {
  readonly name: string;
  readonly consequence: string;
  readonly action: string;
}

const changes: Readonly<Record<KeyChange, ChangeWords>> = {
  'owner.rotatePdh': {
    name: 'Make a new PDH',
    consequence:
      'Every session that a guest owner made for the present PDH is void: they have to make new ones. Owner and PEK stay.',
    action: 'Make a new PDH for good',
  },
  'owner.regeneratePek': {
    name: 'Make a new PEK',
    consequence:
      'The platform loses its owner, you included, and becomes its own. Guest owners who pinned the owner will refuse it. Every session that was made for it is void.',
    action: 'Make a new PEK, and lose the owner',
  },
  'owner.reset': {
    name: 'Reset the platform',
    consequence:
      "The platform forgets its owner and all its keys but the chip's. Guest owners who pinned the owner will refuse it, and every session that was made for it is void. No SEV guest may run.",
    action: 'Reset it, and lose the owner',
  },
};

export const ownership = {
  heading: 'Take a platform into ownership.',
  lead: "You sign the platform's key with yours, on this device. Guest owners can then tell that the platform is yours. It does not make the chip more genuine: only AMD's signature does.",
  ownerHeading: 'Your owner key',
  ownerHint: 'One key for all your platforms. It stays in the vault of this device.',
  chosen: (name: string) => `Signing as ${name}.`,
  requestHeading: "The platform's request",
  requestHint: 'Its PEK, unsigned (CSR).',
  ask: (relay: string) => `Ask ${relay} for its request`,
  asking: (relay: string) => `Asking ${relay} for its certificates and its request…`,
  noRelay: 'No relay that is connected allows ownership. The operator starts it with --allow-ownership.',
  byHand: 'Without a relay: by file, paste or code',
  requestFile: 'Request from the host',
  requestFileHint: 'pek_csr.cert of sev-relay or sev-tool, or its code.',
  aRequest: 'a signing request',
  platform: 'Platform',
  unknownPlatform: 'None that was met here has this PEK',
  unknownNext:
    "Nothing ties this request to a chip of AMD's. Sign it only if you carried it from your host yourself, and make sure of the chain afterwards.",
  ownedAlready: 'The platform says that it has an owner already. It takes a new one only after a new PEK or a reset.',
  pek: 'PEK made under API',
  fits: 'Its chain leads to the root, and holds this very PEK',
  otherRequest: 'Take another request',
  sign: (name: string) => `Sign as ${name}`,
  signing: 'Signing in the vault…',
  handHeading: 'To the host',
  handHint: 'The signed PEK and your certificate. Neither is secret.',
  import: (relay: string) => `Have ${relay} import it`,
  importHint:
    'The platform makes a new PDH: sessions that guest owners made before are void. The operator is asked at the terminal.',
  waitingForOperator: (relay: string) =>
    `Waiting for the operator of ${relay} to allow it at the terminal; a minute of silence is a no…`,
  signedBy: (name: string) => `Signed as ${name}.`,
  handed: (when: string) => `Handed over on ${when}, by file or code. The new chain tells when it was imported.`,
  forget: 'Give this request up',
  askChain: (relay: string) => `Ask ${relay} for its chain`,
  relayAway: (relay: string) => `${relay} is not connected; or bring its certificates back by hand, below.`,
  importUnknown: 'Whether the platform imported it is not known.',
  importUnknownReason:
    'It was asked to, and the answer never came. Nothing is imported a second time before that is known.',
  importUnknownNext: 'Ask the host for its chain: it names the owner.',
  notYetReason: 'Its chain still names another owner. Its operator may still be asked at the terminal.',
  notYetNext: 'Look again in a minute.',
  carry: 'The key is on another device: carry its signature by codes',
  signedPek: 'Signed PEK (base64)',
  certificate: 'Your certificate (base64)',
  checkHeading: 'Make sure of the new chain',
  checkHint: "After the import, bring the platform's certificates back: they tell whether it is yours now.",
  chainFile: 'Certificates of the platform',
  aChain: 'a platform chain',
  checking: 'Checking the chain of certificates…',
  unnamedPlatform: 'Platform',
  owned: (platform: string) => `${platform} is yours.`,
  ownedReason: (name: string) => `Its chain names ${name} as its owner. That is pinned on this device now.`,
  ownedNext: 'Give guest owners your certificate (oca.cert) by a way that they trust already, not through the host.',
  notOwned: (platform: string) => `${platform} is not yours.`,
  notOwnedReason: 'Its chain verifies, and names another owner than the key that is chosen here.',
  notOwnedNext: 'Have the signed PEK imported, then look again.',
  otherPek: 'This chain holds another PEK than the one that was signed.',
  open: 'Open the platform',
  changesHeading: 'Change its keys',
  changesHint: "Each is asked for once more at the relay's terminal, and none can be undone. Tell guest owners before.",
  changes,
} as const;
