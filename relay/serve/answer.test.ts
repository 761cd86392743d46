import { describe, expect, it } from 'vitest';
import { SevError } from '../../shared/errors.ts';
import { type Host, makeAnswers } from './answer.ts';
import type { Pairing } from './pairing.ts';
import { Claims } from './reach.ts';
import { InjectionLedger } from './ledger.ts';
import { makeLog, silentLog } from './log.ts';
import { deferred, guestsForTests, platformForTests, sourcesForTests, temporaryFolder } from '../testing/testing.ts';

const stateForTests = () => ({ path: temporaryFolder(), close: () => undefined });

const pairingOf = (name: string, scope: Partial<Pairing['scope']> = {}): Pairing => ({
  ...{ name, codeSha256: '0'.repeat(64), createdAt: 0 },
  scope: { guests: 'own', ownership: true, ...scope },
});
const CLIENT_1 = { name: 'client 1', pairing: pairingOf('first', { guests: 'shared' }) };

const host = (parts: Partial<Host> = {}): Host => ({
  ...sourcesForTests(),
  ledger: new InjectionLedger(stateForTests()),
  claims: new Claims(stateForTests()),
  log: silentLog,
  ...parts,
});

const ask = (
  parts: Partial<Host>,
  method: Parameters<ReturnType<typeof makeAnswers>['answer']>[0],
  params: unknown = {},
) => makeAnswers(host(parts)).answer(method, params, CLIENT_1);

const owner = () => {
  const done: string[] = [];
  const does = (name: string) => () => Promise.resolve(void done.push(name));
  const commands = {
    csr: () => Promise.resolve(new Uint8Array(2084)),
    import: does('import'),
    rotatePdh: does('rotatePdh'),
    regeneratePek: does('regeneratePek'),
    reset: does('reset'),
  };
  return { done, platform: platformForTests({ owner: commands }) };
};

const CERTS = { pek: Buffer.alloc(2084).toString('base64'), oca: Buffer.alloc(2084).toString('base64') };
const DESTRUCTIVE = [
  ['owner.import', CERTS],
  ['owner.rotatePdh', {}],
  ['owner.regeneratePek', {}],
  ['owner.reset', {}],
] as const;

describe('owning the platform', () => {
  it.each([['owner.csr', {}], ...DESTRUCTIVE] as const)(
    'by %s is refused without --allow-ownership',
    async (method, params) => {
      const { platform, done } = owner();
      await expect(ask({ platform }, method, params)).rejects.toMatchObject({ code: 'RELAY_NOT_ALLOWED' });
      expect(done).toEqual([]);
    },
  );

  it.each(DESTRUCTIVE)('by %s is asked for at the terminal, and done when it is confirmed', async (method, params) => {
    const { platform, done } = owner();
    const questions: string[] = [];
    const confirmOwnership = (question: string) => (questions.push(question), Promise.resolve(true));
    expect(await ask({ platform, confirmOwnership }, method, params)).toEqual({});
    expect(done).toEqual([method.replace('owner.', '')]);
    expect(questions).toEqual([
      expect.stringMatching(/^client 1 asks to .*\((PEK_CERT_IMPORT|PDH_GEN|PEK_GEN|PLATFORM_RESET)\)\.$/),
    ]);
  });

  it.each(DESTRUCTIVE)('by %s is not done when the operator says no', async (method, params) => {
    const { platform, done } = owner();
    const refused = ask({ platform, confirmOwnership: () => Promise.resolve(false) }, method, params);
    await expect(refused).rejects.toThrow('not confirmed at its terminal');
    expect(done).toEqual([]);
  });

  it('makes a signing request without a question, since it changes nothing', async () => {
    const { platform } = owner();
    const confirmOwnership = () => Promise.reject(new Error('asked'));
    expect(await ask({ platform, confirmOwnership }, 'owner.csr')).toEqual({ csr: new Uint8Array(2084) });
  });
});

describe('guests', () => {
  const web = { id: 'qmp:web', name: 'web', backend: 'qmp', state: 'running' } as const;

  it('of all sources stand in one list, and a source that fails does not hide the others', async () => {
    let said = '';
    const log = makeLog('warn', (text) => (said += text));
    const works = guestsForTests({ list: () => Promise.resolve([web]) });
    const broken = guestsForTests({ list: () => Promise.reject(new SevError('RELAY_LIBVIRT')) });
    expect(await ask({ guests: [broken, works], log }, 'guest.list')).toEqual([web]);
    expect(said).toContain('RELAY_LIBVIRT');
    await expect(ask({ guests: [broken] }, 'guest.list')).rejects.toThrow('RELAY_LIBVIRT');
  });

  it('that do not exist are named as such', async () => {
    await expect(ask({}, 'guest.resume', { id: 'libvirt:x' })).rejects.toMatchObject({
      code: 'RELAY_NO_GUEST',
      at: 'libvirt:x',
    });
  });

  it('too many for one frame are refused rather than cut', async () => {
    const list = () => Promise.resolve(Array.from({ length: 9_000 }, () => ({ ...web, name: 'x'.repeat(128) })));
    await expect(ask({ guests: [guestsForTests({ list })] }, 'guest.list')).rejects.toThrow('more guests than fit');
  });

  it('are changed one request at a time, each guest by itself', async () => {
    const [slow, order] = [deferred<undefined>(), [] as string[]];
    const guests = [
      guestsForTests({
        resume: async (id) => {
          if (id === 'qmp:a') await slow.promise;
          order.push(`resume ${id}`);
        },
        destroy: (id) => Promise.resolve(void order.push(`destroy ${id}`)),
      }),
    ];
    const { answer } = makeAnswers(host({ guests }));
    const work = [
      answer('guest.resume', { id: 'qmp:a' }, CLIENT_1),
      answer('guest.destroy', { id: 'qmp:a' }, CLIENT_1),
      answer('guest.resume', { id: 'qmp:b' }, CLIENT_1),
    ];
    await work[2];
    slow.resolve(undefined);
    await Promise.all(work);
    expect(order).toEqual(['resume qmp:b', 'resume qmp:a', 'destroy qmp:a']);
  });

  it('cannot be launched where there are no profiles', async () => {
    const params = { profile: 'x', policy: 1, dhCert: CERTS.pek, session: Buffer.alloc(128).toString('base64') };
    await expect(ask({}, 'guest.launch', params)).rejects.toThrow('RELAY_NO_PROFILE');
    expect(await ask({}, 'guest.profiles')).toEqual([]);
  });
});

it('never writes a blob to the log', async () => {
  let said = '';
  const secret = Buffer.from('0123456789abcdef');
  const guests = [
    guestsForTests({
      measurement: () =>
        Promise.resolve({
          measurement: new Uint8Array(48),
          apiMajor: 1,
          apiMinor: 1,
          build: 1,
          policy: 1,
          state: 'launch-secret',
        }),
      inject: () => Promise.resolve(),
    }),
  ];
  const params = { id: 'qmp:a', header: Buffer.alloc(52, 7).toString('base64'), secret: secret.toString('base64') };
  await ask({ guests, log: makeLog('debug', (text) => (said += text)) }, 'guest.inject', params);
  expect(said).toContain('16 bytes into qmp:a');
  expect(said).not.toContain(params.secret);
  expect(said).not.toContain(params.header.slice(0, 12));
});

describe('what an owner can reach', () => {
  const acted: string[] = [];
  const list = ['launcher:a1', 'launcher:b1', 'qmp:web'].map((id) => ({
    ...{ id, name: id.slice(id.indexOf(':') + 1), backend: 'launcher', state: 'paused' },
  })) as never;
  const guests = [
    guestsForTests({
      owns: () => true,
      list: () => Promise.resolve(list),
      resume: (id) => Promise.resolve(void acted.push(`resume ${id}`)),
      destroy: (id) => Promise.resolve(void acted.push(`destroy ${id}`)),
      configuration: (id) => Promise.resolve({ kind: 'qemu-arguments', text: id }),
      measurement: (id) => Promise.reject(new Error(`measured ${id}`)),
      report: (id) => Promise.reject(new Error(`reported ${id}`)),
    }),
  ];
  const profile = (name: string) => ({ name }) as never;
  const launchers = [
    {
      ...guestsForTests(),
      launches: () => true,
      profiles: () => Promise.resolve([profile('small'), profile('large')]),
      launch: (_request: unknown, claim?: (id: string) => void) => (
        claim?.('launcher:a1'),
        Promise.resolve('launcher:a1')
      ),
    },
  ];
  const launch = {
    ...{ profile: 'small', policy: 1, dhCert: Buffer.alloc(2084).toString('base64') },
    session: Buffer.alloc(128).toString('base64'),
  };
  const world = () => {
    const claims = new Claims(stateForTests());
    const answering = makeAnswers(host({ guests, launchers, claims }));
    const as =
      (pairing: Pairing) =>
      (method: Parameters<typeof answering.answer>[0], params: unknown = {}) =>
        answering.answer(method, params, { name: 'client', pairing });
    return { claims, as };
  };
  const mnonce = Buffer.alloc(16).toString('base64');
  const packet = { header: Buffer.alloc(52).toString('base64'), secret: Buffer.alloc(16).toString('base64') };

  it('is the guests they launched; another owner neither sees, reads, ends nor continues them', async () => {
    const { as } = world();
    const [a, b] = [as(pairingOf('a')), as(pairingOf('b'))];
    await a('guest.launch', launch);
    expect(await a('guest.list')).toMatchObject([{ id: 'launcher:a1' }]);
    expect(await b('guest.list')).toEqual([]);
    const others = ['measurement', 'inject', 'resume', 'destroy', 'report', 'configuration'] as const;
    for (const what of others) {
      const params = { id: 'launcher:a1', ...(what === 'report' && { mnonce }), ...(what === 'inject' && packet) };
      await expect(b(`guest.${what}`, params), what).rejects.toMatchObject({ code: 'RELAY_NO_GUEST' });
    }
    expect(acted).toEqual([]);
    await a('guest.destroy', { id: 'launcher:a1' });
    expect(acted).toEqual(['destroy launcher:a1']);
  });

  it('is what no owner launched where that is shared, and what is named for them', async () => {
    const { as, claims } = world();
    claims.claim('launcher:b1', 'b');
    const ids = async (pairing: Pairing) =>
      ((await as(pairing)('guest.list')) as readonly { id: string }[]).map(({ id }) => id);
    expect(await ids(pairingOf('a', { guests: 'shared' }))).toEqual(['launcher:a1', 'qmp:web']);
    expect(await ids(pairingOf('a', { named: ['web'] }))).toEqual(['qmp:web']);
    expect(await ids(pairingOf('a'))).toEqual([]);
    expect(await ids(pairingOf('this host', { guests: 'all' }))).toHaveLength(3);
  });

  it('is the profiles of their code; others are as if they were not there', async () => {
    const { as } = world();
    const a = as(pairingOf('a', { profiles: ['large'] }));
    expect(await a('guest.profiles')).toEqual([{ name: 'large' }]);
    await expect(a('guest.launch', launch)).rejects.toMatchObject({ code: 'RELAY_NO_PROFILE' });
  });

  it('outlives the relay, and is no more than a list of names', () => {
    const state = stateForTests();
    new Claims(state).claim('launcher:a1', 'a');
    expect(new Claims(state).ownerOf('launcher:a1')).toBe('a');
    new Claims(state).forget('launcher:a1');
    expect(new Claims(state).ownerOf('launcher:a1')).toBeUndefined();
  });

  it('holds no ownership unless the code does', async () => {
    const confirmOwnership = () => Promise.reject(new Error('asked'));
    const answering = makeAnswers(host({ confirmOwnership }));
    const pairing = pairingOf('a', { ownership: false });
    expect(answering.methodsOf(pairing).filter((name) => name.startsWith('owner.'))).toEqual([]);
    await expect(answering.answer('owner.reset', {}, { name: 'client', pairing })).rejects.toMatchObject({
      code: 'RELAY_NOT_ALLOWED',
    });
  });
});
