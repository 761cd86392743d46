import { describe, expect, it } from 'vitest';
import { type AirgapMessage, sessionTag } from '../../shared/airgap/index.ts';
import { SevError } from '../../shared/errors.ts';
import type { MethodName } from '../../shared/relay-protocol.ts';
import { noiseForTests } from '../airgap/noise-for-tests.ts';
import { CourierTask } from './courier-task.svelte.ts';
import { sayWhere } from './say-where.ts';

const session = noiseForTests(128, 3);
const offer = {
  ...{ kind: 'launch', godh: noiseForTests(2084), session, policy: 1, name: 'my guest', profile: 'demo' },
} as const satisfies AirgapMessage;
const packet = (change: Partial<Extract<AirgapMessage, { kind: 'secret' }>> = {}): AirgapMessage => ({
  ...{ kind: 'secret', session: sessionTag(session), header: noiseForTests(52), payload: noiseForTests(32) },
  ...change,
});
const report = { measurement: noiseForTests(48), apiMajor: 1, apiMinor: 55, build: 22, policy: 1 };
const certificates = { pdh: offer.godh, pek: offer.godh, oca: offer.godh, cek: offer.godh };

/** A relay that answers from a list, and remembers what it was asked. */
function relayForTests(answers: Readonly<Partial<Record<MethodName, unknown>>> = {}) {
  const asked: [MethodName, unknown][] = [];
  const known: Partial<Record<MethodName, unknown>> = {
    'platform.certificates': certificates,
    'guest.profiles': [],
    'guest.launch': { id: 'demo-1' },
    'guest.measurement': { ...report, state: 'launch-secret' },
    'guest.inject': {},
    'guest.resume': {},
    'guest.report': { report: noiseForTests(208) },
    ...answers,
  };
  const ask = (method: MethodName, params: unknown): Promise<never> => {
    asked.push([method, params]);
    const answer = known[method];
    return answer instanceof SevError ? Promise.reject(answer) : Promise.resolve(answer as never);
  };
  return { asked, task: new CourierTask({ name: 'host:8455', open: true, connection: { ask } }) };
}

describe('a courier', () => {
  it('carries a launch in four hand-overs', async () => {
    const { task, asked } = relayForTests();
    await task.askChain();
    expect(task.chain).toEqual({ kind: 'chain', ...certificates });
    task.shown();
    task.takeOffer(offer);
    await task.launch({ name: 'demo' });
    expect(task.measurement).toEqual({
      ...{ kind: 'measurement', ...report, guest: 'demo-1', session: sessionTag(session) },
    });
    expect([task.at, task.status('chain'), task.status('session'), task.status('secret')]).toEqual([
      'measurement',
      'done',
      'done',
      'ahead',
    ]);
    task.shown();
    task.takePacket(packet({ guest: 'demo-1', gpa: 4096 }));
    await task.inject();
    expect(sayWhere(task).sentence).toBe('The host says that it took the secret. Let it run.');
    await task.resume();
    expect(asked.slice(1)).toEqual([
      ['guest.launch', { profile: 'demo', policy: 1, dhCert: offer.godh, session }],
      ['guest.measurement', { id: 'demo-1' }],
      ['guest.inject', { id: 'demo-1', header: noiseForTests(52), secret: noiseForTests(32), gpa: 4096 }],
      ['guest.resume', { id: 'demo-1' }],
    ]);
    expect([task.running, task.status('secret'), task.error]).toEqual([true, 'done', undefined]);
  });

  it('names what is not wanted at this hand-over', () => {
    const { task } = relayForTests();
    expect(() => task.takeOffer(packet())).toThrow('This is a secret packet; a launch session is asked for here.');
    expect(() => task.takePacket(offer)).toThrow('This is a launch session; a secret packet is asked for here.');
    expect(() => task.takeOffer({ ...offer, policy: 0x40 })).toThrow(SevError);
    expect([task.offer, task.packet]).toEqual([undefined, undefined]);
  });

  it('refuses the packet of another launch', async () => {
    const { task } = relayForTests();
    task.takeOffer(offer);
    await task.launch({ name: 'demo' });
    expect(() => task.takePacket(packet({ session: noiseForTests(8) }))).toThrow(
      'This is a secret packet of another session.',
    );
    expect(() => task.takePacket(packet({ guest: 'demo-2' }))).toThrow('for another guest, demo-2');
    expect(task.packet).toBeUndefined();
  });

  it('goes on after the page was opened anew, with the guest that the packet names', async () => {
    const { task, asked } = relayForTests();
    task.go('secret');
    expect(() => task.takePacket(packet())).toThrow('This packet does not say which guest it is for.');
    task.takePacket(packet({ guest: 'demo-1' }));
    await task.inject();
    expect(asked).toEqual([['guest.inject', expect.objectContaining({ id: 'demo-1' })]]);
  });

  it('follows the packet to another guest where only a packet named the one before', async () => {
    const { task } = relayForTests();
    task.go('secret');
    task.takePacket(packet({ guest: 'wrong' }));
    task.takePacket(packet({ guest: 'demo-1' }));
    expect([task.guest, task.packet]).toEqual(['demo-1', packet({ guest: 'demo-1' })]);
    expect(() => task.takePacket(packet())).toThrow('This packet does not say which guest it is for.');
    await task.chooseGuest('mine');
    expect(() => task.takePacket(packet({ guest: 'demo-1' }))).toThrow('for another guest, demo-1');
  });

  it('finds the guest again, and does not say whose session it has', async () => {
    const guests = [
      { id: 'a', name: 'a', backend: 'qmp', state: 'running', sev: false },
      { id: 'b', name: 'b', backend: 'qmp', state: 'prelaunch' },
      { id: 'c', name: 'c', backend: 'qmp', state: 'gone' },
    ];
    const { task } = relayForTests({ 'guest.list': guests });
    await task.askGuests();
    expect(task.guests?.map(({ id }) => id)).toEqual(['b']);
    await task.chooseGuest('b');
    expect(task.measurement).toEqual({ kind: 'measurement', ...report, guest: 'b' });
  });

  it('carries a request for an attestation report afterwards, and its report back', async () => {
    const { task, asked } = relayForTests();
    const request: AirgapMessage = { kind: 'report-request', mnonce: noiseForTests(16), session: sessionTag(session) };
    await task.takeBrought({ ...request, guest: 'demo-1' });
    expect([task.at, task.status('report')]).toEqual(['report', 'now']);
    await task.report.ask();
    expect(asked).toEqual([['guest.report', { id: 'demo-1', mnonce: noiseForTests(16) }]]);
    expect(task.report.report).toEqual({
      ...{ kind: 'report', report: noiseForTests(208), guest: 'demo-1', session: sessionTag(session) },
    });
    expect(sayWhere(task).sentence).toBe('Show the attestation report to the guest owner.');
    task.reportShown();
    task.report.forget();
    expect([task.report.request, task.report.report, task.report.guest]).toEqual([undefined, undefined, undefined]);
  });

  it('asks whose report it is where the request does not say', async () => {
    const guests = [{ id: 'b', name: 'b', backend: 'qmp', state: 'running' }];
    const { task, asked } = relayForTests({ 'guest.list': guests });
    task.go('report');
    task.report.take({ kind: 'report-request', mnonce: noiseForTests(16) });
    expect(sayWhere(task).sentence).toBe('Choose the guest whose report is wanted.');
    await task.report.lookForGuests();
    await task.report.choose('b');
    expect(asked.at(-1)).toEqual(['guest.report', { id: 'b', mnonce: noiseForTests(16) }]);
    expect(() => task.report.take(offer)).toThrow('a request for an attestation report is asked for here.');
  });

  it('stays where it is when the relay refuses', async () => {
    const { task } = relayForTests({ 'guest.launch': new SevError('RELAY_TIMEOUT') });
    task.go('session');
    task.takeOffer(offer);
    await task.launch({ name: 'demo' });
    expect([task.at, task.guest, task.doing]).toEqual(['session', undefined, undefined]);
    expect(task.error).toMatchObject({ code: 'RELAY_TIMEOUT' });
  });

  it('takes a relay without a launcher for one that offers nothing', async () => {
    const { task } = relayForTests({ 'guest.profiles': new SevError('RELAY_NOT_ALLOWED') });
    await task.askProfiles();
    expect([task.profiles, task.error]).toEqual([[], undefined]);
  });
});
