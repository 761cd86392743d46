// What the tamper lab says; loaded with its screen.
import type { LieName } from '../practice/lab/lie-names.ts';
import type { Stage } from '../practice/lab/outcome.ts';

interface LieWords {
  readonly name: string;
  /** What the liar did. */
  readonly did: string;
  /** What would have come of it without the check. */
  readonly without: string;
}

const lies: Readonly<Record<LieName, LieWords>> = {
  honest: {
    name: 'No lie: an honest host',
    did: 'Nothing. The platform, the launch and every answer are what they claim.',
    without: 'The same. An honest host is the one that all checks let through.',
  },
  'forged-root': {
    name: "A forged root with AMD's key id",
    did: "Made keys of their own, gave the root and the signing key the key ids of AMD's, and signed the chip's key with them. Every signature fits.",
    without: 'A platform made of software would pass for genuine AMD hardware, and its owner would read your secret.',
  },
  'other-pdh': {
    name: 'The PDH of another platform',
    did: "Put the PDH of a second platform into this platform's chain.",
    without: 'Your keys would be made for the other platform, wherever that is and whoever looks into it.',
  },
  'flipped-bit': {
    name: 'One bit of a signed certificate',
    did: 'Turned one bit of the PEK over: its API version, which nothing here depends on.',
    without: "Nobody could tell any more which bits of a certificate are the signer's, and which the host's.",
  },
  'swapped-blobs': {
    name: 'Two blobs swapped',
    did: 'Gave the DH certificate (GODH) as the session, and the session as the certificate.',
    without:
      'The launch would fail on the host with a number, and somebody would search for an hour. Nothing would leak.',
  },
  'changed-image': {
    name: 'A changed guest image',
    did: 'Started the guest from your image with one bit turned over, and told the truth about all else.',
    without: "The host's own firmware would receive your secret, and could keep a copy.",
  },
  'debug-with-session': {
    name: 'A debug policy, with your session',
    did: 'Started your session under a policy that lets the host debug the guest.',
    without: "The host could decrypt the guest's memory with a debug command.",
  },
  'debug-told': {
    name: 'A debug policy, admitted',
    did: 'Left your session out, started the guest under a debug policy with keys that nobody knows, and said so.',
    without: "The host could decrypt the guest's memory with a debug command.",
  },
  'debug-hidden': {
    name: 'A debug policy, hidden',
    did: 'The same, but claimed that the guest runs under your policy.',
    without: "The host could decrypt the guest's memory with a debug command, and you would not know.",
  },
  'replayed-launch': {
    name: 'The measurement of an earlier launch',
    did: 'Started a changed image, and showed a measurement that an honest guest had under other keys.',
    without: 'One honest launch would vouch for every dishonest one after it.',
  },
  'replayed-session': {
    name: 'The measurement of a twin under your session',
    did: "Started two guests with your session, an honest and a changed one, and showed the honest one's measurement and report for the changed one.",
    without:
      'Measurement and report are right, so the secret is sealed. Were it not sealed over that very measurement, the changed guest could open it.',
  },
  'other-build': {
    name: 'A newer firmware build than it is',
    did: 'Claimed a later build of the SEV firmware than the one that runs.',
    without: 'A platform with known holes would pass for a mended one.',
  },
  'old-api': {
    name: 'An API too old to bind secrets',
    did: 'Claimed API 0.16, before which a secret was not bound to a measurement.',
    without: 'The packet would be made the old way, and could be injected into another guest.',
  },
  'digest-given': {
    name: 'A digest given as the measurement',
    did: 'Gave the SHA-256 of your image in place of the measurement.',
    without: "It is the right image's digest, but anybody can compute it. Only the AMD-SP can make the measurement.",
  },
  'replayed-report': {
    name: 'An old attestation report',
    did: 'Answered your request for a report with a true one that was made for another nonce.',
    without: 'One report of an honest guest would vouch for it for ever, long after it was gone.',
  },
  'other-report': {
    name: 'The attestation report of another guest',
    did: 'Started a second guest from a changed image, and had the AMD-SP report on that one, for your nonce.',
    without:
      'A report of any guest would pass for yours. That of a twin, with the same digest and policy, still would: it names no guest.',
  },
};

const stages: Readonly<Record<Stage, string>> = {
  chain: 'Verifying the chain of certificates',
  'hand-over': 'Telling blobs by their content, when the session is handed over',
  'amd-sp': 'The AMD-SP itself, by the MAC of the policy in your session',
  measurement: 'Telling blobs by their content, when the measurement is taken in',
  decision: 'The decision on the launch',
  report: 'Verifying the attestation report: its signer, nonce, launch digest and policy',
  seal: 'The AMD-SP, by the MAC of the packet: it is taken over the measurement that you expect',
};

export const lab = {
  heading: 'Tell a lie, and see what catches it.',
  lead: 'Each lie is told to the code that verifies real platforms, on a simulated one in this page. Nothing here decides in advance how it ends.',
  choose: 'What the host does',
  tell: 'Tell it',
  tellAll: 'Tell them all',
  telling: (name: string) => `Playing a launch: ${name}`,
  lies,
  stages,
  caughtWord: 'Caught',
  caught: 'Caught. The secret stays with you.',
  notCaughtWord: 'Not caught',
  notCaught: 'Not caught: the secret went out.',
  honest: 'Nothing to catch: the guest has the secret.',
  caughtAll: (count: number, lies: number) => `${count} of ${lies} lies were caught.`,
  did: 'What the liar did',
  what: 'What caught it',
  also: 'And also',
  without: 'Without this check',
  console: 'What the guest said',
  back: 'All of practice',
  outcome: 'What came of it',
} as const;
