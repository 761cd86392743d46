// Asks a relay by hand, as another device would.
import { WebSocket } from 'ws';
import { type MethodName, SUBPROTOCOL } from '../shared/relay-protocol.ts';
import type { Answer } from './malice/lying-relay.ts';
import type { Relay } from './world.ts';

/** @param params as they stand in JSON @returns the result, as it stands in JSON */
export async function askRelay(
  { address, code }: Pick<Relay, 'address' | 'code'>,
  method: MethodName,
  params: object,
): Promise<Answer> {
  const socket = new WebSocket(address, SUBPROTOCOL);
  const ask = (id: number, name: string, given: object): Promise<Answer> =>
    new Promise((resolve, reject) => {
      socket.once('message', (data: Buffer) => {
        const { result, error } = JSON.parse(data.toString()) as { result?: Answer; error?: { message: string } };
        if (result) resolve(result);
        else reject(new Error(error?.message));
      });
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method: name, params: given }));
    });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  try {
    await ask(1, 'relay.hello', { token: code });
    return await ask(2, method, params);
  } finally {
    socket.close();
  }
}
