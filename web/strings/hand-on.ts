// What is said where a platform, its owner and its relay are handed on to another device; loaded with those screens.

export const handOn = {
  heading: 'Hand it on',
  hint: 'Everything here is public but the pairing. Another device checks it for itself.',
  saveChain: 'Save the certificates',
  chainCode: 'Its certificates as a code',
  saveOca: "Save the owner's certificate",
  ocaCode: "The owner's certificate as a code",
  savePin: "Save the owner's pin",
  pinCode: "The owner's pin as a code",
  pairingCode: (relay: string) => `The pairing with ${relay} as a code`,
  pairingHint: 'Whoever scans it can use the relay as you do. It gives away no secret of yours.',
  pairingLocal: (relay: string) => `${relay} is this very device: another one cannot reach it under that name.`,
  ownKey: 'For guest owners: certificate and pin',

  whose: (name: string) => `Where must ${name} be the owner?`,
  someOwner: 'this owner',
  whoseHint:
    "You scanned an owner's key. Where it is expected, nothing can be launched under another owner. Nothing has changed yet.",
  itsOwner: 'Its chain names this very owner.',
  otherOwner: 'Its chain names another owner.',
  unread: 'Its stored certificates cannot be read.',
  pinned: (name: string) => `${name} is expected there.`,
  pinnedOther: (name: string) => `Another owner is expected there: ${name}. Accept any owner there first.`,
  expect: (platform: string) => `Expect it of ${platform}`,
  expectAll: (count: number) => `Expect it of all ${count} that it owns`,
  reading: 'Looking whose owner it is…',
  done: 'Done',
  notNow: 'Not now',
} as const;
