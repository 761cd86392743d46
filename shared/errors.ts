// The one error class of the project, and the table of what each code means to a person.
// docs/style.md: a stable code, the field or place, a sentence for people, and what to do next.

import type { ErrorWords } from './errors/words.ts';
import { BYTES_ERRORS } from './errors/bytes.ts';
import { CERT_ERRORS } from './errors/cert.ts';
import { MEASURE_ERRORS } from './errors/measure.ts';
import { VAULT_ERRORS } from './errors/vault.ts';
import { RELAY_ERRORS } from './errors/relay.ts';
import { AMDSP_ERRORS } from './errors/amdsp.ts';
import { SNP_ERRORS } from './errors/snp.ts';
import { SNP_LAUNCH_ERRORS } from './errors/snp-launch.ts';
import { SNP_SECRET_ERRORS } from './errors/snp-secret.ts';

export type { ErrorWords } from './errors/words.ts';

const ERROR_WORDS = {
  ...BYTES_ERRORS,
  ...CERT_ERRORS,
  ...MEASURE_ERRORS,
  ...VAULT_ERRORS,
  ...RELAY_ERRORS,
  ...AMDSP_ERRORS,
  ...SNP_ERRORS,
  ...SNP_LAUNCH_ERRORS,
  ...SNP_SECRET_ERRORS,
};

/** Every code that a `SevError` can carry. Codes are stable: scripts and translations rely on them. */
export type ErrorCode = keyof typeof ERROR_WORDS;

/** What may be said beyond the table: never secret bytes, and never a whole blob. */
export interface ErrorDetails {
  /** The field path, such as `pek.signature1.r` or `session.policy`. */
  readonly at?: string;
  /** One further sentence with the facts of this case, such as "2,083 bytes instead of 2,084." */
  readonly because?: string;
  /** Takes the place of the table's sentence where the case allows a plainer one. */
  readonly sentence?: string;
  /** Takes the place of the table's next step. */
  readonly next?: string;
  readonly cause?: unknown;
}

/** A refusal or failure with a stable code, a place, a sentence for people and the next step. */
export class SevError extends Error {
  readonly code: ErrorCode;
  readonly at: string;
  readonly sentence: string;
  /** The facts of this case alone: the end of `sentence`, for an error that is told as the reason of another. */
  readonly because: string;
  readonly next: string;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const words: ErrorWords = ERROR_WORDS[code];
    const sentence = [details.sentence ?? words.sentence, details.because].filter(Boolean).join(' ');
    super(details.at ? `${code} at ${details.at}: ${sentence}` : `${code}: ${sentence}`);
    if (details.cause !== undefined) this.cause = details.cause;
    this.name = 'SevError';
    this.code = code;
    this.at = details.at ?? '';
    this.sentence = sentence;
    this.because = details.because ?? '';
    this.next = details.next ?? words.next;
  }

  toJSON(): { code: ErrorCode; at: string; sentence: string; next: string } {
    return { code: this.code, at: this.at, sentence: this.sentence, next: this.next };
  }
}

/** The same error with the file or field in which its place lies: `chain.cert: ask.signature`. */
export function placedIn(error: SevError, outer: string): SevError {
  if (error.at.startsWith(outer)) return error;
  const { code, because, next, cause } = error;
  const at = error.at ? `${outer}: ${error.at}` : outer;
  const sentence = because ? error.sentence.slice(0, -because.length).trimEnd() : error.sentence;
  return new SevError(code, { at, sentence, because, next, ...(cause !== undefined && { cause }) });
}

/** What one error says as the reason of another: its facts alone, so that general sentences do not stack. */
export const reasonIn = (error: SevError): string => error.because || error.sentence;

/** The words of a code, for screens that explain a code which arrived by name. */
export const wordsOf = (code: ErrorCode): ErrorWords => ERROR_WORDS[code];

/** Whether a string that came from outside names one of our codes. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERROR_WORDS, code);
