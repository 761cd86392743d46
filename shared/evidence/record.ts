// The record of a launch for the file: what was verified, when, against what. Public inputs only; docs/evidence.md.
import { MAX_CHAIN_SIZE, SEV_CHAIN_SIZE } from '../sev/formats/sizes.ts';
import { fromUtf8 } from '../bytes/text.ts';
import { parseJson } from '../encodings/strict-json.ts';
import { SevError } from '../errors.ts';
import { DEVICE_KEY_SIZE, DEVICE_SIGNATURE_SIZE } from './device-key.ts';
import { CODE_FOUND } from '../guest/firmware-code.ts';
import { SEV_CERT_SIZE } from '../sev/formats/sev-cert.ts';
import { MAX_VCPUS, VMSA_SIZE, VMSA_VARIANTS } from '../guest/vmsa.ts';
import {
  array,
  blob,
  boolean,
  integer,
  literal,
  name,
  object,
  openObject,
  optional,
  type Parsed,
  refuse,
  type Schema,
  string,
  toJsonValue,
  u8,
  u32,
} from '../schema.ts';

export const EVIDENCE_FORMAT = 'sev-launch-evidence';
/**
 * The second adds attestation reports, the third VMSA pages from files, the fourth what the guest image says of itself and
 * the signature of the device. A record is written as the oldest version that has all of it.
 */
export const EVIDENCE_VERSION = 4;
/** From this version on a record can be signed. */
export const SIGNED_VERSION = 4;
/** More than a launch ever keeps. */
const MAX_REPORTS = 32;
/** Larger than any record that this program writes: five certificates and a history are some 20 KB. */
export const MAX_EVIDENCE_BYTES = 512 * 1024;
/** PDH, PEK, OCA and CEK, and behind them ASK and ARK. */

/** So many bytes in hex, small letters. */
const hex = (bytes: number): Schema<string> => ({
  parse(value, at) {
    if (typeof value !== 'string' || value.length !== 2 * bytes || !/^[0-9a-f]+$/.test(value))
      return refuse(at, `It is not ${bytes} bytes in hex.`);
    return value;
  },
});

/** A moment, as JavaScript writes it in UTC: `2026-01-31T12:00:00.000Z`. */
const instant: Schema<string> = {
  parse(value, at) {
    const ms = typeof value === 'string' && value.length === 24 ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(ms) || new Date(ms).toISOString() !== value) return refuse(at, 'It is no moment in UTC.');
    return value;
  },
};

const size = integer(0, Number.MAX_SAFE_INTEGER);
/** Guest-physical address and length in bytes. */
const area = object({ base: u32, size: u32 });
/** What a guest image says of itself. */
export const imageFacts = object({
  kind: literal('amd-sev', 'whole', 'code', 'vars', 'unknown'),
  hashArea: optional(area),
  secretArea: optional(area),
  /** What the code in it was seen to do with these areas. */
  code: optional(object({ kernelHashes: literal(...CODE_FOUND), secrets: literal(...CODE_FOUND) })),
  /** The owner vouched for it, by its hash. */
  vouched: optional(boolean),
});
const file = object({ name: name(256), size, sha256: hex(32) });
const page = object({ name: name(256), page: blob(VMSA_SIZE) });
const finding = object({
  code: name(64),
  severity: literal('ok', 'note', 'warning', 'refused', 'unchecked'),
  sentence: name(600),
  next: optional(name(600)),
  expected: optional(name(400)),
  actual: optional(name(400)),
});

const schema = object({
  format: literal(EVIDENCE_FORMAT),
  version: integer(1, EVIDENCE_VERSION),
  exported: instant,
  /** Which build of the app wrote it, by the hash that its About page shows. */
  app: object({ build: name(128) }),
  launch: object({ name: name(200), platform: name(200), simulated: boolean }),
  /** In the order of `sevctl export --full`. */
  chain: blob(SEV_CHAIN_SIZE, MAX_CHAIN_SIZE),
  /** The pinned root that the app saw the chain lead to. */
  root: name(100),
  /** What went to the host; nothing of it is secret. */
  session: object({ policy: u32, acceptsKeySharing: boolean, godh: blob(SEV_CERT_SIZE), blob: blob(128) }),
  expected: object({
    launchDigest: hex(32),
    guestImage: object({
      name: name(256),
      size,
      sha256: hex(32),
      /** SHA-256 under way after the image, from which the launch digest goes on. */
      midstate: blob(41, 104),
      resetEip: optional(u32),
      /** What the image says of itself, as the device read it from the file. From version 4 on. */
      facts: optional(imageFacts),
    }),
    kernel: optional(object({ kernel: file, initrd: optional(file), cmdline: string(4096) })),
    cpus: optional(
      object({
        vcpus: integer(1, MAX_VCPUS),
        model: name(64),
        variant: literal(...VMSA_VARIANTS),
        debugSwap: boolean,
        /** What was measured in place of pages that follow from the three before. From version 3 on. */
        pages: optional(object({ boot: page, others: optional(page) })),
      }),
    ),
    floor: optional(object({ apiMajor: u8, apiMinor: u8, build: u8 })),
  }),
  /** What the host reported. */
  reported: object({ measure: hex(32), mnonce: hex(16), apiMajor: u8, apiMinor: u8, build: u8, policy: u32 }),
  verdict: object({ kind: literal('release', 'withhold'), at: instant, findings: array(finding, 100) }),
  history: array(object({ at: instant, event: name(40), detail: optional(name(400)) }), 1000),
  /** What the guest owner said to have found inside the guest. */
  foundInside: array(name(40), 16),
  /** Attestation reports, each with the nonce that it was asked under. From version 2 on. */
  reports: optional(
    array(object({ mnonce: hex(16), asked: instant, report: blob(208), received: instant }), MAX_REPORTS),
  ),
  /** By the device that wrote the record: its public key, and ECDSA on P-256 over all the rest. From version 4 on. */
  signature: optional(object({ key: blob(DEVICE_KEY_SIZE), signature: blob(DEVICE_SIGNATURE_SIZE) })),
});

export type Evidence = Parsed<typeof schema>;

/** The file's text: JSON, byte strings in base64, hashes in hex. */
export const encodeEvidence = (evidence: Evidence): string => `${JSON.stringify(toJsonValue(evidence), null, 1)}\n`;

/** The record as JSON without blanks, its members in the schema's order whatever order they came in: what is signed. */
export const canonicalEvidence = (evidence: Evidence): string =>
  JSON.stringify(toJsonValue(schema.parse(toJsonValue(evidence), 'evidence')));

const anyVersion = openObject({ format: literal(EVIDENCE_FORMAT), version: integer(1, 1_000_000) });

/** @throws SevError BYTES_TOO_LARGE, BYTES_ENCODING, BYTES_VALUE, BYTES_LENGTH, BYTES_VERSION for one of a newer program */
export function parseEvidence(bytes: Uint8Array, at = 'evidence'): Evidence {
  if (bytes.length > MAX_EVIDENCE_BYTES) throw new SevError('BYTES_TOO_LARGE', { at });
  const value = parseJson(fromUtf8(bytes, at), at);
  if (anyVersion.parse(value, at).version > EVIDENCE_VERSION) throw new SevError('BYTES_VERSION', { at });
  const evidence = schema.parse(value, at);
  const least = leastVersion(evidence);
  if (evidence.version === least) return evidence;
  return refuse(`${at}.${PARTS[Math.max(least, evidence.version)]}`, `It does not fit version ${evidence.version}.`);
}

/** What each version added first. */
const PARTS: Readonly<Record<number, string>> = {
  2: 'reports',
  3: 'expected.cpus.pages',
  4: 'expected.guestImage.facts',
};

/** The oldest version that has all that the record holds. */
export function leastVersion({
  reports,
  expected,
  signature,
}: Pick<Evidence, 'reports' | 'expected' | 'signature'>): number {
  if (expected.guestImage.facts || signature) return 4;
  if (expected.cpus?.pages) return 3;
  return reports ? 2 : 1;
}
