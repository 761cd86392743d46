// Where AMD's key server (KDS) has the certificates of an SNP report. KDS specification 57230; numbers are decimal.
import { isZero } from '../../shared/bytes/equal.ts';
import { toHex } from '../../shared/bytes/text.ts';
import type { SnpProduct } from '../../shared/snp/formats/product.ts';
import type { SnpReport } from '../../shared/snp/formats/report.ts';

const KDS = 'https://kdsintf.amd.com';

export interface KdsAddresses {
  readonly product: SnpProduct;
  /** Of the chip and its reported TCB; none for a VLEK, which only its provider has, nor for a masked chip. */
  readonly vcek?: string;
  /** ASK or ASVK, and ARK. */
  readonly chain: string;
  readonly crl: string;
}

/** @returns for each product that it can be: a report of version 2 does not tell Milan from Genoa */
export function kdsAddresses(report: SnpReport): readonly KdsAddresses[] {
  const products: readonly SnpProduct[] = report.product ? [report.product] : ['Milan', 'Genoa'];
  return products.map((product) => addressesFor(report, product));
}

function addressesFor({ chipId, signingKey, reportedTcb }: SnpReport, product: SnpProduct): KdsAddresses {
  const kind = signingKey === 'VLEK' ? 'vlek' : 'vcek';
  const rest = { product, chain: `${KDS}/${kind}/v1/${product}/cert_chain`, crl: `${KDS}/${kind}/v1/${product}/crl` };
  if (signingKey === 'VLEK' || isZero(chipId)) return rest;
  const id = toHex(product === 'Turin' ? chipId.subarray(0, 8) : chipId);
  const { fmc, bootLoader, tee, snp, microcode } = reportedTcb;
  const levels = [
    ...(fmc === undefined ? [] : [`fmcSPL=${fmc}`]),
    `blSPL=${bootLoader}`,
    `teeSPL=${tee}`,
    `snpSPL=${snp}`,
    `ucodeSPL=${microcode}`,
  ];
  return { ...rest, vcek: `${KDS}/vcek/v1/${product}/${id}?${levels.join('&')}` };
}
