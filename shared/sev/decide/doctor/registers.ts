// Which first registers may have been measured: other CPUs, other makers of the page, debug-swap, or none at all.
import { CPU_MODELS, cpuSignature, HOST_CPUS, showSignature } from '../../../guest/cpu-signature.ts';
import { buildVmsa, DEBUG_SWAP, VMSA_VARIANTS, type VmsaCpu, type VmsaVariant } from '../../../guest/vmsa.ts';
import type { DoctorCase } from './case.ts';
import { asExpected, type Change, changed, pairs, type Variant } from './change.ts';

/** How to make the pages for a guest image, and for how many vCPUs they were expected. */
export interface RegisterSet {
  /** Undefined where the image does not say where this CPU starts. */
  readonly page: (cpu: VmsaCpu, resetEip: number | undefined) => Uint8Array | undefined;
  /** Undefined where any number is as likely as another. */
  readonly vcpus: number | undefined;
}

interface Settings {
  readonly variant: VmsaVariant;
  readonly cpuSignature: number;
  readonly sevFeatures: number;
}

const VARIANT_WORDS: Readonly<Record<VmsaVariant, string>> = {
  qemu: "KVM's original interface",
  'qemu-init2': 'KVM_SEV_INIT2 (Linux 6.10 and QEMU 9.1, or later)',
  ec2: 'Amazon EC2',
  'ec2-old': 'Amazon EC2, as older tools had it',
  gce: 'Google Compute Engine',
  krun: 'libkrun',
};

/** @param most the greatest weight that is asked for */
export function registerVariants(given: DoctorCase, most: number): readonly Variant<RegisterSet | undefined>[] {
  const { registers } = given.expected;
  const known = [...CPU_MODELS, ...HOST_CPUS].map(cpuSignature);
  const signatures = [...new Set([...known, ...(given.library?.signatures ?? [])])];
  if (!registers) return [asExpected(undefined), ...switchedOn(signatures)];
  const off = changed<undefined>(undefined, 1, () => esChange('on', 'off'));
  if ('pages' in registers) {
    const { boot, others, vcpus } = registers.pages;
    return [asExpected({ page: (cpu) => (cpu === 'boot' ? boot : others), vcpus }), off];
  }
  const around = settingsAround({ sevFeatures: 0, ...registers }, signatures, most);
  return [...around.map(({ value, ...rest }) => ({ ...rest, value: setOf(value, registers.vcpus) })), off];
}

function settingsAround(expected: Settings, signatures: readonly number[], most: number): readonly Variant<Settings>[] {
  const variants = [
    asExpected(expected.variant),
    ...VMSA_VARIANTS.filter((variant) => variant !== expected.variant).map((variant) =>
      changed(variant, 1, () => variantChange(expected.variant, variant)),
    ),
  ];
  const others = signatures.filter((signature) => signature !== expected.cpuSignature);
  const cpus = [
    asExpected(expected.cpuSignature),
    ...others.map((signature) => changed(signature, 1, () => signatureChange(expected.cpuSignature, signature))),
  ];
  const other = expected.sevFeatures ^ DEBUG_SWAP;
  const features = [
    asExpected(expected.sevFeatures),
    changed(other, 1, () => featureChange((other & DEBUG_SWAP) !== 0)),
  ];
  const both = pairs(variants, cpus, most, (variant, cpuSignature) => ({ variant, cpuSignature }));
  return pairs(both, features, most, (rest, sevFeatures) => ({ ...rest, sevFeatures }));
}

/** A guest without SEV-ES was expected: any CPU, any number of them. */
const switchedOn = (signatures: readonly number[]): readonly Variant<RegisterSet>[] =>
  (['qemu', 'qemu-init2'] as const).flatMap((variant) =>
    signatures.map((cpuSignature) => {
      const found = `on, ${showSignature(cpuSignature)}, ${VARIANT_WORDS[variant]}`;
      return changed(setOf({ variant, cpuSignature, sevFeatures: 0 }, undefined), 1, () => esChange('off', found));
    }),
  );

const setOf = (settings: Settings, vcpus: number | undefined): RegisterSet => ({
  vcpus,
  page(cpu, resetEip) {
    if (cpu === 'other' && resetEip === undefined && settings.variant !== 'krun') return undefined;
    return buildVmsa({ ...settings, ...(resetEip !== undefined && { resetEip }) }, cpu);
  },
});

export const vcpusChange = (expected: number | undefined, found: number): Change => ({
  factor: 'vcpus',
  expected: expected === undefined ? 'no registers' : String(expected),
  found: String(found),
  sentence: `The guest was started with ${found} ${found === 1 ? 'vCPU' : 'vCPUs'}${expected === undefined ? '' : `, not ${expected}`}.`,
  next:
    expected === undefined
      ? DECIDE_ES
      : 'Have the host start it with the number that you expect; or, if the other is right, expect that, and verify again.',
});

const DECIDE_ES = 'Decide whether the guest is to run under SEV-ES, and make a new session for that.';

const esChange = (expected: string, found: string): Change => ({
  factor: 'sev-es',
  expected,
  found,
  sentence:
    found === 'off' ? 'The guest was launched without SEV-ES: no registers were measured.' : `SEV-ES was ${found}.`,
  next: DECIDE_ES,
});

const variantChange = (expected: VmsaVariant, found: VmsaVariant): Change => ({
  factor: 'vmsa-variant',
  expected: VARIANT_WORDS[expected],
  found: VARIANT_WORDS[found],
  sentence: `The first registers are those of ${VARIANT_WORDS[found]}, not of ${VARIANT_WORDS[expected]}.`,
  next: "If the host's kernel or QEMU was changed, expect this variant, and verify again.",
});

const signatureChange = (expected: number, found: number): Change => ({
  factor: 'cpu-signature',
  expected: showSignature(expected),
  found: showSignature(found),
  sentence: `The guest's CPU is ${showSignature(found)}, not ${showSignature(expected)}.`,
  next: 'Have the host use the CPU model that you expect; or, if the other is right, expect that, and verify again.',
});

const featureChange = (on: boolean): Change => ({
  factor: 'debug-swap',
  expected: on ? 'off' : 'on',
  found: on ? 'on' : 'off',
  sentence: on
    ? 'Debug-swap was on: kernels 6.6 to 6.8 turn it on by themselves.'
    : 'Debug-swap was off: only kernels 6.6 to 6.8 turn it on by themselves.',
  next: "Expect it so, if that is the host's kernel, and verify again.",
});
