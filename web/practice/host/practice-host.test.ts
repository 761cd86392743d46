import { describe, expect, it } from 'vitest';
import { encodeRequest, type MethodName, type ParamsOf, parseMessage } from '../../../shared/relay-protocol.ts';
import { PracticeHost } from './practice-host.ts';

async function world(stored?: unknown) {
  const frames: string[] = [];
  const host = await PracticeHost.create({ frame: (frame) => frames.push(frame), console: () => undefined }, stored);
  const ask = async <M extends MethodName>(method: M, params: ParamsOf<M>) =>
    parseMessage(await host.answer(encodeRequest(1, method, params)));
  return { host, ask, frames };
}

describe('the practice host', () => {
  it('says that it is simulated, and what can be asked', async () => {
    const { ask } = await world();
    const answer = await ask('relay.hello', { token: 'practice' });
    expect(answer).toMatchObject({ result: { simulated: true, protocol: 1 } });
    expect(JSON.stringify(answer)).toContain('guest.launch');
  });

  it.each([
    ['owner.reset', {}, 'RELAY_METHOD'],
    ['guest.measurement', { id: 'nobody' }, 'RELAY_NO_GUEST'],
    ['guest.destroy', { id: 'x'.repeat(200) }, 'RELAY_PARAMS'],
  ] as const)('refuses %s %j as a relay does, with %s', async (method, params, reason) => {
    const { ask } = await world();
    expect(await ask(method, params)).toMatchObject({ error: { data: { reason } } });
  });

  it('refuses a session that is none, in the words of QEMU and the AMD-SP', async () => {
    const { ask } = await world();
    const asked = { profile: 'demo', policy: 7, dhCert: new Uint8Array(2084), session: new Uint8Array(128) };
    const answer = await ask('guest.launch', asked);
    expect(answer).toMatchObject({ error: { data: { reason: 'AMDSP_INVALID_CERTIFICATE' } } });
    expect(await ask('guest.launch', { ...asked, profile: 'other' })).toMatchObject({
      error: { data: { reason: 'RELAY_NO_PROFILE' } },
    });
  });

  it('answers for an attestation report as a relay does', async () => {
    const { ask } = await world();
    const asked = { id: 'nobody', mnonce: new Uint8Array(16) };
    expect(await ask('guest.report', asked)).toMatchObject({ error: { data: { reason: 'RELAY_NO_GUEST' } } });
  });

  it('is the same chip again when it comes back', async () => {
    const first = await world();
    const again = await world(JSON.parse(JSON.stringify(first.host.store())));
    const stranger = await world();
    const certificates = await first.ask('platform.certificates', {});
    expect(await again.ask('platform.certificates', {})).toEqual(certificates);
    expect(await stranger.ask('platform.certificates', {})).not.toEqual(certificates);
  });
});
