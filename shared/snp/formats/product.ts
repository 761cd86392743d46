// Processor families as AMD's key server (KDS) names them: each has a root of its own and a layout of its TCB.
// SNP report specification part 5; 57230 1.5.

/** Genoa's line serves Bergamo and Siena too. */
export type SnpProduct = 'Milan' | 'Genoa' | 'Turin';

export const SNP_PRODUCTS: readonly SnpProduct[] = ['Milan', 'Genoa', 'Turin'];

/** As people know them. */
export const PRODUCT_NAMES: Readonly<Record<SnpProduct, string>> = {
  Milan: 'Milan (EPYC 7003)',
  Genoa: 'Genoa, Bergamo, Siena (EPYC 9004, 8004)',
  Turin: 'Turin (EPYC 9005)',
};

/** CPUID Fn0000_0001 as reports of version 3 and later hold it: extended and base parts added up. */
export interface Cpuid {
  readonly family: number;
  readonly model: number;
  readonly stepping: number;
}

const LINES: readonly { product: SnpProduct; family: number; models: readonly [number, number] }[] = [
  { product: 'Milan', family: 0x19, models: [0x00, 0x0f] },
  { product: 'Genoa', family: 0x19, models: [0x10, 0x1f] },
  { product: 'Genoa', family: 0x19, models: [0xa0, 0xaf] },
  { product: 'Turin', family: 0x1a, models: [0x00, 0x1f] },
];

/** The product line of a processor; undefined for any that is not known here, such as Venice (1Ah, 50h). */
export const productOfCpuid = ({ family, model }: Pick<Cpuid, 'family' | 'model'>): SnpProduct | undefined =>
  LINES.find((line) => line.family === family && model >= line.models[0] && model <= line.models[1])?.product;

/** A product by the name that KDS and certificates give it. */
export const productNamed = (name: string): SnpProduct | undefined => SNP_PRODUCTS.find((product) => product === name);
