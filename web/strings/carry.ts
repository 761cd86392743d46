import type { MessageKind } from '../../shared/airgap/index.ts';

const ownerScreen = 'where a platform owner signs for a platform';

/** Where each kind is used, after “it belongs”. */
const places: Readonly<Record<MessageKind, string>> = {
  chain: 'where one meets a host',
  cert: 'where one meets a host',
  oca: 'where one meets a host',
  csr: ownerScreen,
  pek: 'with the courier of a platform owner',
  launch: 'with the courier',
  measurement: 'into its launch',
  secret: 'with the courier',
  'report-request': 'with the courier',
  report: 'into the launch that asked for it',
  relay: 'where one meets a host',
  reference: 'into the library',
  'oca-pin': 'to the platform whose owner it names',
};

export const carry = {
  save: (file: string) => `Save ${file}`,
  code: 'Show it as a code',
  codeLoading: 'Opening…',
  codesMissing: 'These are not all codes of the message.',
  paste: 'Or paste it',
  pastedName: 'pasted',
  usePasted: 'Use what was pasted',
  scan: (what: string) => `Scan ${what}`,

  sharedHeading: 'Shared with this app',
  sharedLead: 'Another app of this device gave it. Nothing has been done with it yet.',
  sharedNone: 'Nothing was shared, or it was taken in already.',
  sharedKeys: 'These look like keys, so they were not kept.',
  sharedKeysNext: 'Do not share keys between apps. Choose the file on the screen that asks for it.',
  sharedTake: 'See what it is',
  sharedForget: 'Forget it',

  scanHeading: 'Scan anything',
  scanLead: 'Of a host, a courier or another device of yours. It is brought to where it belongs.',
  places,
  belongs: (what: string, where: string) => `This is ${what}; it belongs ${where}.`,
  belongsNext: 'Open that, and scan it there.',
  unknownSession: (what: string) => `This is ${what} of another session; no launch here has it.`,
  unknownSessionNext: 'Scan it on the device that made the session.',
  unasked: 'This is an attestation report that no launch here has asked for.',
  unaskedNext: 'Ask for a report on the page of its launch. Each counts only for the nonce that it was asked with.',
  judgedAlready: (launch: string) => `The measurement of ${launch} was judged already.`,
} as const;
