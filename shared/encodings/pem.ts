// PEM: base64 between dashes. Certificates and CRLs come in it, several in one file, and so do reports.
import { SevError } from '../errors.ts';
import { ascii, fromBase64, fromUtf8 } from '../bytes/text.ts';

export interface PemBlock {
  /** What stands between BEGIN and the dashes: `CERTIFICATE`. */
  readonly label: string;
  readonly bytes: Uint8Array;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END ([A-Z0-9 ]{1,40})-----/g;
const BEGIN = ascii('-----BEGIN ');
const DER_SEQUENCE = 0x30;

/** Whether these bytes are text with a block in it, perhaps after words as `openssl x509 -text` writes them; DER begins otherwise. */
export function looksLikePem(bytes: Uint8Array): boolean {
  if (bytes[0] === DER_SEQUENCE) return false;
  return bytes.some((byte, start) => byte === BEGIN[0] && BEGIN.every((expected, i) => bytes[start + i] === expected));
}

/**
 * Every block of a PEM text, in its order; what stands between blocks is passed over.
 * @throws SevError BYTES_ENCODING when there is none, one is not closed under its own label, or one is not base64
 */
export function readPem(bytes: Uint8Array, at: string): readonly PemBlock[] {
  const text = fromUtf8(bytes, at);
  const blocks = [...text.matchAll(BLOCK)].map(([, label, body, end]) => {
    if (label !== end) throw new SevError('BYTES_ENCODING', { at });
    return { label: label!, bytes: fromBase64(body!.replaceAll(/\s/g, ''), at) };
  });
  const begun = text.split('-----BEGIN ').length - 1;
  if (blocks.length === 0 || blocks.length !== begun) throw new SevError('BYTES_ENCODING', { at });
  return blocks;
}
