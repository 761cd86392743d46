// AMD's certificates for SEV-SNP, loaded when the first report is judged and not before: they are no part of the app's first scripts.
import type { AmdSnpCertificates } from './amd-snp-certificates.ts';
import type { ProductLine } from './pinned-root.ts';

export const loadAmdSnpCertificates = async (): Promise<Readonly<Record<ProductLine, AmdSnpCertificates>>> =>
  (await import('./amd-snp-certificates.ts')).AMD_SNP_CERTIFICATES;

/** All of them, as authorities to verify a chain with: those that do not belong to it are passed over. */
export const loadAmdAuthorities = async (): Promise<readonly Uint8Array[]> =>
  Object.values(await loadAmdSnpCertificates()).flatMap(({ ark, ask, asvk }) => [ark, ask, asvk]);
