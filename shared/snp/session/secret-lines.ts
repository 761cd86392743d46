// The lines of `snp-secret-1`: how an owner asks an SNP guest who it is, and hands it a secret that only this guest can open.
// SNP secret delivery, part 2. Every line is one line of ASCII: the protocol, a word, and its fields with one blank between.
import { SevError } from '../../errors.ts';
import { fromBase64, toBase64, toHex, toUtf8 } from '../../bytes/text.ts';
import { requireLength } from '../../bytes/reader.ts';
import { digest } from '../../crypto/subtle.ts';
import { MAX_TABLE_BYTES } from '../formats/certificate-table.ts';
import { SNP_REPORT_SIZE } from '../formats/report.ts';
import { MAX_CONFIG_BYTES } from './guest-config.ts';

export const SECRET_PROTOCOL = 'snp-secret-1';
export const NONCE_SIZE = 32;
export const RECEIPT_SIZE = 32;
export const MAX_AGE_FILE_BYTES = 8192;

/** An X25519 recipient has 62 characters; a hybrid post-quantum one, `age1pq1…`, about 1,960. */
const RECIPIENT = /^age1(?:pq1)?[02-9ac-hj-np-z]{58,2000}$/;
const MAX_REASON = 200;
/** The longest line is the evidence, with a whole certificate table in base64. */
export const MAX_LINE_CHARACTERS = 4096 + Math.ceil((SNP_REPORT_SIZE + MAX_TABLE_BYTES) / 3) * 4;

export interface ChallengeLine {
  /** 32 random bytes, used once. */
  readonly nonce: Uint8Array;
  /** The configuration that the guest was launched with; see `guest-config.ts`. */
  readonly config: Uint8Array;
}

export interface EvidenceLine {
  readonly nonce: Uint8Array;
  /** The guest's age recipient, made for this boot. */
  readonly recipient: string;
  /** 1,184 bytes. */
  readonly report: Uint8Array;
  /** The host's certificate table, as it came; none where the host gave none. */
  readonly table?: Uint8Array;
}

export type ResultLine =
  | { readonly opened: Uint8Array; readonly refused?: undefined }
  | { readonly opened?: undefined; readonly refused: string };

/** @throws SevError BYTES_LENGTH, BYTES_TOO_LARGE */
export function encodeChallenge({ nonce, config }: ChallengeLine): string {
  requireLength(nonce, NONCE_SIZE, 'challenge.nonce');
  if (config.length > MAX_CONFIG_BYTES) throw new SevError('BYTES_TOO_LARGE', { at: 'challenge.config' });
  return `${SECRET_PROTOCOL} challenge ${toBase64(nonce)} ${toBase64(config)}\n`;
}

/** What a guest's agent reads. @throws SevError SNP_SECRET_LINE, BYTES_LENGTH, BYTES_ENCODING, BYTES_TOO_LARGE */
export function parseChallenge(line: string): ChallengeLine {
  const [nonce = '', config = ''] = fieldsOf(line, 'challenge', 2);
  return { nonce: bytesOf(nonce, NONCE_SIZE, 'challenge.nonce'), config: atMost(config, MAX_CONFIG_BYTES, 'config') };
}

/** @throws SevError SNP_SECRET_LINE */
export function encodeEvidence({ nonce, recipient, report, table }: EvidenceLine): string {
  const certificates = table ? toBase64(table) : '';
  return `${SECRET_PROTOCOL} evidence ${toBase64(nonce)} ${recipient} ${toBase64(report)} ${certificates}\n`;
}

/**
 * Reads what a guest answered. Nothing of it is proven before the report was verified.
 * @throws SevError SNP_SECRET_LINE, BYTES_LENGTH, BYTES_ENCODING, BYTES_TOO_LARGE
 */
export function parseEvidence(line: string): EvidenceLine {
  const [nonce = '', recipient = '', report = '', table = ''] = fieldsOf(line, 'evidence', 4);
  if (!RECIPIENT.test(recipient)) throw malformed('evidence.recipient', 'This is not an age recipient.');
  return {
    nonce: bytesOf(nonce, NONCE_SIZE, 'evidence.nonce'),
    recipient,
    report: bytesOf(report, SNP_REPORT_SIZE, 'evidence.report'),
    ...(table !== '' && { table: atMost(table, MAX_TABLE_BYTES, 'evidence.table') }),
  };
}

/** @param ageFile an age v1 file @throws SevError BYTES_TOO_LARGE */
export function encodeSecret(ageFile: Uint8Array): string {
  if (ageFile.length > MAX_AGE_FILE_BYTES) throw new SevError('BYTES_TOO_LARGE', { at: 'secret' });
  return `${SECRET_PROTOCOL} secret ${toBase64(ageFile)}\n`;
}

/** @throws SevError SNP_SECRET_LINE, BYTES_ENCODING, BYTES_TOO_LARGE */
export function parseSecret(line: string): Uint8Array {
  const [ageFile = ''] = fieldsOf(line, 'secret', 1);
  return atMost(ageFile, MAX_AGE_FILE_BYTES, 'secret');
}

export const encodeResult = ({ opened, refused }: ResultLine): string =>
  `${SECRET_PROTOCOL} result ${opened ? `opened ${toHex(opened)}` : `refused ${refused}`}\n`;

/** A host can forge `refused`; `opened` proves itself by the receipt. @throws SevError SNP_SECRET_LINE, BYTES_TOO_LARGE */
export function parseResult(line: string): ResultLine {
  const text = textOf(line, 'result');
  const receipt = /^opened ([0-9a-f]{64})$/.exec(text)?.[1];
  if (receipt !== undefined) {
    return {
      opened: Uint8Array.from({ length: RECEIPT_SIZE }, (_, i) => parseInt(receipt.slice(2 * i, 2 * i + 2), 16)),
    };
  }
  if (text.startsWith('refused ')) return { refused: text.slice(8, 8 + MAX_REASON) };
  throw malformed('result', 'It is neither opened nor refused.');
}

/** REPORT_DATA of the evidence for a challenge: SHA-512 over the protocol, the nonce's text and the recipient; 64 bytes. */
export const reportDataOf = ({ nonce, recipient }: Pick<EvidenceLine, 'nonce' | 'recipient'>): Promise<Uint8Array> =>
  digest('SHA-512', toUtf8(`${SECRET_PROTOCOL}\n${toBase64(nonce)}\n${recipient}\n`));

function fieldsOf(line: string, word: string, count: number): readonly string[] {
  const fields = textOf(line, word).split(' ');
  // The last field of an evidence may be empty, and an agent's `read` drops the blank before it.
  if (fields.length === count || (word === 'evidence' && fields.length === count - 1)) return fields;
  throw malformed(word, `It has ${fields.length} fields instead of ${count}.`);
}

/** What follows the protocol and the word, without the line's end. */
function textOf(line: string, word: string): string {
  if (line.length > MAX_LINE_CHARACTERS) throw new SevError('BYTES_TOO_LARGE', { at: word });
  const plain = line.replace(/\r?\n$/, '');
  if (!/^[\x20-\x7e]*$/.test(plain)) throw malformed(word, 'It holds characters that no such line has.');
  const start = `${SECRET_PROTOCOL} ${word} `;
  if (plain.startsWith(start)) return plain.slice(start.length).trimEnd();
  const [protocol = '', other = ''] = plain.split(' ', 2);
  if (protocol !== SECRET_PROTOCOL) throw malformed(word, 'It does not begin with “snp-secret-1”.');
  throw malformed(word, `It is a line “${other.slice(0, 20)}”.`);
}

function bytesOf(text: string, size: number, at: string): Uint8Array {
  if (text.length > Math.ceil(size / 3) * 4 + 4) throw new SevError('BYTES_TOO_LARGE', { at });
  const bytes = fromBase64(text, at);
  requireLength(bytes, size, at);
  return bytes;
}

function atMost(text: string, size: number, at: string): Uint8Array {
  if (text.length > Math.ceil(size / 3) * 4) throw new SevError('BYTES_TOO_LARGE', { at });
  return fromBase64(text, at);
}

const malformed = (at: string, because: string): SevError => new SevError('SNP_SECRET_LINE', { at, because });
