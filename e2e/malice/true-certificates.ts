// The certificates of another simulated chip, as its own relay tells them.
import { WebSocket } from 'ws';
import { SUBPROTOCOL } from '../../shared/relay-protocol.ts';
import { startRelay } from '../world.ts';
import type { Answer } from './lying-relay.ts';

export async function trueCertificates(appUrl: string, folder: string): Promise<Answer> {
  const relay = await startRelay(appUrl, ['--simulate', '--state', folder]);
  const socket = new WebSocket(relay.address, SUBPROTOCOL);
  const ask = (id: number, method: string, params: object): Promise<Answer> =>
    new Promise((resolve) => {
      socket.once('message', (data: Buffer) => resolve((JSON.parse(data.toString()) as { result: Answer }).result));
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  await new Promise((resolve) => socket.once('open', resolve));
  await ask(1, 'relay.hello', { token: relay.code });
  const certificates = await ask(2, 'platform.certificates', {});
  socket.close();
  await relay.stop();
  return certificates;
}
