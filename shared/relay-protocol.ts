// Every message between the PWA and the relay, both ways: JSON-RPC 2.0 over WebSocket. One source for both ends.
// docs/protocol.md describes it. Blobs are bytes here and base64 on the wire.
// It can grow: what the relay is told is read strictly, what the client is told openly (`told`).
import { parseJson, requireDistinctMembers } from './encodings/strict-json.ts';
import { CA_CERT_SIZES, SEV_CERT_SIZE } from './sev/formats/sizes.ts';
import { type ErrorCode, reasonIn, SevError } from './errors.ts';
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
} from './schema.ts';
import { firstUnseen } from './text/visible.ts';

/** The version of the methods below; raised when one changes in a way that old clients would misread. */
export const PROTOCOL_VERSION = 1;
export const SUBPROTOCOL = `sev-relay.v${PROTOCOL_VERSION}`;
/** Every version that is spoken here, newest first. A client offers them all, and the relay chooses one. */
export const SUBPROTOCOLS: readonly string[] = [SUBPROTOCOL];

/** The newest version that both ends speak. @param offered by the client, in any order */
export function chooseSubprotocol(offered: Iterable<string>): string | undefined {
  const names = new Set(offered);
  return SUBPROTOCOLS.find((spoken) => names.has(spoken));
}

export const MAX_FRAME_BYTES = 1024 * 1024;

const cert = blob(SEV_CERT_SIZE);
/** An ARK or ASK: 832 or 1,600 bytes, or the 576 bytes of Naples' ARK as AMD serves it. */
const caCert = blob(CA_CERT_SIZES.unsigned, CA_CERT_SIZES.long);
const guestId = name(128);

/** Text of several lines without anything that steers a terminal, hides text or turns it round. */
const lines = (maxLength: number): Schema<string> => ({
  parse(value, at) {
    const text = string(maxLength).parse(value, at);
    const unseen = firstUnseen(text.replaceAll('\n', ' '));
    return unseen === undefined ? text : refuse(at, `It has a character that cannot be shown: ${unseen}.`);
  },
});

/** What a client reads: members that a later relay adds are dropped, while those that are known are read strictly. */
const told = openObject;

const nothing = object({});
const done = told({});

/** A guest's state as the relay sees it; QMP's run states and libvirt's domain states, in our words. */
export const guestState = literal('prelaunch', 'paused', 'running', 'shutdown', 'gone', 'unknown');
export type GuestState = Parsed<typeof guestState>;

const guest = told({
  id: guestId,
  name: name(256),
  backend: literal('qmp', 'libvirt', 'launcher'),
  state: guestState,
  /** False for a guest that is not encrypted at all; missing while that is not known. */
  sev: optional(boolean),
});
export type Guest = Parsed<typeof guest>;

/** A file of a launch profile as the relay describes it: a hint for finding it in one's own library, never believed. */
const fileHint = told({ name: name(256), size: integer(0, Number.MAX_SAFE_INTEGER), sha256: name(64) });
export type FileHint = Parsed<typeof fileHint>;

const profile = told({
  name: name(128),
  firmware: fileHint,
  kernel: optional(fileHint),
  initrd: optional(fileHint),
  cmdline: optional(string(4096)),
  cpus: integer(1, 512),
  cpuModel: name(64),
  sevEs: boolean,
  /** False for a profile that starts a guest without SEV, for trying things out. */
  sev: optional(boolean),
});
export type Profile = Parsed<typeof profile>;

/**
 * Where the launch of a guest stands: QEMU's SevState; from libvirt, which does not tell that, what its domain does.
 */
export const SEV_STATES = [
  'uninit',
  'launch-update',
  'launch-secret',
  'running',
  'send-update',
  'receive-update',
  'paused',
  'shutdown',
  'unknown',
] as const;
const sevState = literal(...SEV_STATES);
export type SevState = Parsed<typeof sevState>;

const checkItem = told({
  id: name(64),
  name: name(128),
  status: literal('pass', 'warn', 'fail', 'skip'),
  message: lines(1024),
  fix: optional(lines(2048)),
});
export type HostCheck = Parsed<typeof checkItem>;

interface Method<P, R> {
  readonly params: Schema<P>;
  readonly result: Schema<R>;
}
const method = <P, R>(params: Schema<P>, result: Schema<R>): Method<P, R> => ({ params, result });

/** Names of methods that the relay answers, and of later abilities: a client asks only for what it finds here. */
const capabilities = array(name(64), 256);

export const METHODS = {
  'relay.hello': method(
    object({ token: string(128) }),
    told({ relay: name(64), protocol: u32, simulated: boolean, capabilities }),
  ),
  'platform.status': method(
    nothing,
    told({
      apiMajor: u8,
      apiMinor: u8,
      build: u8,
      state: literal('uninit', 'init', 'working'),
      owner: literal('self', 'external'),
      es: boolean,
      guests: u32,
    }),
  ),
  'platform.certificates': method(
    nothing,
    told({ pdh: cert, pek: cert, oca: cert, cek: cert, ask: optional(caCert), ark: optional(caCert) }),
  ),
  'platform.identifier': method(nothing, told({ ids: array(name(128), 2) })),
  'platform.checks': method(nothing, told({ checks: array(checkItem, 128) })),
  'owner.csr': method(nothing, told({ csr: cert })),
  'owner.import': method(object({ pek: cert, oca: cert }), done),
  'owner.rotatePdh': method(nothing, done),
  'owner.regeneratePek': method(nothing, done),
  'owner.reset': method(nothing, done),
  'guest.list': method(nothing, array(guest, 10_000)),
  'guest.profiles': method(nothing, array(profile, 256)),
  'guest.launch': method(
    object({ profile: name(128), policy: u32, dhCert: cert, session: blob(128) }),
    told({ id: guestId }),
  ),
  'guest.measurement': method(
    object({ id: guestId }),
    told({
      measurement: blob(48),
      apiMajor: u8,
      apiMinor: u8,
      build: u8,
      policy: u32,
      handle: optional(u32),
      state: sevState,
    }),
  ),
  'guest.inject': method(
    object({
      id: guestId,
      header: blob(52),
      secret: blob(16, 16_384),
      gpa: optional(integer(0, Number.MAX_SAFE_INTEGER)),
    }),
    done,
  ),
  'guest.resume': method(object({ id: guestId }), done),
  'guest.destroy': method(object({ id: guestId }), done),
  'guest.report': method(object({ id: guestId, mnonce: blob(16) }), told({ report: blob(208) })),
  'guest.configuration': method(
    object({ id: guestId }),
    told({ kind: literal('domain-xml', 'qemu-arguments'), text: string(262_144) }),
  ),
} as const;

export type MethodName = keyof typeof METHODS;
/** Methods that make keys of the platform new. */
export type KeyChange = Extract<MethodName, 'owner.rotatePdh' | 'owner.regeneratePek' | 'owner.reset'>;
export type ParamsOf<M extends MethodName> = Parsed<(typeof METHODS)[M]['params']>;
export type ResultOf<M extends MethodName> = Parsed<(typeof METHODS)[M]['result']>;

export const NOTIFICATIONS = {
  'guest.changed': told({ id: guestId, state: guestState }),
} as const;
export type NotificationName = keyof typeof NOTIFICATIONS;
export type NotificationOf<N extends NotificationName> = Parsed<(typeof NOTIFICATIONS)[N]>;

export const isMethod = (name: string): name is MethodName => Object.hasOwn(METHODS, name);

/** JSON-RPC's numbers: its own for shapes, one of ours for all that a SevError says. */
export const RPC_CODE = { parse: -32700, request: -32600, method: -32601, params: -32602, refused: -32000 } as const;

/** A failure on the wire. `reason` is a code of errors.ts, `next` says what to do. */
const rpcError = openObject({
  code: integer(-32768, 32767),
  message: string(2048),
  data: optional(openObject({ reason: string(64), next: string(1024), at: optional(string(256)) })),
});
export type RpcError = Parsed<typeof rpcError>;

export interface Request {
  readonly id: number;
  readonly method: MethodName;
  readonly params: unknown;
}
export type Response =
  { readonly id: number; readonly result: unknown } | { readonly id: number | null; readonly error: RpcError };
export interface Notification {
  readonly method: NotificationName;
  readonly params: unknown;
}

const requestId = integer(0, Number.MAX_SAFE_INTEGER);
const envelope = object({
  jsonrpc: literal('2.0'),
  id: requestId,
  method: string(64),
  params: optional({ parse: (value: unknown) => value }),
});

/** What a client sent: a request, or why it is none and the id to answer it by, `null` where it has none. */
export type Heard = { readonly request: Request } | { readonly refusal: SevError; readonly id: number | null };

/**
 * Reads a frame on the relay's side. Its size must have been bounded before.
 * @returns a refusal RELAY_FRAME for what is not JSON, RELAY_REQUEST for JSON that is not a request, RELAY_METHOD
 */
export function readRequest(frame: string): Heard {
  let json: unknown;
  try {
    json = JSON.parse(frame);
  } catch (cause) {
    return { refusal: new SevError('RELAY_FRAME', { cause }), id: null };
  }
  try {
    requireDistinctMembers(frame, 'request');
    const { id, method: name, params = {} } = envelope.parse(json, 'request');
    if (!isMethod(name)) return { refusal: new SevError('RELAY_METHOD', { at: name }), id };
    return { request: { id, method: name, params } };
  } catch (cause) {
    if (!(cause instanceof SevError)) throw cause;
    return {
      refusal: new SevError('RELAY_REQUEST', { at: cause.at, because: reasonIn(cause), cause }),
      id: idOf(json),
    };
  }
}

/** The id of what is otherwise no request, so that its sender learns which of its messages was refused. */
function idOf(json: unknown): number | null {
  try {
    return openObject({ id: requestId }).parse(json, 'request').id;
  } catch {
    return null;
  }
}

/** @throws SevError RELAY_PARAMS naming the member that does not fit */
export function parseParams<M extends MethodName>(name: M, params: unknown): ParamsOf<M> {
  try {
    return METHODS[name].params.parse(params, name) as ParamsOf<M>;
  } catch (cause) {
    if (!(cause instanceof SevError)) throw cause;
    throw new SevError('RELAY_PARAMS', { at: cause.at, because: reasonIn(cause), cause });
  }
}

/** @throws SevError RELAY_PROTOCOL naming the member that does not fit */
export const parseResult = <M extends MethodName>(name: M, result: unknown): ResultOf<M> =>
  protocolShape(() => METHODS[name].result.parse(result, name) as ResultOf<M>);

/** @throws SevError RELAY_PROTOCOL */
export const parseNotification = <N extends NotificationName>(name: N, params: unknown): NotificationOf<N> =>
  protocolShape(() => NOTIFICATIONS[name].parse(params, name) as NotificationOf<N>);

const unknownValue: Schema<unknown> = { parse: (value) => value };
const nullableId: Schema<number | null> = {
  parse: (value, at) => (value === null ? null : requestId.parse(value, at)),
};
const message = object({
  jsonrpc: literal('2.0'),
  id: optional(nullableId),
  result: optional(unknownValue),
  error: optional(rpcError),
  method: optional(string(64)),
  params: optional(unknownValue),
});

/**
 * Reads a response or notification on the PWA's side; what it carries is parsed by its method afterwards.
 * @throws SevError RELAY_PROTOCOL
 */
export function parseMessage(frame: string): Response | Notification {
  return protocolShape(() => {
    const { id, result, error, method: name, params } = message.parse(parseJson(frame, 'message'), 'message');
    if (name !== undefined && id === undefined && Object.hasOwn(NOTIFICATIONS, name)) {
      return { method: name as NotificationName, params };
    }
    if (error !== undefined && result === undefined) return { id: id ?? null, error };
    if (typeof id === 'number' && result !== undefined) return { id, result };
    throw new SevError('RELAY_PROTOCOL', { because: 'It is neither an answer nor a notification.' });
  });
}

export const encodeRequest = <M extends MethodName>(id: number, name: M, params: ParamsOf<M>): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: name, params: toJsonValue(params) });

export const encodeResult = <M extends MethodName>(id: number, _name: M, result: ResultOf<M>): string =>
  JSON.stringify({ jsonrpc: '2.0', id, result: toJsonValue(result) });

export const encodeNotification = <N extends NotificationName>(name: N, params: NotificationOf<N>): string =>
  JSON.stringify({ jsonrpc: '2.0', method: name, params: toJsonValue(params) });

/** JSON-RPC's number for each reason that has one of its own. */
const RPC_CODES: Readonly<Partial<Record<ErrorCode, number>>> = {
  RELAY_FRAME: RPC_CODE.parse,
  RELAY_REQUEST: RPC_CODE.request,
  RELAY_METHOD: RPC_CODE.method,
  RELAY_PARAMS: RPC_CODE.params,
};

/** Writes a failure as JSON-RPC has it; nothing but the error's own words goes out. */
export function encodeError(id: number | null, error: SevError): string {
  const code = RPC_CODES[error.code] ?? RPC_CODE.refused;
  const data = { reason: error.code, next: error.next, ...(error.at && { at: error.at }) };
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: error.sentence, data } });
}

function protocolShape<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof SevError && cause.code === 'RELAY_PROTOCOL') throw cause;
    const { at, because } =
      cause instanceof SevError ? { at: cause.at, because: reasonIn(cause) } : { at: '', because: 'It is not JSON.' };
    throw new SevError('RELAY_PROTOCOL', { at, because, cause });
  }
}
