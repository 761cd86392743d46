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

/** QEMU's models of AMD and Hygon; the versions (`-v1`, `-v2` …) of each, and EPYC-IBPB, have the same signature. */
export const CPU_MODELS: readonly CpuModel[] = [
  { name: 'EPYC', family: 23, model: 1, stepping: 2 },
  { name: 'EPYC-Rome', family: 23, model: 49, stepping: 0 },
  { name: 'EPYC-Milan', family: 25, model: 1, stepping: 1 },
  { name: 'EPYC-Genoa', family: 25, model: 17, stepping: 0 },
  { name: 'EPYC-Turin', family: 26, model: 0, stepping: 0 },
  { name: 'Dhyana', family: 24, model: 0, stepping: 1 },
];

/**
 * Processors whose own signature none of QEMU's models has: that of a guest with `-cpu host`. Naples, Rome and Milan are
 * as QEMU's models of them. Steppings from Linux's arch/x86/kernel/cpu/microcode/amd.c.
 */
export const HOST_CPUS: readonly CpuModel[] = [
  { name: 'a Milan-X processor', family: 25, model: 1, stepping: 2 },
  { name: 'a Genoa processor', family: 25, model: 17, stepping: 1 },
  { name: 'a Genoa-X processor', family: 25, model: 17, stepping: 2 },
  { name: 'a Bergamo or Siena processor', family: 25, model: 160, stepping: 2 },
  { name: 'a Turin processor', family: 26, model: 2, stepping: 1 },
  { name: 'a Turin Dense processor', family: 26, model: 17, stepping: 0 },
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
  const base = name.replace(/-v[1-9][0-9]?$/, '').replace(/^EPYC-IBPB$/i, 'EPYC');
  const model = CPU_MODELS.find((known) => known.name.toLowerCase() === base.toLowerCase());
  if (model) return cpuSignature(model);
  const because =
    name === 'host' || name === 'max'
      ? `With ${name} the guest has its host's own signature.`
      : `“${name.slice(0, 40)}” is none of ${CPU_MODELS.map((known) => known.name).join(', ')}.`;
  throw new SevError('MEASURE_CPU', { at: 'cpu.model', because });
}

/**
 * The signature of a CPU as a person describes it: one of QEMU's models, the signature itself (`0xa10f11`), or family,
 * model and stepping in decimal, as a host's /proc/cpuinfo and libvirt's capabilities have them (`25/17/1`).
 * @throws SevError MEASURE_CPU
 */
export function readCpu(text: string): number {
  const plain = text.trim();
  if (/^0x[0-9a-f]{1,8}$/i.test(plain)) return Number(plain);
  const numbers = /^(?:family\D{0,3})?(\d{1,3})\D{1,12}(\d{1,3})\D{1,12}(\d{1,3})\D{0,3}$/i.exec(plain);
  if (!numbers) return signatureOfModel(plain);
  const [family, model, stepping] = numbers.slice(1).map(Number) as [number, number, number];
  return cpuSignature({ family, model, stepping });
}

/** A signature as people read it: `0xa00f11 (family 25, model 1, stepping 1: EPYC-Milan)`. */
export function showSignature(signature: number): string {
  const { family, model, stepping } = cpuVersion(signature);
  const known = [...CPU_MODELS, ...HOST_CPUS].find((candidate) => cpuSignature(candidate) === signature);
  const numbers = `family ${family}, model ${model}, stepping ${stepping}`;
  return `0x${signature.toString(16)} (${numbers}${known ? `: ${known.name}` : ''})`;
}

function requireWithin(value: number, max: number, at: string): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return;
  throw new SevError('MEASURE_CPU', { at, because: `${value} is not within 0–${max}.` });
}
