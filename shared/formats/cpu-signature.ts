// A guest CPU's signature: leaf 1 EAX of CPUID, which SEV-ES measures in RDX of every VMSA page.
import { SevError } from '../errors.ts';

export interface CpuVersion {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

export interface CpuModel extends CpuVersion {
  /** QEMU's name, without a version. */
  readonly name: string;
}

/** QEMU's models of AMD and Hygon; the versions (`-v1`, `-v2` …) and `-IBPB` of each have the same signature. */
export const CPU_MODELS: readonly CpuModel[] = [
  { name: 'EPYC', family: 23, model: 1, stepping: 2 },
  { name: 'EPYC-Rome', family: 23, model: 49, stepping: 0 },
  { name: 'EPYC-Milan', family: 25, model: 1, stepping: 1 },
  { name: 'EPYC-Genoa', family: 25, model: 17, stepping: 0 },
  { name: 'EPYC-Turin', family: 26, model: 0, stepping: 0 },
  { name: 'Dhyana', family: 24, model: 0, stepping: 1 },
];

/** @throws SevError MEASURE_CPU when a number does not fit */
export function cpuSignature({ family, model, stepping }: CpuVersion): number {
  requireWithin(family, 15 + 0xff, 'cpu.family');
  requireWithin(model, 0xff, 'cpu.model');
  requireWithin(stepping, 0xf, 'cpu.stepping');
  const extendedFamily = Math.max(family - 15, 0);
  const base = stepping | ((model & 15) << 4) | (Math.min(family, 15) << 8);
  return base | ((model >> 4) << 16) | (extendedFamily << 20);
}

/** The inverse of `cpuSignature`. */
export function cpuVersion(signature: number): CpuVersion {
  const family = (signature >>> 8) & 15;
  const extended = (signature >>> 20) & 0xff;
  return {
    family: family === 15 ? 15 + extended : family,
    model: (((signature >>> 16) & 15) << 4) | ((signature >>> 4) & 15),
    stepping: signature & 15,
  };
}

/**
 * The signature of a QEMU model, with or without its version: `EPYC-Milan`, `EPYC-Milan-v2`, `EPYC-IBPB`.
 * @throws SevError MEASURE_CPU when the name is not known; `host` has the host's own signature and no fixed one
 */
export function signatureOfModel(name: string): number {
  const base = name.replace(/-v[1-9][0-9]?$/, '').replace(/-IBPB$/, '');
  const model = CPU_MODELS.find((known) => known.name.toLowerCase() === base.toLowerCase());
  if (model) return cpuSignature(model);
  const because =
    name === 'host' || name === 'max'
      ? `With ${name} the guest has its host's own signature.`
      : `“${name.slice(0, 40)}” is none of ${CPU_MODELS.map((known) => known.name).join(', ')}.`;
  throw new SevError('MEASURE_CPU', { at: 'cpu.model', because });
}

/** A signature as people read it: `0xa00f11 (family 25, model 1, stepping 1: EPYC-Milan)`. */
export function showSignature(signature: number): string {
  const { family, model, stepping } = cpuVersion(signature);
  const known = CPU_MODELS.find((candidate) => cpuSignature(candidate) === signature);
  const numbers = `family ${family}, model ${model}, stepping ${stepping}`;
  return `0x${signature.toString(16)} (${numbers}${known ? `: ${known.name}` : ''})`;
}

function requireWithin(value: number, max: number, at: string): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new SevError('MEASURE_CPU', { at, because: `${value} is not within 0–${max}.` });
}
