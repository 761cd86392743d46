// The lies of the tamper lab. Each takes over one answer of an honest host, and nothing else: what becomes of it is for the
// guest owner's checks to say.
import { policyMask } from '../../../shared/sev/formats/policy.ts';
import { concat } from '../../../shared/bytes/writer.ts';
import { sha256 } from '../../../shared/crypto/subtle.ts';
import { demoGuestImage } from '../../../shared/simulator/demo-guest/image.ts';
import type { SimulatedMachine } from '../../../shared/simulator/virtual-machine.ts';
import { changedImage } from '../host/profiles.ts';
import { forgeRoot } from './forged-root.ts';
import { type LabHost, LabPlatform, truthOf } from './host.ts';
import type { LieName } from './lie-names.ts';

/** @param platform the liar's own, which does as AMD's would */
type Lie = (platform: LabPlatform) => Partial<LabHost>;

/** The policy with NODBG cleared. */
const debuggable = (policy: number): number => (policy & ~policyMask('noDebug')) >>> 0;

export const LIES: Readonly<Record<LieName, Lie>> = {
  /** For comparison. */
  honest: () => ({}),

  'forged-root': (platform) => ({ certificates: () => forgeRoot(platform.certificates()) }),

  'other-pdh': (platform) => ({
    certificates: async () => ({ ...platform.certificates(), pdh: (await LabPlatform.create()).certificates().pdh }),
  }),

  /** Byte 5 is the PEK's API minor version: it changes nothing that is used, but it is signed. */
  'flipped-bit': (platform) => ({
    certificates: () => {
      const { pek, ...others } = platform.certificates();
      pek[5]! ^= 1;
      return Promise.resolve({ ...others, pek });
    },
  }),

  'swapped-blobs': () => ({
    carry: ({ policy, dhCert, session }) => Promise.resolve({ policy, dhCert: session, session: dhCert }),
  }),

  'changed-image': () => ({ start: (given) => Promise.resolve({ guestImage: changedImage(), ...given }) }),

  /** The blob holds a MAC of its policy, so the AMD-SP takes no other one with it. */
  'debug-with-session': () => ({
    start: (given) => Promise.resolve({ guestImage: demoGuestImage(), ...given, policy: debuggable(given.policy) }),
  }),

  'debug-told': () => ({
    start: ({ policy }) => Promise.resolve({ guestImage: demoGuestImage(), policy: debuggable(policy) }),
  }),

  'debug-hidden': () => ({
    start: ({ policy }) => Promise.resolve({ guestImage: demoGuestImage(), policy: debuggable(policy) }),
    tell: (truth, { policy }) => Promise.resolve({ ...truth, policy }),
  }),

  /** The honest image was launched once, and its measurement kept; now another image runs. */
  'replayed-launch': (platform) => ({
    start: (given) => Promise.resolve({ guestImage: changedImage(), ...given }),
    tell: async (truth, { policy }) => {
      const earlier = await platform.launch({ guestImage: demoGuestImage(), policy });
      return { ...truth, measurement: truthOf(earlier).measurement };
    },
  }),

  /** The same session for both: measurement and report are right, and of the honest guest. The secret is bound to that one. */
  'replayed-session': (platform) => {
    let honest: SimulatedMachine | undefined;
    return {
      start: (given) => Promise.resolve({ guestImage: changedImage(), ...given }),
      tell: async (truth, given) => {
        honest = await platform.launch({ guestImage: demoGuestImage(), ...given });
        return { ...truth, measurement: truthOf(honest).measurement };
      },
      report: (machine, mnonce) => (honest ?? machine).report(mnonce),
    };
  },

  'other-build': () => ({ tell: (truth) => Promise.resolve({ ...truth, build: truth.build + 7 }) }),

  'old-api': () => ({ tell: (truth) => Promise.resolve({ ...truth, apiMinor: 16 }) }),

  /** What the guest owner could compute without any AMD-SP, so whoever says it proves nothing. */
  'digest-given': () => ({
    tell: async (truth) => ({ ...truth, measurement: await sha256(concat(demoGuestImage())) }),
  }),

  /** A true report of the true guest, for a nonce that somebody else gave. */
  'replayed-report': () => ({ report: (machine, mnonce) => machine.report(mnonce.toReversed()) }),

  /** Fresh and signed, of a guest that the host started for it. */
  'other-report': (platform) => ({
    report: async (machine, mnonce) => {
      const { policy } = machine.sevInfo;
      return (await platform.launch({ guestImage: changedImage(), policy })).report(mnonce);
    },
  }),
};

/** The honest host, but for the lie. */
export const lieOf = (name: LieName, platform: LabPlatform): Partial<LabHost> => LIES[name](platform);
