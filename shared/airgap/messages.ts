// Everything that crosses the air gap, typed and versioned: what the relay can carry, codes can carry too.
// All of it is public or sealed already. A key has no place in a message: the lists below are the whole of it.
import { CA_CERT_SIZES, SEV_CERT_SIZE } from '../sev/formats/sizes.ts';
import { toHex } from '../bytes/text.ts';
import { SevError } from '../errors.ts';
import { integer, literal, object, optional, type Parsed, refuse, type Schema, u32, u8 } from '../schema.ts';
import { type CborValue, decodeCbor, encodeCbor } from './cbor.ts';
import { compress, decompress } from './deflate.ts';
import { bytes, label, relayUrl } from './message-members.ts';
import { sessionTag } from './session-tag.ts';
import type { Ur } from './ur.ts';

const cert = bytes(SEV_CERT_SIZE);
/** An ARK or ASK: 832 or 1,600 bytes, or the 576 bytes of Naples' ARK as AMD serves it. */
const caCert = bytes(CA_CERT_SIZES.unsigned, CA_CERT_SIZES.long);
const sha256 = bytes(32);
const name = optional(label(64));
/** Which session this belongs to: see `sessionTag`. Left out where the sender does not know it. */
const session = optional(bytes(8));
/** The relay's id of the guest, so that an answer finds its way back through the courier. */
const guest = optional(label(128));

/**
 * The members of every kind. A member's key on the wire is its place in the list, from 1; key 0 is the version.
 * So new members are appended, as optional ones, and none is ever moved or taken away.
 */
const MEMBERS = {
  /** The platform's certificates; the CA only where the other side may not have it. */
  chain: { pdh: cert, pek: cert, oca: cert, cek: cert, ask: optional(caCert), ark: optional(caCert), name },
  cert: {
    role: literal('PDH', 'PEK', 'OCA', 'CEK', 'ASK', 'ARK'),
    cert: bytes(CA_CERT_SIZES.unsigned, SEV_CERT_SIZE),
    name,
  },
  oca: { oca: cert, name },
  csr: { csr: cert, name },
  /** The PEK as the Platform Owner signed it, and the OCA that signed. */
  pek: { pek: cert, oca: cert },
  /** What a launch starts from. The session is wrapped for the platform; whoever carries it cannot open it. */
  launch: { godh: cert, session: bytes(128), policy: u32, name, profile: optional(label(128)) },
  measurement: {
    measurement: bytes(48),
    apiMajor: u8,
    apiMinor: u8,
    build: u8,
    policy: u32,
    session,
    guest,
    handle: optional(u32),
  },
  /** A packet as it goes into the guest: encrypted under the TEK, authenticated under the TIK. */
  secret: {
    session: bytes(8),
    header: bytes(52),
    payload: bytes(16, 16_384),
    guest,
    gpa: optional(integer(0, Number.MAX_SAFE_INTEGER)),
  },
  'report-request': { mnonce: bytes(16), session, guest },
  report: { report: bytes(208), session, guest },
  relay: { url: relayUrl, code: label(128) },
  /** A file known by its hash, and what a launch digest needs of a guest image: see `reference.ts`. */
  reference: {
    name: label(64),
    role: literal('guest-image', 'kernel', 'initrd'),
    size: integer(0, Number.MAX_SAFE_INTEGER),
    sha256,
    midstate: optional(bytes(41, 104)),
    imageKind: optional(literal('amd-sev', 'whole', 'code', 'vars', 'unknown')),
    resetEip: optional(u32),
    hashBase: optional(u32),
    hashSize: optional(u32),
    secretBase: optional(u32),
    secretSize: optional(u32),
  },
  /** SHA-256 of the OCA's whole public key, as the Platform Owner vouches for it. */
  'oca-pin': { sha256, name },
} as const;

export type MessageKind = keyof typeof MEMBERS;
export const MESSAGE_KINDS = Object.keys(MEMBERS) as readonly MessageKind[];
type MembersOf<K extends MessageKind> = Parsed<ReturnType<typeof object<(typeof MEMBERS)[K]>>>;
/** One message, of any kind. */
export type AirgapMessage = { [K in MessageKind]: { readonly kind: K } & MembersOf<K> }[MessageKind];

/** What each kind is called in a sentence. */
const KIND_NAMES: Readonly<Record<MessageKind, string>> = {
  chain: 'a platform chain',
  cert: 'a certificate',
  oca: "an owner's certificate (OCA)",
  csr: 'a signing request',
  pek: 'a signed PEK',
  launch: 'a launch session',
  measurement: 'a measurement',
  secret: 'a secret packet',
  'report-request': 'a request for an attestation report',
  report: 'an attestation report',
  relay: 'a relay pairing',
  reference: 'a reference value',
  'oca-pin': "an owner's pin (OCA)",
};
export const nameOfKind = (kind: MessageKind): string => KIND_NAMES[kind];

/** The version of every kind as it is written here; a reader refuses later ones. */
const VERSION = 1;
const TYPE_PREFIX = 'x-sev-';
export const typeOfKind = (kind: MessageKind): string => TYPE_PREFIX + kind;

/** The kind that the type of a Uniform Resource names; none for types that are not ours. */
export function kindOfType(type: string): MessageKind | undefined {
  const kind = type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : '';
  return Object.hasOwn(MEMBERS, kind) ? (kind as MessageKind) : undefined;
}

/**
 * Writes a message: CBOR, deflated, under its kind's type. It is read back first, so that nothing leaves that would be refused.
 * @throws SevError BYTES_LENGTH, BYTES_VALUE
 */
export async function encodeMessage(message: AirgapMessage): Promise<Ur> {
  const { kind, ...given } = message;
  const members = schemaOf(kind).parse(given, kind) as Readonly<Record<string, CborValue>>;
  const values = Object.keys(MEMBERS[kind]).flatMap((member, i): [number, CborValue][] =>
    members[member] === undefined ? [] : [[i + 1, members[member]]],
  );
  return { type: typeOfKind(kind), payload: await compress(encodeCbor(new Map([[0, VERSION], ...values]))) };
}

/**
 * Reads a message, strictly: every member in its place and bounds, and none besides.
 * @throws SevError BYTES_UNKNOWN, BYTES_VERSION, BYTES_LENGTH, BYTES_VALUE, BYTES_CHECKSUM, BYTES_TOO_LARGE
 */
export async function parseMessage({ type, payload }: Ur): Promise<AirgapMessage> {
  const kind = kindOfType(type);
  if (!kind) throw new SevError('BYTES_UNKNOWN', { at: type.slice(0, 40) });
  const values = decodeCbor(await decompress(payload), kind);
  if (!(values instanceof Map)) return refuse(kind, 'It is not a map.');
  const version: unknown = values.get(0);
  if (version !== VERSION) {
    if (typeof version === 'number' && version > VERSION) throw new SevError('BYTES_VERSION', { at: kind });
    return refuse(kind, 'It does not say its version.');
  }
  const names = Object.keys(MEMBERS[kind]);
  const entries = [...(values as ReadonlyMap<number, unknown>)].slice(1);
  const members = Object.fromEntries(entries.map(([key, value]) => [names[key - 1] ?? `${key}`, value]));
  return { kind, ...(schemaOf(kind).parse(members, kind) as object) } as AirgapMessage;
}

const schemaOf = (kind: MessageKind): Schema<unknown> => object<Record<string, Schema<unknown>>>(MEMBERS[kind]);

/** The tag, in hex, of the session that a message belongs to; none where it belongs to none or does not say. */
export function sessionOf(message: AirgapMessage): string | undefined {
  if (message.kind === 'launch') return toHex(sessionTag(message.session));
  return 'session' in message ? toHex(message.session) : undefined;
}

export type OfKind<K extends MessageKind> = Extract<AirgapMessage, { readonly kind: K }>;

/** What a screen waits for. */
export interface Expected<K extends MessageKind> {
  readonly kinds: readonly K[];
  /** The session's tag, in hex; messages that do not say theirs pass. */
  readonly session?: string | undefined;
}

/**
 * Holds a message against what a screen waits for, and names what came instead.
 * @throws SevError BYTES_SWAPPED when it is of another kind, MEASURE_OTHER_SESSION when it belongs to another launch
 */
export function expectMessage<K extends MessageKind>(message: AirgapMessage, expected: Expected<K>): OfKind<K> {
  if (!isOneOf(message, expected.kinds)) {
    const wanted = expected.kinds.map(nameOfKind).join(' or ');
    throw new SevError('BYTES_SWAPPED', {
      sentence: `This is ${nameOfKind(message.kind)}; ${wanted} is asked for here.`,
    });
  }
  const tag = sessionOf(message);
  if (tag !== undefined && expected.session !== undefined && tag !== expected.session) {
    throw new SevError('MEASURE_OTHER_SESSION', {
      sentence: `This is ${nameOfKind(message.kind)} of another session.`,
    });
  }
  return message;
}

const isOneOf = <K extends MessageKind>(message: AirgapMessage, kinds: readonly K[]): message is OfKind<K> =>
  (kinds as readonly MessageKind[]).includes(message.kind);
