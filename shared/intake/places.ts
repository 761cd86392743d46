// Files of certificates whose size says what stands where.
import { CA_PAIR_SIZES } from '../sev/formats/sizes.ts';
import type { CertChain } from '../sev/formats/cert-chain.ts';
import { SEV_CERT_SIZE } from '../sev/formats/sev-cert.ts';

export interface Place {
  readonly name: keyof CertChain;
  readonly start: number;
  readonly end: number;
}

const PLATFORM = ['pdh', 'pek', 'oca', 'cek'] as const;
const CHAIN = ['pek', 'oca', 'cek'] as const;

const row = (names: readonly (keyof CertChain)[], caSizes: readonly number[] = []): Place[] => {
  const sizes = [...names.map(() => SEV_CERT_SIZE), ...caSizes];
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const all = [...names, ...(caSizes.length > 0 ? (['ask', 'ark'] as const) : [])];
  return all.map((name, i) => ({ name, start: starts[i]!, end: starts[i]! + sizes[i]! }));
};

/** sevctl's export with and without --full, PDH_CERT_EXPORT's second buffer, and AMD's ask_ark files. */
const FILES: readonly (readonly Place[])[] = [
  row(PLATFORM),
  row(CHAIN),
  ...CA_PAIR_SIZES.flatMap((sizes) => [row(PLATFORM, sizes), row([], sizes)]),
];

/** What stands where in a file of this size; undefined when the size does not say. */
export const placesOf = (size: number): readonly Place[] | undefined =>
  FILES.find((places) => places.at(-1)!.end === size);

/** The certificate that a file or member is named after: `pdh.cert`, `certs_export.zip/ask.cert`, `pdh`. */
export const nameOfSource = (source: string): keyof CertChain | undefined =>
  /(?:^|[/\\.])(pdh|pek|oca|cek|ask|ark)(?:\.[^/\\.]*)?$/i.exec(source)?.[1]?.toLowerCase() as
    keyof CertChain | undefined;
