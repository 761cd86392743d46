// The certificate table as a simulated host hands it to its guests.
import { encodeCertificateTable, TABLE_GUIDS } from '../../snp/formats/certificate-table.ts';

/** By the names of the table's entries; DER. */
export type CertificateEntries = Partial<Record<keyof typeof TABLE_GUIDS, Uint8Array>>;

export const encodeTable = (entries: CertificateEntries): Uint8Array =>
  encodeCertificateTable(
    Object.entries(entries).map(([name, data]) => ({ guid: TABLE_GUIDS[name as keyof typeof TABLE_GUIDS], data })),
  );
