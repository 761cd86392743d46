// A secret sealed to one SNP guest: an age file for the key that its verified report names, with a receipt only that guest can read.
import { SevError } from '../../errors.ts';
import { equalBytes } from '../../bytes/equal.ts';
import { toHex, toUtf8 } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import type { Random } from '../../crypto/subtle.ts';
import { isSnpRelease, type SnpRelease } from '../decide/release.ts';
import { encodeSecret, parseResult, RECEIPT_SIZE } from '../session/secret-lines.ts';

/** cryptsetup reads a key file of up to 8 MiB; a passphrase or key of a disk has far less. */
const MAX_SECRET_BYTES = 4096;

/** Encrypts to an age recipient; the library behind it is loaded only when something is released. */
export type AgeEncrypt = (recipient: string, plaintext: Uint8Array) => Promise<Uint8Array>;

export interface SealedSecret {
  /** For the guest: `snp-secret-1 secret …`. */
  readonly line: string;
  /** 32 bytes that come back in clear when the guest has opened the file. */
  readonly receipt: Uint8Array;
}

/**
 * Seals a secret; the plaintext is wiped afterwards. The caller has spent the challenge before.
 *
 * @param secret as cryptsetup is to read it, to the last byte
 * @throws SevError MEASURE_NOT_VERIFIED for a release that `decideSnpRelease` did not make, MEASURE_SECRET_SIZE
 */
export async function sealSnpSecret(
  release: SnpRelease,
  secret: Uint8Array,
  encrypt: AgeEncrypt,
  random: Random,
): Promise<SealedSecret> {
  // The type asks for it already; this holds where types do not reach.
  if (!isSnpRelease(release)) throw new SevError('MEASURE_NOT_VERIFIED', { at: 'release' });
  if (secret.length === 0 || secret.length > MAX_SECRET_BYTES)
    throw new SevError('MEASURE_SECRET_SIZE', { at: 'secret', because: `It has ${secret.length} bytes.` });
  const receipt = random(RECEIPT_SIZE);
  const plaintext = concat(toUtf8(`${toHex(receipt)}\n`), secret);
  try {
    return { line: encodeSecret(await encrypt(release.recipient, plaintext)), receipt };
  } finally {
    plaintext.fill(0);
  }
}

/**
 * Whether the guest has opened its disk: only who decrypted the file knows the receipt.
 * @returns what the guest says otherwise; anyone on the way can say that
 * @throws SevError SNP_SECRET_LINE, SNP_SECRET_RECEIPT
 */
export function readReceipt(line: string, { receipt }: Pick<SealedSecret, 'receipt'>): { readonly refused?: string } {
  const { opened, refused } = parseResult(line);
  if (refused !== undefined) return { refused };
  if (!equalBytes(opened, receipt)) throw new SevError('SNP_SECRET_RECEIPT', { at: 'result' });
  return {};
}
