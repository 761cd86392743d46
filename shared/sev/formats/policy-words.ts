// What each bit of the policy means for the guest owner, in words, and the policies that we offer.
import { encodePolicy, type Policy, POLICY_BITS, type PolicyFlag } from './policy.ts';

const WORDS: Readonly<Record<PolicyFlag, { on: string; off: string }>> = {
  noDebug: {
    on: 'The host cannot debug the guest, and so cannot read its memory that way.',
    off: 'The host may debug the guest: it can read and change all of its memory. No secret is released into such a guest.',
  },
  noKeySharing: {
    on: "The guest's memory key is shared with no other guest.",
    off: 'The host may start other guests with the same memory key, and these can read what this guest writes.',
  },
  es: {
    on: 'SEV-ES is required: registers are encrypted too, and the first registers are measured.',
    off: 'SEV-ES is not required: without it the host sees and can change the registers whenever the guest pauses.',
  },
  noSend: {
    on: 'The guest cannot be sent to another platform.',
    off: 'The host may send the guest to another platform, within the bounds of DOMAIN and SEV.',
  },
  domain: {
    on: 'If the guest is sent at all, then only to platforms of the same owner (OCA).',
    off: 'If the guest is sent at all, then to platforms of any owner.',
  },
  sev: {
    on: 'If the guest is sent at all, then only to platforms with SEV.',
    off: 'If the guest is sent at all, the other platform need not have SEV.',
  },
};

export interface PolicyExplanation {
  readonly bit: number;
  readonly name: string;
  readonly on: boolean;
  readonly sentence: string;
}

/** Every bit in words, and last the minimum API, which begins at bit 16. */
export function explainPolicy(policy: Policy): readonly PolicyExplanation[] {
  const flags = POLICY_BITS.map(({ bit, name, field }) => {
    const on = policy[field];
    return { bit, name, on, sentence: WORDS[field][on ? 'on' : 'off'] };
  });
  const api = policy.apiMajor > 0 || policy.apiMinor > 0;
  const sentence = api
    ? `Firmware with an API older than ${policy.apiMajor}.${policy.apiMinor} refuses to launch the guest.`
    : 'Firmware of any age may launch the guest, with holes that were mended long ago.';
  return [...flags, { bit: 16, name: 'API', on: api, sentence }];
}

/** What we recommend: nothing shared, nothing sent, no debugging, and at least the API that binds secrets. */
export const recommendedPolicy = (platform: { es: boolean; apiMajor?: number; apiMinor?: number }): Policy => ({
  noDebug: true,
  noKeySharing: true,
  es: platform.es,
  noSend: true,
  domain: false,
  sev: false,
  apiMajor: platform.apiMajor ?? 0,
  apiMinor: platform.apiMinor ?? 17,
});

export interface PolicyPreset {
  readonly name: 'recommended' | 'without-es' | 'same-owner' | 'qemu-default';
  readonly title: string;
  readonly sentence: string;
  readonly policy: Policy;
  readonly value: number;
}

const preset = (name: PolicyPreset['name'], title: string, sentence: string, policy: Policy): PolicyPreset => ({
  name,
  title,
  sentence,
  policy,
  value: encodePolicy(policy),
});

/** The policies that are offered by name. */
export const POLICY_PRESETS: readonly PolicyPreset[] = [
  preset(
    'recommended',
    'Recommended',
    'Registers encrypted, nothing shared, nothing sent.',
    recommendedPolicy({ es: true }),
  ),
  preset('without-es', 'Without SEV-ES', 'For platforms of the first generation.', recommendedPolicy({ es: false })),
  preset('same-owner', 'Movable within one owner', 'The guest may be sent to SEV platforms of the same owner.', {
    ...recommendedPolicy({ es: true }),
    noSend: false,
    domain: true,
    sev: true,
  }),
  preset('qemu-default', "QEMU's default", 'Forbids debugging, and nothing else.', {
    ...recommendedPolicy({ es: false, apiMajor: 0, apiMinor: 0 }),
    noKeySharing: false,
    noSend: false,
  }),
];
