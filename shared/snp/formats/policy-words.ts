// What each bit of the SNP guest policy means for the guest owner, in words.
import { type SnpPolicy, SNP_POLICY_BITS, type SnpPolicyFlag } from './policy.ts';

const WORDS: Readonly<Record<SnpPolicyFlag, { readonly on: string; readonly off: string }>> = {
  smt: {
    on: 'The host may run the guest with hyper-threading on: another guest may share its cores.',
    off: 'The guest runs only where hyper-threading is off.',
  },
  migrateMa: {
    on: 'A migration agent may be bound to the guest; it can move the guest to another machine.',
    off: 'No migration agent can be bound to the guest.',
  },
  debug: {
    on: 'The host may debug the guest: it can read and change all of its memory.',
    off: 'The host cannot debug the guest.',
  },
  singleSocket: {
    on: 'The guest stays on one socket, so its data does not cross the link between sockets.',
    off: 'The guest may run on several sockets.',
  },
  cxlAllow: {
    on: 'CXL devices and memory may be populated on the host.',
    off: 'The guest runs only where no CXL devices or memory are used.',
  },
  memAes256Xts: {
    on: 'Memory must be encrypted with AES-256-XTS.',
    off: 'Memory may be encrypted with AES-128.',
  },
  raplDis: {
    on: 'Power readings (RAPL) must be off: they can leak what the guest computes.',
    off: 'The host may read power consumption (RAPL), which can leak what the guest computes.',
  },
  ciphertextHidingDram: {
    on: "The host must not see the guest's encrypted memory (ciphertext hiding).",
    off: "The host may watch the guest's encrypted memory, and infer from its changes.",
  },
  pageSwapDisable: {
    on: "The host cannot move or swap out the guest's pages.",
    off: "The host may move and swap out the guest's encrypted pages.",
  },
};

export interface SnpPolicyExplanation {
  /** The least ABI begins at bit 0. */
  readonly bit: number;
  readonly name: string;
  readonly on: boolean;
  readonly when: 'may' | 'must';
  readonly sentence: string;
}

/** Every bit in words, and last the least ABI. */
export function explainSnpPolicy(policy: SnpPolicy): readonly SnpPolicyExplanation[] {
  const flags = SNP_POLICY_BITS.map(({ bit, name, field, when }) => {
    const on = policy[field];
    return { bit, name, on, when, sentence: WORDS[field][on ? 'on' : 'off'] };
  });
  const on = policy.abiMajor > 0 || policy.abiMinor > 0;
  const sentence = on
    ? `Firmware with an ABI older than ${policy.abiMajor}.${policy.abiMinor} refuses to run the guest.`
    : 'Firmware of any ABI version may run the guest.';
  return [...flags, { bit: 0, name: 'ABI', on, when: 'must', sentence }];
}
