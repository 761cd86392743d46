// libvirt through the real virsh and its test driver, and through a stand-in that prints what libvirt prints for SEV.
import { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SevError } from '../../shared/errors.ts';
import { silentLog } from '../serve/log.ts';
import { eventually, findProgram, temporaryFolder } from '../testing/testing.ts';
import { withSession } from './libvirt/domain.ts';
import { libvirtError } from './libvirt/words.ts';
import { LibvirtGuests } from './libvirt.ts';
import { Virsh } from './libvirt/virsh.ts';

const VIRSH = findProgram('virsh');
const describeWithVirsh = (title: string, suite: () => void): void => {
  if (VIRSH !== undefined) describe(title, suite);
  else describe.skip(`${title} (needs virsh)`, suite);
};

const UUID = '6695eb01-f6a4-8304-79aa-97f2502e193f';
const ID = `libvirt:${UUID}`;

function open(uri: string, program?: string): { guests: LibvirtGuests; state: string } {
  const state = temporaryFolder();
  const guests = new LibvirtGuests({
    uri,
    state: { path: state, close: () => undefined },
    log: silentLog,
    ...(program !== undefined && { program }),
  });
  onTestFinished(() => guests.close());
  return { guests, state };
}

const failure = async (work: Promise<unknown>): Promise<SevError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SevError)) throw new Error(`not refused in words: ${String(error)}`);
  return error;
};

describeWithVirsh('real virsh with its test driver', () => {
  const real = (): LibvirtGuests => open('test:///default').guests;

  it('does not have its domain, which is no SEV guest: it is neither listed, read, continued nor ended', async () => {
    const guests = real();
    expect(await guests.list()).toEqual([]);
    expect(await guests.profiles()).toEqual([]);
    for (const ask of [
      () => guests.measurement(ID),
      () => guests.inject(ID, { header: new Uint8Array(52), secret: new Uint8Array(16) }),
      () => guests.configuration(ID),
      () => guests.resume(ID),
      () => guests.destroy(ID),
    ])
      expect((await failure(ask())).code).toBe('RELAY_NO_GUEST');
  });

  it("has no SEV, and says so in libvirt's words", async () => {
    const error = await failure(real().capabilities());
    expect(error.code).toBe('RELAY_LIBVIRT');
    expect(error.sentence).toMatch(/libvirt says: “.*(not supported by the connection driver|unsupported flags)/);
  });

  it('does not know other domains', async () => {
    const other = `libvirt:${UUID.replace('6', '7')}`;
    expect((await failure(real().resume(other))).code).toBe('RELAY_NO_GUEST');
  });

  it('says that a daemon is not there', async () => {
    const error = await failure(open('qemu+unix:///system?socket=/no/such/socket').guests.list());
    expect(error).toMatchObject({ code: 'RELAY_LIBVIRT' });
    expect(error.sentence).toContain('cannot be reached');
  });
});

it.each(['libvirt:test', 'libvirt:--help', `libvirt:${UUID} x`, 'qmp:test', `libvirt:${UUID}\n`])(
  'takes no name for a UUID: %j',
  async (id) => {
    const { guests } = open('test:///default', '/no/such/virsh');
    expect(guests.owns(id)).toBe(false);
    expect((await failure(guests.resume(id))).code).toBe('RELAY_NO_GUEST');
  },
);

// Until its `error` event comes, a program that could not be started looks like one with any number at all.
it('signals no process when it is closed before virsh was found missing', async () => {
  const kill = vi.spyOn(ChildProcess.prototype, 'kill').mockReturnValue(true);
  onTestFinished(() => kill.mockRestore());
  await open('test:///default', '/no/such/virsh').guests.close();
  expect(kill).not.toHaveBeenCalled();
});

// So Node leaves a child where the process has no file descriptors left: without pipes, and with an error to come.
it('goes on where virsh cannot have a pipe', async () => {
  const failed = new Promise<void>((resolve) => {
    const watch = vi.spyOn(Virsh.prototype, 'watch').mockImplementation(() => {
      const child = new EventEmitter();
      setImmediate(() => (child.emit('error', new Error('spawn virsh EMFILE')), resolve()));
      return child as ChildProcess;
    });
    onTestFinished(() => watch.mockRestore());
  });
  const { guests } = open('test:///default');
  await failed;
  await guests.close();
});

it('outlives a virsh that is just being replaced', async () => {
  const program = join(temporaryFolder(), 'virsh');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
  // The kernel runs no program that somebody has open for writing.
  const writer = openSync(program, 'r+');
  onTestFinished(() => closeSync(writer));
  const error = await failure(open('test:///default', program).guests.list());
  expect(error).toMatchObject({ code: 'RELAY_LIBVIRT' });
  expect(error.sentence).toContain('ETXTBSY');
});

it('says that virsh is not installed', async () => {
  const error = await failure(open('test:///default', '/no/such/virsh').guests.list());
  expect(error.next).toContain('apt install libvirt-clients');
});

const BLOB = {
  measurement: Buffer.alloc(48, 7),
  pdh: Buffer.alloc(2084, 1),
  chain: Buffer.alloc(6252, 2),
  id: Buffer.alloc(64, 3),
};

const DOMAIN = (firmware: string): string => `<domain type='kvm'>
  <name>web one</name>
  <uuid>${UUID}</uuid>
  <metadata>
    <x:note xmlns:x="https://x.example">
      <launchSecurity type='sev'>
      </launchSecurity>
    </x:note>
  </metadata>
  <vcpu placement='static'>4</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <loader readonly='yes' type='pflash' stateless='yes'>${firmware}</loader>
    <kernel>${firmware}</kernel>
    <cmdline>root=/dev/vda &amp;quiet</cmdline>
  </os>
  <cpu mode='custom' match='exact' check='none'>
    <model fallback='forbid'>EPYC-Milan</model>
  </cpu>
  <launchSecurity type='sev' kernelHashes='yes'>
    <cbitpos>51</cbitpos>
    <reducedPhysBits>1</reducedPhysBits>
    <policy>0x0005</policy>
    <dhCert>b2xk</dhCert>
  </launchSecurity>
</domain>
`;

/** A virsh that answers from files in a folder, and writes down how it was called. */
function fakeVirsh(answers: Record<string, string> = {}) {
  const folder = temporaryFolder();
  const program = join(folder, 'virsh');
  const texts = {
    list: ` ${UUID}   web one\n\n`.trimStart(),
    domstats: "Domain: 'web one'\n  state.state=3\n  state.reason=1\n\n",
    domlaunchsecinfo: [
      `sev-measurement: ${BLOB.measurement.toString('base64')}`,
      'sev-api-major  : 1',
      'sev-api-minor  : 55',
      'sev-build-id   : 21',
      'sev-policy     : 5',
    ].join('\n'),
    nodesevinfo: [
      `pdh            : ${BLOB.pdh.toString('base64')}`,
      `cert-chain     : ${BLOB.chain.toString('base64')}`,
      `cpu0-id        : ${BLOB.id.toString('base64')}`,
      'cbitpos        : 51',
      'reduced-phys-bits: 1',
      'max-guests     : 500',
    ].join('\n'),
    domstate: 'paused\n',
    dumpxml: DOMAIN('/no/such/firmware'),
    ...answers,
  };
  mkdirSync(join(folder, 'answers'));
  for (const [command, text] of Object.entries(texts)) writeFileSync(join(folder, 'answers', command), text);
  // An answer that begins with “error: ” goes to standard error, and the command fails.
  const script = `#!/bin/sh
cd "${folder}"
printf '%s\\n' "$*" >> calls
shift 2
command="$1"
for argument in "$@"; do case "$argument" in /*) cat "$argument" >> "$command.files"; echo >> "$command.files";; esac; done
if [ "$command" = event ]; then exec tail -n +1 -f answers/event; fi
[ -f "answers/$command" ] || exit 0
if head -c 7 "answers/$command" | grep -q '^error: '; then cat "answers/$command" >&2; exit 1; fi
cat "answers/$command"
`;
  writeFileSync(join(folder, 'answers', 'event'), '');
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  const calls = (): string[] =>
    existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [];
  const answer = (command: string, text: string): void => writeFileSync(join(folder, 'answers', command), text);
  const files = (command: string): string => readFileSync(join(folder, `${command}.files`), 'utf8');
  return { ...open('qemu:///system', program), calls, answer, files, folder };
}

describe('libvirt with SEV', () => {
  it('lists domains by UUID, whatever they are called', async () => {
    const { guests } = fakeVirsh();
    expect(await guests.list()).toEqual([{ id: ID, name: 'web one', backend: 'libvirt', state: 'paused' }]);
  });

  it('asks virsh once for many clients', async () => {
    const { guests, calls } = fakeVirsh();
    // What it asks by itself at the start: for events, for the names and for the states.
    await eventually(calls, ({ length }) => length >= 3);
    const before = calls().length;
    await Promise.all(Array.from({ length: 50 }, () => guests.list()));
    expect(calls().length - before).toBeLessThanOrEqual(2);
  });

  it('gives the measurement, with decimal numbers', async () => {
    const { guests } = fakeVirsh();
    expect(await guests.measurement(ID)).toEqual({
      measurement: new Uint8Array(BLOB.measurement),
      apiMajor: 1,
      apiMinor: 55,
      build: 21,
      policy: 5,
      state: 'paused',
    });
  });

  it.each([
    ['a guest without SEV', '', 'RELAY_NOT_SEV', /not an SEV guest/],
    [
      'a libvirt before 8.0',
      `sev-measurement: ${BLOB.measurement.toString('base64')}`,
      'RELAY_LIBVIRT',
      /without API version/,
    ],
    ['a measurement of another length', 'sev-measurement: AAAA', 'BYTES_LENGTH', /48/],
    [
      'numbers that are none',
      `sev-measurement: ${BLOB.measurement.toString('base64')}\nsev-policy: 0x5x`,
      'BYTES_VALUE',
      /whole number/,
    ],
    [
      'a guest that is off',
      'error: Requested operation is not valid: domain is not running',
      'RELAY_GUEST_STATE',
      /does not run/,
    ],
  ])('says of %s what it is', async (_, text, code, says) => {
    const { guests } = fakeVirsh({ domlaunchsecinfo: text });
    expect(await failure(guests.measurement(ID))).toMatchObject({
      code,
      sentence: expect.stringMatching(says) as string,
    });
  });

  it.each([
    ['running', 'running'],
    ['idle', 'running'],
    ['paused', 'paused'],
    ['in shutdown', 'shutdown'],
    ['shut off', 'shutdown'],
    ['crashed', 'unknown'],
    ['constructor', 'unknown'],
  ])('says of a domain that is “%s” that its launch is %s', async (said, state) => {
    expect((await fakeVirsh({ domstate: `${said}\n` }).guests.measurement(ID)).state).toBe(state);
  });

  it('hands the packet over in files of base64 that are gone afterwards', async () => {
    const { guests, calls, files, state } = fakeVirsh();
    await guests.inject(ID, { header: new Uint8Array(52).fill(1), secret: new Uint8Array(16).fill(2), gpa: 4096 });
    const call = calls().find((line) => line.includes('domsetlaunchsecstate'))!;
    expect(call).toMatch(new RegExp(`domsetlaunchsecstate ${UUID} --secrethdr \\S+ --secret \\S+ --set-address 4096$`));
    expect(files('domsetlaunchsecstate').trim().split('\n')).toEqual([
      Buffer.alloc(52, 1).toString('base64'),
      Buffer.alloc(16, 2).toString('base64'),
    ]);
    expect(readdirSync(state)).toEqual([]);
  });

  it("reads QEMU's words inside libvirt's", async () => {
    const said =
      "error: Unable to set launch security state\nerror: internal error: unable to execute QEMU command 'sev-inject-launch-secret': SEV: failed to inject secret ret=-5 fw_error=11 'Bad measurement'";
    const { guests } = fakeVirsh({ domsetlaunchsecstate: said });
    const packet = { header: new Uint8Array(52), secret: new Uint8Array(16) };
    expect((await failure(guests.inject(ID, packet))).code).toBe('AMDSP_BAD_MEASUREMENT');
  });

  it("gives the platform's chain", async () => {
    const { guests } = fakeVirsh();
    expect(await guests.capabilities()).toEqual({
      pdh: new Uint8Array(BLOB.pdh),
      chain: new Uint8Array(BLOB.chain),
      cpu0Id: new Uint8Array(BLOB.id),
    });
  });

  it('tells of changes when an event says that there is one', async () => {
    const { guests, answer } = fakeVirsh();
    const changes: unknown[] = [];
    guests.onChange((change) => changes.push(change));
    await eventually(
      () => guests.list(),
      ([guest]) => guest?.state === 'paused',
    );
    answer('domstats', "Domain: 'web one'\n  state.state=1\n  state.reason=5\n\n");
    answer('event', "event 'lifecycle' for domain 'web one': Resumed Unpaused\n");
    await eventually(
      () => changes,
      ({ length }) => length > 0,
    );
    expect(changes).toEqual([{ id: ID, state: 'running' }]);
  });

  it('has no reports', async () => {
    expect((await failure(fakeVirsh().guests.report())).sentence).toContain('no attestation reports');
  });
});

describe('a shut-off SEV domain', () => {
  const off = () => {
    const folder = temporaryFolder();
    const firmware = join(folder, 'OVMF.fd');
    writeFileSync(firmware, 'abc');
    const domain = DOMAIN(firmware);
    return { domain, ...fakeVirsh({ dumpxml: domain, domstats: "Domain: 'web one'\n  state.state=5\n\n" }) };
  };

  it('is a launch profile', async () => {
    const { guests } = off();
    const [profile, ...others] = await guests.profiles();
    expect(others).toEqual([]);
    expect(profile).toMatchObject({
      name: 'libvirt:web one',
      firmware: { name: 'OVMF.fd', size: 3 },
      kernel: { size: 3 },
      cmdline: 'root=/dev/vda &quiet',
      cpus: 4,
      cpuModel: 'EPYC-Milan',
      sevEs: true,
    });
    expect(guests.launches(profile!.name)).toBe(true);
  });

  it("is started paused with the owner's policy, GODH and session, and nothing else changed", async () => {
    const { guests, calls, files, domain, state } = off();
    const request = {
      profile: 'libvirt:web one',
      policy: 3,
      dhCert: new Uint8Array(2084).fill(4),
      session: new Uint8Array(128).fill(5),
    };
    expect(await guests.launch(request)).toBe(ID);
    expect(
      calls()
        .filter((line) => / (define|start) /.test(line))
        .map((line) => line.replace(/\/\S+$/, 'FILE')),
    ).toEqual([
      '--connect=qemu:///system --quiet define FILE',
      `--connect=qemu:///system --quiet start --paused ${UUID}`.replace(/\/\S+$/, 'FILE'),
    ]);
    const expected = domain.replace(
      '    <policy>0x0005</policy>\n    <dhCert>b2xk</dhCert>\n',
      `    <policy>0x0003</policy>\n    <dhCert>${Buffer.alloc(2084, 4).toString('base64')}</dhCert>\n    <session>${Buffer.alloc(128, 5).toString('base64')}</session>\n`,
    );
    expect(files('define').trim()).toBe(expected.trim());
    expect(readdirSync(state)).toEqual([]);
  });

  it('that is not there cannot be launched', async () => {
    const request = { profile: 'libvirt:db', policy: 3, dhCert: new Uint8Array(2084), session: new Uint8Array(128) };
    expect((await failure(off().guests.launch(request))).code).toBe('RELAY_NO_PROFILE');
    expect((await failure(fakeVirsh().guests.launch({ ...request, profile: 'libvirt:web one' }))).code).toBe(
      'RELAY_NO_PROFILE',
    );
  });

  it('without a launchSecurity of its own is not touched', () => {
    const blobs = { policy: 1, dhCert: new Uint8Array(2084), session: new Uint8Array(128) };
    expect(() =>
      withSession(DOMAIN('/f').replace(/^ {2}<launchSecurity[^]*?^ {2}<\/launchSecurity>\n/m, ''), blobs),
    ).toThrow('RELAY_LIBVIRT');
  });
});

it.each([
  ['error: Disconnected from qemu:///system due to end of file', 'RELAY_LOST'],
  ['error: Timed out during operation: cannot acquire state change lock', 'RELAY_LOST'],
  ['error: failed to connect to the hypervisor', 'RELAY_LIBVIRT'],
  ['error: something else', 'RELAY_LIBVIRT'],
])("libvirt's “%s” is %s", (text, code) => {
  expect(libvirtError('resume', text).code).toBe(code);
});
