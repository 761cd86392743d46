import { join } from 'node:path';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SevError } from '../../shared/errors.ts';
import { silentLog } from '../serve/log.ts';
import { eventually, temporaryFolder } from '../testing/testing.ts';
import { event, FakeQemu, fails, GREETING, plainQemu, type Reply, returns, sevQemu } from './qmp/fake-qemu.ts';
import { MONITOR_LIMITS } from './qmp/monitor.ts';
import { QmpGuests } from './qmp.ts';
import type { GuestChange, QmpEndpoint } from './types.ts';

const QUICK = { ...MONITOR_LIMITS, greetingMs: 150, commandMs: 1_000, firstRetryMs: 20, lastRetryMs: 100 };
const ID = 'qmp:web';

/** One guest behind an endpoint, and every change that it told of. */
function guestAt(qmp: QmpEndpoint): { guests: QmpGuests; changes: string[] } {
  const guests = new QmpGuests([{ name: 'web', qmp }], silentLog, 'qmp', QUICK);
  const changes: string[] = [];
  guests.onChange((change: GuestChange) => changes.push(change.state));
  onTestFinished(() => guests.close());
  return { guests, changes };
}

async function guestOf(reply: Reply): Promise<{ guests: QmpGuests; changes: string[]; qemu: FakeQemu }> {
  const qemu = await FakeQemu.listen(reply);
  return { qemu, ...guestAt(qemu.endpoint) };
}

const stateOf = async (guests: QmpGuests): Promise<string | undefined> => (await guests.list())[0]?.state;
const failure = (work: Promise<unknown>): Promise<SevError> =>
  work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as SevError,
  );
const PACKET = { header: new Uint8Array(52), secret: new Uint8Array(16) };

describe('a guest without SEV', () => {
  it('is shown as waiting before its first instruction, and not as an SEV guest', async () => {
    const { guests } = await guestOf(plainQemu);
    expect(await guests.list()).toEqual([{ id: ID, name: 'web', backend: 'qmp', state: 'prelaunch', sev: false }]);
    const error = await failure(guests.measurement(ID));
    expect(error.code).toBe('RELAY_NOT_SEV');
    expect(error.sentence).toContain('not an SEV guest');
  });

  it('continues, and everybody hears of it before the answer', async () => {
    const { guests, changes } = await guestOf(plainQemu);
    await guests.resume(ID);
    expect(changes).toEqual(['prelaunch', 'running']);
    expect(await stateOf(guests)).toBe('running');
  });
});

describe('an SEV guest', () => {
  it('gives its measurement with API version, build and policy', async () => {
    const { guests } = await guestOf(sevQemu());
    expect(await guests.measurement(ID)).toEqual({
      measurement: new Uint8Array(48).fill(7),
      apiMajor: 1,
      apiMinor: 55,
      build: 21,
      policy: 5,
      handle: 1,
      state: 'launch-secret',
    });
    expect((await guests.list())[0]?.sev).toBe(true);
  });

  it('of QEMU 9.1 and later tells its type', async () => {
    const union = {
      'sev-type': 'sev',
      enabled: true,
      'api-major': 1,
      'api-minor': 55,
      'build-id': 21,
      policy: 1,
      handle: 2,
      state: 'running',
      extra: [],
    };
    const { guests } = await guestOf(sevQemu({ 'query-sev': (command) => returns(union, command) }));
    expect(await guests.measurement(ID)).toMatchObject({ policy: 1, handle: 2, state: 'running' });
  });

  it('that is an SEV-SNP guest is named so', async () => {
    const snp = {
      'sev-type': 'sev-snp',
      enabled: true,
      'api-major': 1,
      'api-minor': 55,
      'build-id': 21,
      'snp-policy': 196608,
      state: 'running',
    };
    const { guests } = await guestOf(sevQemu({ 'query-sev': (command) => returns(snp, command) }));
    expect((await failure(guests.measurement(ID))).sentence).toContain('SEV-SNP');
    expect((await guests.list())[0]).not.toHaveProperty('sev');
  });

  it("takes the packet under QEMU's own names, with a place only where one was chosen", async () => {
    const { guests, qemu } = await guestOf(sevQemu());
    await guests.inject(ID, PACKET);
    await guests.inject(ID, { ...PACKET, gpa: 0x80_0000_0000 });
    const base64 = {
      'packet-header': Buffer.alloc(52).toString('base64'),
      secret: Buffer.alloc(16).toString('base64'),
    };
    const injections = qemu.commands.filter(({ execute }) => execute === 'sev-inject-launch-secret');
    expect(injections.map(({ arguments: args }) => args)).toEqual([base64, { ...base64, gpa: 549755813888 }]);
  });

  it('gives a report for a nonce', async () => {
    const { guests, qemu } = await guestOf(sevQemu());
    expect(await guests.report(ID, new Uint8Array(16))).toEqual(new Uint8Array(208).fill(9));
    expect(qemu.commands.at(-1)?.arguments).toEqual({ mnonce: 'AAAAAAAAAAAAAAAAAAAAAA==' });
  });

  it.each([
    ['measurement', { data: 'AAAA' }],
    ['measurement', { data: 'no base64!' }],
    ['measurement', {}],
    ['measurement', []],
  ] as const)('that gives a malformed %s is refused', async (_, value) => {
    const { guests } = await guestOf(sevQemu({ 'query-sev-launch-measure': (command) => returns(value, command) }));
    expect((await failure(guests.measurement(ID))).code).toMatch(/^BYTES_/);
  });
});

describe("QEMU's own words", () => {
  const cases: [command: string, text: string, code: string, says: RegExp][] = [
    ['inject', 'SEV not enabled for guest', 'RELAY_NOT_SEV', /not an SEV guest/],
    ['inject', 'SEV: SEV not enabled.', 'RELAY_NOT_SEV', /not an SEV guest/],
    ['inject', 'SEV: Not in correct state. (LSECRET) 3', 'RELAY_GUEST_STATE', /runs already/],
    ['inject', 'SEV: Not in correct state. (LSECRET) 1', 'RELAY_GUEST_STATE', /No secret can be injected/],
    ['inject', 'SEV: Failed to decode sequence header', 'BYTES_ENCODING', /base64/],
    ['inject', 'SEV: Failed to decode data', 'BYTES_ENCODING', /base64/],
    ['inject', 'SEV: no secret area found in OVMF, gpa must be specified.', 'MEASURE_IMAGE', /no secret area/],
    ['inject', 'SEV: Failed to calculate guest address: x', 'RELAY_PARAMS', /memory/],
    [
      'inject',
      "SEV: failed to inject secret ret=-5 fw_error=11 'Bad measurement'",
      'AMDSP_BAD_MEASUREMENT',
      /fw_error=11/,
    ],
    [
      'inject',
      "SEV: failed to inject secret ret=-5 fw_error=7 'Policy is not allowed'",
      'AMDSP_POLICY_FAILURE',
      /fw_error=7/,
    ],
    ['inject', 'SEV: failed to inject secret ret=-5 fw_error=77', 'AMDSP_UNKNOWN', /fw_error=77/],
    ['inject', 'SEV: failed to inject secret ret=-22 fw_error=0', 'RELAY_QMP', /ret=-22/],
    ['measurement', 'SEV launch measurement is not available', 'RELAY_GUEST_STATE', /no launch measurement yet/],
    ['measurement', 'Measurement is not available', 'RELAY_GUEST_STATE', /no launch measurement yet/],
    ['report', 'SEV: mnonce must be 16 bytes (got 3)', 'BYTES_LENGTH', /got 3/],
    [
      'report',
      'SEV: Failed to query the attestation report length ret=-22 (Invalid argument)',
      'RELAY_QMP',
      /cannot make/,
    ],
    ['resume', 'Resetting the Virtual Machine is required', 'RELAY_GUEST_STATE', /stopped for good/],
    ['resume', 'Something\u001b[2J new', 'RELAY_QMP', /“Something \[2J new”/],
  ];
  const COMMANDS: Record<string, string> = {
    inject: 'sev-inject-launch-secret',
    measurement: 'query-sev-launch-measure',
    report: 'query-sev-attestation-report',
    resume: 'cont',
  };
  it.each(cases)('to %s “%s” mean %s', async (action, text, code, says) => {
    const { guests } = await guestOf(sevQemu({ [COMMANDS[action]!]: (command) => fails(text, command) }));
    const asked: Record<string, () => Promise<unknown>> = {
      inject: () => guests.inject(ID, PACKET),
      measurement: () => guests.measurement(ID),
      report: () => guests.report(ID, new Uint8Array(16)),
      resume: () => guests.resume(ID),
    };
    const error = await failure(asked[action]!());
    expect(error.code).toBe(code);
    expect(error.sentence).toMatch(says);
  });

  it('say of a missing command which QEMU has it', async () => {
    const gone = (command: Parameters<typeof fails>[1]): string =>
      fails('The command sev-inject-launch-secret has not been found', command, 'CommandNotFound');
    const { guests } = await guestOf(sevQemu({ 'sev-inject-launch-secret': gone }));
    const error = await failure(guests.inject(ID, PACKET));
    expect(error).toMatchObject({ code: 'RELAY_QMP' });
    expect(error.next).toContain('QEMU 6.0');
  });

  it('about the platform, asked through any guest', async () => {
    const words: [string, string][] = [
      ['KVM not enabled', 'RELAY_NOT_SEV'],
      ['SEV is not enabled in KVM', 'RELAY_DEVICE'],
      ["SEV: Failed to open /dev/sev 'Permission denied'", 'RELAY_DEVICE'],
      ['SEV: Failed to export PDH cert ret=-5 fw_err=1 (Platform state is invalid)', 'AMDSP_INVALID_PLATFORM_STATE'],
    ];
    for (const [text, code] of words) {
      const { guests } = await guestOf(sevQemu({ 'query-sev-capabilities': (command) => fails(text, command) }));
      expect(await failure(guests.capabilities())).toMatchObject({ code });
    }
  });
});

describe('the odd ways of a monitor', () => {
  it('replies out of order, and events between a command and its reply', async () => {
    const held: string[] = [];
    const { guests } = await guestOf((command, write, socket) => {
      if (!command.execute.startsWith('query-sev-l') && command.execute !== 'cont')
        return plainOrSev(command, write, socket);
      held.push(command.execute === 'cont' ? returns({}, command) : sevMeasure(command));
      if (held.length === 2) write(event('RESUME') + held.reverse().join(''));
    });
    const [measured] = await Promise.all([
      guests.measurement(ID),
      eventually(
        () => held.length,
        (n) => n === 1,
      ).then(() => guests.resume(ID)),
    ]);
    expect(measured.measurement).toHaveLength(48);
    expect(await stateOf(guests)).toBe('running');
  });

  it('half lines, several lines at once, CRLF and a late greeting', async () => {
    const { guests } = await guestOf((command, _, socket) => {
      plainQemu(
        command,
        (text) => {
          const bytes = text.replaceAll('\n', '\r\n');
          for (let i = 0; i < bytes.length; i += 7) setTimeout(() => socket.write(bytes.slice(i, i + 7)), i / 7);
        },
        socket,
      );
    });
    expect(await stateOf(guests)).toBe('prelaunch');
  });

  it('errors without an id, which answer nobody', async () => {
    const { guests } = await guestOf((command, write, socket) => {
      write('{"error": {"class": "GenericError", "desc": "JSON parse error, invalid keyword \'not\'"}}\n');
      plainQemu(command, write, socket);
    });
    expect(await stateOf(guests)).toBe('prelaunch');
  });

  it('replies that nobody asked for', async () => {
    const { guests } = await guestOf((command, write, socket) => {
      write('{"return": {"status": "running"}, "id": 9999}\n{"return": {}}\n');
      plainQemu(command, write, socket);
    });
    expect(await stateOf(guests)).toBe('prelaunch');
  });

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n', /does not speak QMP/],
    ['JSON that is no greeting', '[1,2,3]\n', /does not speak QMP/],
    ['a greeting without a version', '{"QMP": {}}\n', /does not speak QMP/],
    ['a line without end', `${'x'.repeat(1100 * 1024)}`, /lines without end/],
  ])('%s is named as such', async (_, greeting, says) => {
    const qemu = await FakeQemu.listen(plainQemu, { greeting });
    const { guests } = guestAt(qemu.endpoint);
    const error = await failure(guests.measurement(ID));
    expect(error.code).toBe('RELAY_QMP_FOREIGN');
    expect(error.sentence).toMatch(says);
    expect(await stateOf(guests)).toBe('gone');
  });

  it('garbage in the middle breaks the connection, and the next one works', async () => {
    let garbage = true;
    const { guests } = await guestOf((command, write, socket) => {
      if (command.execute === 'cont' && garbage) return ((garbage = false), write('{"return": }\n'));
      plainQemu(command, write, socket);
    });
    expect((await failure(guests.resume(ID))).code).toBe('RELAY_QMP_FOREIGN');
    await eventually(
      () => stateOf(guests),
      (state) => state === 'prelaunch',
    );
    await guests.resume(ID);
  });

  it('a command that is never answered times out, and the late answer hurts nobody', async () => {
    let late = (): void => undefined;
    const { guests } = await guestOf((command, write, socket) => {
      if (command.execute !== 'cont') return plainQemu(command, write, socket);
      late = () => write(returns({}, command));
    });
    expect((await failure(guests.resume(ID))).code).toBe('RELAY_TIMEOUT');
    late();
    expect(await stateOf(guests)).toBe('prelaunch');
  });

  it('a state event that overtakes the first answer wins', async () => {
    let asked = 0;
    const { guests } = await guestOf((command, write, socket) => {
      if (command.execute !== 'query-status') return plainQemu(command, write, socket);
      asked++;
      if (asked === 1) return write(returns({ status: 'prelaunch', running: false }, command) + event('RESUME'));
      write(returns({ status: 'running', running: true }, command));
    });
    expect(await stateOf(guests)).toBe('running');
  });

  it('a reset keeps the state and is told', async () => {
    const { guests, changes, qemu } = await guestOf(plainQemu);
    await guests.list();
    qemu.send(event('RESET') + event('SHUTDOWN'));
    await eventually(
      () => changes,
      (all) => all.includes('shutdown'),
    );
    expect(changes).toEqual(['prelaunch', 'prelaunch', 'shutdown']);
  });
});

describe('a monitor that serves somebody else', () => {
  it('is named as busy, and attached when the other leaves', async () => {
    const qemu = await FakeQemu.listen(plainQemu, { greeting: '' });
    const { guests, changes } = guestAt(qemu.endpoint);
    expect((await failure(guests.resume(ID))).code).toBe('RELAY_QMP_BUSY');
    expect(await stateOf(guests)).toBe('unknown');
    qemu.send(`${GREETING}\n`);
    await eventually(
      () => stateOf(guests),
      (state) => state === 'prelaunch',
    );
    await guests.resume(ID);
    expect(changes).toEqual(['prelaunch', 'running']);
  });
});

describe('a monitor that comes and goes', () => {
  it('is waited for', async () => {
    const path = join(temporaryFolder(), 'later.sock');
    const { guests, changes } = guestAt({ path });
    const error = await failure(guests.measurement(ID));
    expect(error.code).toBe('RELAY_QMP_GONE');
    expect(error.sentence).toContain('Its socket is not there');
    expect(await stateOf(guests)).toBe('gone');
    await FakeQemu.listen(sevQemu(), { path });
    expect((await guests.measurement(ID)).policy).toBe(5);
    expect(changes).toEqual(['gone', 'prelaunch']);
  });

  it('fails what waits for an answer when QEMU is killed, and is found again', async () => {
    const path = join(temporaryFolder(), 'qmp.sock');
    const dying = await FakeQemu.listen(
      (command, write, socket) =>
        command.execute === 'sev-inject-launch-secret' ? dying.end() : sevQemu()(command, write, socket),
      { path },
    );
    const { guests, changes } = guestAt({ path });
    expect((await failure(guests.inject(ID, PACKET))).code).toBe('RELAY_QMP_GONE');
    expect(await stateOf(guests)).toBe('gone');
    await FakeQemu.listen(plainQemu, { path });
    await eventually(
      () => stateOf(guests),
      (state) => state === 'prelaunch',
    );
    expect(changes).toEqual(['prelaunch', 'gone', 'prelaunch']);
  });

  it('ends with the guest', async () => {
    const { guests, qemu } = await guestOf((command, write, socket) => {
      if (command.execute !== 'quit') return plainQemu(command, write, socket);
      write(event('SHUTDOWN'));
      qemu.end();
    });
    await guests.destroy(ID);
    expect(await stateOf(guests)).toBe('gone');
  });
});

it('reaches a monitor by TCP', async () => {
  const server = createServer((socket) => {
    socket.write(`${GREETING}\n`);
    socket.on('data', (piece) => {
      for (const line of piece.toString().trim().split('\n')) {
        plainQemu(JSON.parse(line) as Parameters<Reply>[0], (text) => void socket.write(text), socket);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const { guests } = guestAt({ host: '127.0.0.1', port });
  expect(await stateOf(guests)).toBe('prelaunch');
});

it('does not know the guests of others', async () => {
  const { guests } = await guestOf(plainQemu);
  expect(guests.owns('qmp:db')).toBe(false);
  expect(guests.owns('launcher:web')).toBe(false);
  await expect(guests.resume('qmp:db')).rejects.toThrow('RELAY_NO_GUEST');
});

const plainOrSev = sevQemu();
const sevMeasure = (command: Parameters<typeof returns>[1]): string =>
  returns({ data: Buffer.alloc(48, 7).toString('base64') }, command);
