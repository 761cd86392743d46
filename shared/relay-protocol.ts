// Every message between the PWA and the relay, both ways: JSON-RPC 2.0 over WebSocket. One source for both ends.
// DESIGN.md, "Relay protocol". Blobs are bytes here and base64 on the wire.
import { SevError } from './errors.ts';
import {
  array,
  blob,
  boolean,
  integer,
  literal,
  object,
  openObject,
  optional,
  type Parsed,
  type Schema,
  string,
  toJsonValue,
  u8,
  u32,
} from './schema.ts';

export const SUBPROTOCOL = 'sev-relay.v1';
/** The version of the methods below; raised when one changes in a way that old clients would misread. */
export const PROTOCOL_VERSION = 1;
export const MAX_FRAME_BYTES = 1024 * 1024;

const cert = blob(2084);
/** An ARK or ASK: 832 or 1,600 bytes, or the 576 bytes of Naples' ARK as AMD serves it. */
const caCert = blob(576, 1600);
const guestId = string(128);
const nothing = object({});

/** A guest's state as the relay sees it; QMP's run states and libvirt's domain states, in our words. */
export const guestState = literal('prelaunch', 'paused', 'running', 'shutdown', 'gone', 'unknown');
export type GuestState = Parsed<typeof guestState>;

const guest = object({
  id: guestId,
  name: string(256),
  backend: literal('qmp', 'libvirt', 'launcher'),
  state: guestState,
  /** False for a guest that is not encrypted at all; missing while that is not known. */
  sev: optional(boolean),
});
export type Guest = Parsed<typeof guest>;

/** A file of a launch profile as the relay describes it: a hint for finding it in one's own library, never believed. */
const fileHint = object({ name: string(256), size: integer(0, Number.MAX_SAFE_INTEGER), sha256: string(64) });
export type FileHint = Parsed<typeof fileHint>;

const profile = object({
  name: string(128),
  firmware: fileHint,
  kernel: optional(fileHint),
  initrd: optional(fileHint),
  cmdline: optional(string(4096)),
  cpus: integer(1, 512),
  cpuModel: string(64),
  sevEs: boolean,
  /** False for a profile that starts a guest without SEV, for trying things out. */
  sev: optional(boolean),
});
export type Profile = Parsed<typeof profile>;

const checkItem = object({
  id: string(64),
  name: string(128),
  status: literal('pass', 'warn', 'fail', 'skip'),
  message: string(1024),
  fix: optional(string(2048)),
});
export type HostCheck = Parsed<typeof checkItem>;

interface Method<P, R> {
  readonly params: Schema<P>;
  readonly result: Schema<R>;
}
const method = <P, R>(params: Schema<P>, result: Schema<R>): Method<P, R> => ({ params, result });

export const METHODS = {
  'relay.hello': method(
    object({ token: string(128) }),
    object({ relay: string(64), protocol: u32, simulated: boolean, capabilities: array(string(64), 64) }),
  ),
  'platform.status': method(
    nothing,
    object({
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
    object({ pdh: cert, pek: cert, oca: cert, cek: cert, ask: optional(caCert), ark: optional(caCert) }),
  ),
  'platform.identifier': method(nothing, object({ ids: array(string(128), 2) })),
  'platform.checks': method(nothing, object({ checks: array(checkItem, 128) })),
  'owner.csr': method(nothing, object({ csr: cert })),
  'owner.import': method(object({ pek: cert, oca: cert }), nothing),
  'owner.rotatePdh': method(nothing, nothing),
  'owner.regeneratePek': method(nothing, nothing),
  'owner.reset': method(nothing, nothing),
  'guest.list': method(nothing, array(guest, 10_000)),
  'guest.profiles': method(nothing, array(profile, 256)),
  'guest.launch': method(
    object({ profile: string(128), policy: u32, dhCert: cert, session: blob(128) }),
    object({ id: guestId }),
  ),
  'guest.measurement': method(
    object({ id: guestId }),
    object({
      measurement: blob(48),
      apiMajor: u8,
      apiMinor: u8,
      build: u8,
      policy: u32,
      handle: optional(u32),
      state: string(32),
    }),
  ),
  'guest.inject': method(
    object({
      id: guestId,
      header: blob(52),
      secret: blob(16, 16_384),
      gpa: optional(integer(0, Number.MAX_SAFE_INTEGER)),
    }),
    nothing,
  ),
  'guest.resume': method(object({ id: guestId }), nothing),
  'guest.destroy': method(object({ id: guestId }), nothing),
  'guest.report': method(object({ id: guestId, mnonce: blob(16) }), object({ report: blob(208) })),
  'guest.configuration': method(
    object({ id: guestId }),
    object({ kind: literal('domain-xml', 'qemu-arguments'), text: string(262_144) }),
  ),
} as const;

export type MethodName = keyof typeof METHODS;
export type ParamsOf<M extends MethodName> = Parsed<(typeof METHODS)[M]['params']>;
export type ResultOf<M extends MethodName> = Parsed<(typeof METHODS)[M]['result']>;

export const NOTIFICATIONS = {
  'guest.changed': object({ id: guestId, state: guestState }),
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

/**
 * Reads a request on the relay's side. The frame's size must have been bounded before.
 * @throws SevError RELAY_PROTOCOL when it is no request, RELAY_METHOD when the method is not known
 */
export function parseRequest(frame: string): Request {
  const request = protocolShape(() => envelope.parse(JSON.parse(frame), 'request'));
  if (!isMethod(request.method)) throw new SevError('RELAY_METHOD', { at: request.method });
  return { id: request.id, method: request.method, params: request.params ?? {} };
}

/** @throws SevError RELAY_PARAMS naming the member that does not fit */
export function parseParams<M extends MethodName>(name: M, params: unknown): ParamsOf<M> {
  try {
    return METHODS[name].params.parse(params, name) as ParamsOf<M>;
  } catch (cause) {
    if (!(cause instanceof SevError)) throw cause;
    throw new SevError('RELAY_PARAMS', { at: cause.at, because: cause.sentence, cause });
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
    const { id, result, error, method: name, params } = message.parse(JSON.parse(frame), 'message');
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

/** Writes a failure as JSON-RPC has it; nothing but the error's own words goes out. */
export function encodeError(id: number | null, error: SevError): string {
  const { parse, method: noMethod, params, refused } = RPC_CODE;
  const code = { RELAY_PROTOCOL: parse, RELAY_METHOD: noMethod, RELAY_PARAMS: params }[error.code as string] ?? refused;
  const data = { reason: error.code, next: error.next, ...(error.at && { at: error.at }) };
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message: error.sentence, data } });
}

function protocolShape<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof SevError && (cause.code === 'RELAY_METHOD' || cause.code === 'RELAY_PROTOCOL')) throw cause;
    const because = cause instanceof SevError ? cause.sentence : 'It is not JSON.';
    throw new SevError('RELAY_PROTOCOL', { at: cause instanceof SevError ? cause.at : '', because, cause });
  }
}
