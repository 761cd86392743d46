// The relay is killed while libvirt or the AMD-SP is at work for it: what was begun happens once, and the next relay knows.
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat } from '../shared/bytes/writer.ts';
import { equalBytes } from '../shared/bytes/equal.ts';
import { parseCertChain } from '../shared/sev/formats/cert-chain.ts';
import { parseSevCert } from '../shared/sev/formats/sev-cert.ts';
import type { MethodName, ParamsOf } from '../shared/relay-protocol.ts';
import { makeOwnerKey } from '../shared/sev/session/owner-key.ts';
import { makeOcaCertificate, signPekCsr, verifyOca } from '../shared/sev/session/ownership.ts';
import { SIMULATED_ROOT } from '../shared/trust/simulated-root.ts';
import { verifyCertChain } from '../shared/sev/verify/cert-chain.ts';
import { buildRelay, RelayProcess } from './testing/process-testing.ts';
import { eventually, temporaryFolder, TestClient } from './testing/testing.ts';

let program: string;
beforeAll(async () => {
  program = await buildRelay();
  return () => rmSync(join(program, '../..'), { recursive: true, force: true });
}, 60_000);

const UUID = '6695eb01-f6a4-8304-79aa-97f2502e193f';
const ID = `libvirt:${UUID}`;
const PACKET = { id: ID, header: new Uint8Array(52), secret: new Uint8Array(16) };
const DOMAIN = `<domain type='kvm'>
  <name>web</name>
  <uuid>${UUID}</uuid>
  <launchSecurity type='sev'>
    <policy>0x5</policy>
  </launchSecurity>
</domain>
`;

/** A virsh that does its work although the relay, its parent, dies meanwhile: in the folder `lethal` names when. */
function libvirtHost() {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('state'), '3');
  writeFileSync(at('domain'), DOMAIN);
  const measured = Buffer.alloc(48, 7).toString('base64');
  const script = `#!/bin/sh
cd "${folder}"
shift 2
if [ "$1" = event ]; then exec sleep 60; fi
echo "$1" >> calls
if [ "$(cat lethal 2>/dev/null)" = "$1" ]; then rm lethal; kill -9 $PPID; fi
case "$1" in
  list) echo "${UUID} web" ;;
  domstats) printf "Domain: 'web'\\n  state.state=%s\\n" "$(cat state)" ;;
  domstate) echo paused ;;
  domlaunchsecinfo) printf 'sev-measurement: ${measured}\\nsev-api-major: 1\\nsev-api-minor: 55\\nsev-build-id: 21\\nsev-policy: 5\\n' ;;
  dumpxml) cat domain ;;
  start) echo 3 > state ;;
  resume) echo 1 > state ;;
  destroy) echo 5 > state ;;
esac
`;
  mkdirSync(at('bin'));
  writeFileSync(at('bin/virsh'), script);
  chmodSync(at('bin/virsh'), 0o755);
  const options = ['--libvirt', 'qemu:///system', '--state', at('relay'), '--sev', '/dev/no-such-device', '--offline'];
  const env = { PATH: `${at('bin')}:${process.env['PATH']}` };
  return {
    startRelay: async () => TestClient.pair(await new RelayProcess(program, options, env).link()),
    killAt: (command: string) => writeFileSync(at('lethal'), command),
    setState: (state: string) => writeFileSync(at('state'), state),
    times: (command: string) =>
      existsSync(at('calls'))
        ? readFileSync(at('calls'), 'utf8')
            .split('\n')
            .filter((one) => one === command).length
        : 0,
    leftInState: () => readdirSync(at('relay')).filter((name) => name.startsWith('virsh-')),
  };
}

describe('a relay that is killed while virsh runs', () => {
  const calls: readonly [MethodName, string, ParamsOf<MethodName>, string][] = [
    ['guest.measurement', 'domlaunchsecinfo', { id: ID }, 'paused'],
    ['guest.configuration', 'dumpxml', { id: ID }, 'paused'],
    ['guest.resume', 'resume', { id: ID }, 'running'],
    ['guest.destroy', 'destroy', { id: ID }, 'shutdown'],
    ['guest.inject', 'domsetlaunchsecstate', PACKET, 'paused'],
  ];
  it.each(calls)('for %s leaves its guest to the next relay', async (method, command, params, state) => {
    const { startRelay, killAt, times } = libvirtHost();
    const client = await startRelay();
    killAt(command);
    await expect(client.ask(method, params as never)).rejects.toThrow('closed 1006');
    const again = await startRelay();
    await eventually(
      () => again.ask('guest.list', {}),
      ([guest]) => guest?.id === ID && guest.state === state,
    );
    // What only reads is asked by the list too, which hands out no domain before it has looked whether it is one of SEV.
    if (command === 'dumpxml') expect(times(command)).toBeGreaterThan(0);
    else expect(times(command)).toBe(1);
  });

  it('for an injection injects no second time, and says that nobody knows of the first', async () => {
    const { startRelay, killAt, times, leftInState } = libvirtHost();
    const client = await startRelay();
    killAt('domsetlaunchsecstate');
    await expect(client.ask('guest.inject', PACKET)).rejects.toThrow('closed');
    const again = await startRelay();
    for (const packet of [PACKET, { ...PACKET, secret: new Uint8Array(16).fill(1) }]) {
      await expect(again.ask('guest.inject', packet)).rejects.toMatchObject({ code: 'RELAY_INJECT_UNKNOWN' });
    }
    expect(times('domsetlaunchsecstate')).toBe(1);
    expect(leftInState(), 'files for a virsh that has ended').toEqual([]);
  });

  it.each(['define', 'start'])(
    'for a launch, at %s, leaves one domain, which is there to be launched',
    async (command) => {
      const { startRelay, killAt, setState, leftInState } = libvirtHost();
      setState('5');
      const client = await startRelay();
      killAt(command);
      const launch = { profile: 'libvirt:web', policy: 5, dhCert: new Uint8Array(2084), session: new Uint8Array(128) };
      await expect(client.ask('guest.launch', launch)).rejects.toThrow('closed');
      const again = await startRelay();
      const [guest, ...others] = await eventually(
        () => again.ask('guest.list', {}),
        ([one]) => one?.state === (command === 'start' ? 'paused' : 'shutdown'),
      );
      expect([guest!.id, others]).toEqual([ID, []]);
      expect(leftInState()).toEqual([]);
      if (command === 'define') expect(await again.ask('guest.launch', launch)).toEqual({ id: ID });
      else await expect(again.ask('guest.launch', launch)).rejects.toMatchObject({ code: 'RELAY_NO_PROFILE' });
    },
  );
});

/** A relay with a simulated platform that outlives it, whose operator says yes to everything. */
function ownedHost() {
  const options = ['--simulate', '--allow-ownership', '--state', temporaryFolder(), '--log-level', 'warn'];
  return async () => {
    const relay = new RelayProcess(program, options);
    const client = await TestClient.pair(await relay.link());
    const answered = (): number => relay.output.split('Type “yes”').length;
    const allowNext = async (): Promise<void> => {
      const before = answered();
      await eventually(answered, (times) => times > before);
      relay.child.stdin!.write('yes\n');
      await eventually(
        () => relay.output,
        (text) => text.includes('allowed at the terminal'),
      );
    };
    return { relay, client, allowNext };
  };
}

async function trusted(client: TestClient) {
  const { pdh, pek, oca, cek, ask, ark } = await client.ask('platform.certificates', {});
  return verifyCertChain(parseCertChain(concat(pdh, pek, oca, cek, ask!, ark!)), [SIMULATED_ROOT]);
}

describe('a relay that is killed while the AMD-SP works', () => {
  it.each(['owner.rotatePdh', 'owner.regeneratePek', 'owner.reset'] as const)(
    'for %s leaves a platform with a whole chain, its keys the old or the new ones',
    async (method) => {
      const start = ownedHost();
      const { relay, client, allowNext } = await start();
      const before = await trusted(client);
      const [asked] = [client.ask(method, {}).catch(() => undefined), await allowNext()];
      await relay.end('SIGKILL');
      await asked;
      const next = await start();
      const after = await trusted(next.client);
      expect(after.cekId, 'the same chip').toBe(before.cekId);
      expect((await next.client.ask('platform.status', {})).owner).toBe('self');
      // The command can be given again, whichever it is.
      const [again] = [next.client.ask(method, {}), await next.allowNext()];
      await again;
      expect((await trusted(next.client)).pdhId).not.toBe(after.pdhId);
    },
    60_000,
  );

  it('for an import leaves the old owner or the new one, and the import is taken once', async () => {
    const key = await makeOwnerKey({ extractable: false });
    const oca = await verifyOca(await makeOcaCertificate(key));
    for (const delayMs of [0, 8]) {
      const start = ownedHost();
      const { relay, client, allowNext } = await start();
      const pek = await signPekCsr(parseSevCert((await client.ask('owner.csr', {})).csr), { key, oca });
      const params = { pek, oca: oca.bytes };
      const [asked] = [client.ask('owner.import', params).catch(() => undefined), await allowNext()];
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await relay.end('SIGKILL');
      await asked;
      const next = await start();
      const { owner } = await next.client.ask('platform.status', {});
      const isOurs = equalBytes((await trusted(next.client)).chain.oca.bytes, oca.bytes);
      expect(owner).toBe(isOurs ? 'external' : 'self');
      const again = next.client.ask('owner.import', params).then(
        () => 'taken',
        () => 'refused',
      );
      await next.allowNext();
      expect(await again).toBe(isOurs ? 'refused' : 'taken');
      expect(equalBytes((await trusted(next.client)).chain.oca.bytes, oca.bytes)).toBe(true);
      await next.relay.end('SIGTERM');
    }
  }, 60_000);
});
