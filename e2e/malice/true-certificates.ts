// The certificates of another simulated chip, as its own relay tells them.
import { askRelay } from '../ask-relay.ts';
import { startRelay } from '../world.ts';
import type { Answer } from './lying-relay.ts';

export async function trueCertificates(appUrl: string, folder: string): Promise<Answer> {
  const relay = await startRelay(appUrl, ['--simulate', '--state', folder]);
  const certificates = await askRelay(relay, 'platform.certificates', {});
  await relay.stop();
  return certificates;
}
