// The CPU of a SEV-ES guest, whose first registers are measured: the options that name it, and what they mean.
import { cpuSignature, signatureOfModel } from '../../shared/guest/cpu-signature.ts';
import { DEBUG_SWAP, VMSA_VARIANTS, type VmsaSettings, type VmsaVariant } from '../../shared/guest/vmsa.ts';
import type { Given, OptionTable } from './options.ts';
import { usage } from './usage.ts';

export const CPU_OPTIONS = {
  'cpu-model': { kind: 'text' },
  'cpu-family': { kind: 'number', max: 270 },
  'cpu-stepping': { kind: 'number', max: 15 },
  'cpu-signature': { kind: 'number' },
  variant: { kind: 'text' },
  'debug-swap': { kind: 'flag' },
} as const satisfies OptionTable;

export const CPU_HELP = `      --cpu-model NAME    of one of QEMU's models (EPYC-Milan …), or with a number
      --cpu-family N --cpu-model N --cpu-stepping N, or
      --cpu-signature N   CPUID leaf 1 EAX;
      --variant V         who makes the registers: ${VMSA_VARIANTS.join(', ')} (the first unless told)
      --debug-swap        with SEV_FEATURES 0x20`;

export type CpuOptions = Given<typeof CPU_OPTIONS>['options'];

export const isCpuGiven = (options: CpuOptions): boolean =>
  (['cpu-model', 'cpu-family', 'cpu-stepping', 'cpu-signature', 'variant'] as const).some(
    (name) => options[name] !== undefined,
  ) || options['debug-swap'];

/** @throws SevError RELAY_USAGE, MEASURE_CPU */
export function readVmsaSettings(options: CpuOptions): VmsaSettings {
  return {
    variant: readVariant(options.variant),
    cpuSignature: readSignature(options),
    ...(options['debug-swap'] && { sevFeatures: DEBUG_SWAP }),
  };
}

function readVariant(text: string = VMSA_VARIANTS[0]!): VmsaVariant {
  const known = VMSA_VARIANTS.find((variant) => variant === text);
  if (known) return known;
  throw usage('--variant', `“${text.slice(0, 40)}” is none of ${VMSA_VARIANTS.join(', ')}.`);
}

/** Clouds ignore it; for all others there has to be one. */
function readSignature(options: CpuOptions): number {
  const { 'cpu-signature': signature, 'cpu-model': model, 'cpu-family': family, 'cpu-stepping': stepping } = options;
  const isByNumbers = family !== undefined || stepping !== undefined;
  if (signature !== undefined) {
    if (model !== undefined || isByNumbers) throw usage('--cpu-signature', 'It stands alone.');
    return signature;
  }
  if (isByNumbers) return signatureOfNumbers(family, model, stepping);
  if (model !== undefined) return signatureOfModel(model);
  if (['ec2', 'ec2-old', 'gce'].includes(options.variant ?? '')) return 0;
  throw usage('', 'With SEV-ES the CPU is needed: --cpu-model NAME, or its numbers, or --vmsa-cpu0.');
}

function signatureOfNumbers(
  family: number | undefined,
  model: string | undefined,
  stepping: number | undefined,
): number {
  if (
    family === undefined ||
    model === undefined ||
    stepping === undefined ||
    !/^(\d+|0[xX][\da-fA-F]+)$/.test(model)
  ) {
    throw usage('', '--cpu-family, --cpu-model and --cpu-stepping go together, as numbers.');
  }
  return cpuSignature({ family, model: Number(model), stepping });
}
