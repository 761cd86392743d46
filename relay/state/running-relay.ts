// The relay that runs on this host already, found by its state folder and asked as any client would ask it.
import { X509Certificate } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { isErrorCode, SevError } from '../../shared/errors.ts';
import {
  encodeRequest,
  MAX_FRAME_BYTES,
  type MethodName,
  type ParamsOf,
  parseMessage,
  parseResult,
  type ResultOf,
  SUBPROTOCOL,
} from '../../shared/relay-protocol.ts';
import { object, optional, type Parsed, string } from '../../shared/schema.ts';
import { inState, readIfThere, type StateFolder, writeWhole } from './state.ts';
import { holderOf } from './state-lock.ts';
import { NOT_RUNNING } from './words.ts';

const ANSWER_MS = 60_000;
const CONNECT_MS = 10_000;

const fingerprintOf = (colons: string): string => colons.replaceAll(':', '').toLowerCase();

const addressFile = (state: string): string => join(state, 'address');

/** What other commands of this host need to speak to the relay. */
export interface Announced {
  readonly url: string;
  readonly localCode: string;
  /** The TLS certificate, in PEM: the other end has to show this very one before it hears the code. */
  readonly cert?: string | undefined;
}

const announced = object({ url: string(2048), code: string(64), certSha256: optional(string(64)) });

/** Leaves the address for other commands of this host; the returned function takes it away. */
export function announce(state: StateFolder, { url, localCode, cert }: Announced): () => void {
  const path = addressFile(state.path);
  const certSha256 = cert === undefined ? undefined : fingerprintOf(new X509Certificate(cert).fingerprint256);
  inState(path, () => writeWhole(path, `${JSON.stringify({ url, code: localCode, certSha256 })}\n`));
  return () => rmSync(path, { force: true });
}

/**
 * Where the relay of this state folder listens, as its pairing link has it.
 * @throws SevError RELAY_USAGE when none runs
 */
export function addressOfRelay(state: string): string {
  const path = addressFile(state);
  const said = inState(path, () => readAnnounced(path));
  if (said === undefined || holderOf(join(state, 'lock')) === undefined) throw new SevError('RELAY_USAGE', NOT_RUNNING);
  return said.url;
}

/** Whether the host of the relay that runs on this state folder is a simulated one: its guests' folder is noted there. */
export const hostIsSimulated = (state: string): boolean => existsSync(join(state, 'simulated', 'simulated-run'));

export interface RunningRelay {
  ask<M extends MethodName>(method: M, params: ParamsOf<M>): Promise<ResultOf<M>>;
  close(): void;
}

/**
 * @param state the state folder's path
 * @returns undefined when no relay runs on that folder
 * @throws SevError RELAY_PAIRING, RELAY_LOST
 */
export async function findRunningRelay(state: string): Promise<RunningRelay | undefined> {
  const path = addressFile(state);
  const said = inState(path, () => readAnnounced(path));
  // Of a relay that was killed the address is still there, where by now a stranger may listen for the code.
  if (holderOf(join(state, 'lock')) === undefined || said === undefined) return undefined;
  const relay = await connect(said.url, said.certSha256);
  if (relay !== undefined) await relay.ask('relay.hello', { token: said.code });
  return relay;
}

function readAnnounced(path: string): Parsed<typeof announced> | undefined {
  const text = readIfThere(path);
  try {
    return text === undefined ? undefined : announced.parse(JSON.parse(text), 'address');
  } catch (cause) {
    if (cause instanceof SyntaxError || (cause instanceof SevError && cause.code === 'BYTES_VALUE')) return undefined;
    throw cause;
  }
}

async function connect(url: string, certSha256: string | undefined): Promise<RunningRelay | undefined> {
  // Its certificate names the host as others see it, and no authority is asked: it has to be the very one it announced.
  const socket = new WebSocket(url, SUBPROTOCOL, {
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    rejectUnauthorized: false,
    handshakeTimeout: CONNECT_MS,
  });
  let shown: string | undefined;
  socket.once('upgrade', ({ socket: line }) => {
    if (line instanceof TLSSocket) shown = fingerprintOf(line.getPeerCertificate().fingerprint256);
  });
  const opened = await new Promise<boolean>((resolve) => {
    socket.once('open', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  if (!opened) return undefined;
  if (shown !== certSha256) {
    socket.terminate();
    return undefined;
  }
  let lastId = 0;
  return {
    ask: async (method, params) => {
      const id = ++lastId;
      const answer = answerTo(socket, id);
      socket.send(encodeRequest(id, method, params));
      return parseResult(method, await answer);
    },
    close: () => socket.close(),
  };
}

function answerTo(socket: WebSocket, id: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new SevError('RELAY_TIMEOUT')), ANSWER_MS);
    const ended = (): void => reject(new SevError('RELAY_LOST'));
    const take = (frame: Buffer): void => {
      const message = parseMessage(frame.toString('utf8'));
      if (!('id' in message) || message.id !== id) return;
      clearTimeout(timer);
      socket.off('message', take).off('close', ended);
      if ('result' in message) resolve(message.result);
      else reject(errorOf(message.error.message, message.error.data));
    };
    socket.on('message', take).once('close', ended);
  });
}

function errorOf(sentence: string, data: { readonly reason: string; readonly next: string } | undefined): SevError {
  const code = data !== undefined && isErrorCode(data.reason) ? data.reason : 'RELAY_INTERNAL';
  return new SevError(code, { sentence, ...(data && { next: data.next }) });
}
