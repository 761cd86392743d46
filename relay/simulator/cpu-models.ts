// What the virtual CPUs of QEMU's AMD models say they are. Their signature is part of an SEV-ES measurement.

interface CpuModel {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

const MODELS: Readonly<Record<string, CpuModel>> = {
  EPYC: { family: 23, model: 1, stepping: 2 },
  'EPYC-IBPB': { family: 23, model: 1, stepping: 2 },
  'EPYC-Rome': { family: 23, model: 49, stepping: 0 },
  'EPYC-Milan': { family: 25, model: 1, stepping: 1 },
  'EPYC-Genoa': { family: 25, model: 17, stepping: 0 },
  'EPYC-Turin': { family: 26, model: 0, stepping: 0 },
  Dhyana: { family: 24, model: 0, stepping: 1 },
};

/** CPUID leaf 1 EAX; families above 15 continue in a field of their own. */
const signatureOf = ({ family, model, stepping }: CpuModel): number =>
  stepping | ((model & 15) << 4) | (15 << 8) | ((model >> 4) << 16) | ((family - 15) << 20);

/**
 * The signature of a model as QEMU names it, with or without its version: `EPYC-Milan`, `EPYC-v4`.
 * @returns undefined for a model that is not AMD's
 */
export function cpuSignature(name: string): number | undefined {
  const model = name.replace(/-v\d+$/, '');
  return Object.hasOwn(MODELS, model) ? signatureOf(MODELS[model]!) : undefined;
}
