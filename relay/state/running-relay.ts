// The relay that runs on this host already, found by its state folder and asked as any client would ask it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
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
import { inState, readIfThere, type StateFolder, writeWhole } from './state.ts';
import { holderOf } from './state-lock.ts';

const ANSWER_MS = 60_000;
const CONNECT_MS = 10_000;

const addressFile = (state: string): string => join(state, 'address');

/** Leaves the address for other commands of this host; the returned function takes it away. */
export function announce(state: StateFolder, url: string): () => void {
  const path = addressFile(state.path);
  inState(path, () => writeWhole(path, `${url}\n`));
  return () => rmSync(path, { force: true });
}

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
  const [url, token] = [addressFile(state), join(state, 'pairing-code')].map((path) => readIfThere(path)?.trim());
  // Of a relay that was killed the address is still there, where by now a stranger may listen for the code.
  if (holderOf(join(state, 'lock')) === undefined || url === undefined || token === undefined) return undefined;
  const relay = await connect(url);
  if (relay !== undefined) await relay.ask('relay.hello', { token });
  return relay;
}

async function connect(url: string): Promise<RunningRelay | undefined> {
  // Its own certificate names the host as others see it; this is the host itself, by an address from its own folder.
  const socket = new WebSocket(url, SUBPROTOCOL, {
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    rejectUnauthorized: false,
    handshakeTimeout: CONNECT_MS,
  });
  const opened = await new Promise<boolean>((resolve) => {
    socket.once('open', () => resolve(true));
    socket.once('error', () => resolve(false));
  });
  if (!opened) return undefined;
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
