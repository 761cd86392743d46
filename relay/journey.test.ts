// A launch from the first look to the released secret, over a real WebSocket and real QMP sockets, with every byte
// on the way recorded.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fromUtf8, toUtf8 } from '../shared/bytes/text.ts';
import { webCryptoRandom } from '../shared/crypto/subtle.ts';
import { decide } from '../shared/sev/decide/decision.ts';
import { expectForTests } from '../shared/testing/own-launch.ts';
import { signatureOfModel } from '../shared/guest/cpu-signature.ts';
import { parseCaCert } from '../shared/sev/formats/ca-cert.ts';
import { parseGuestImage } from '../shared/guest/guest-image.ts';
import { parseLaunchMeasure } from '../shared/sev/formats/launch-measure.ts';
import { encodeSecretTable } from '../shared/guest/secret-table.ts';
import { parseSevCert } from '../shared/sev/formats/sev-cert.ts';
import { buildVmsaPages } from '../shared/guest/vmsa.ts';
import { makeLaunchSession } from '../shared/sev/session/launch-session.ts';
import { sealSecret } from '../shared/sev/seal/secret-packet.ts';
import { demoGuestImage } from '../shared/simulator/demo-guest/image.ts';
import { SIMULATED_ROOT } from '../shared/trust/simulated-root.ts';
import { verifyCertChain } from '../shared/sev/verify/cert-chain.ts';
import { hashGuestImage } from '../shared/sev/verify/launch-digest.ts';
import type { ReportedLaunch } from '../shared/sev/verify/launch-measure.ts';
import type { Profile, ResultOf } from '../shared/relay-protocol.ts';
import { findLeaks } from './testing/leaks.ts';
import { makeLog } from './serve/log.ts';
import { platformOf } from './serve/platform.ts';
import { start } from './serve/relay.ts';
import { startSimulatedHost } from './simulator/index.ts';
import { LaunchedGuests } from './sources/launched-guests.ts';
import type { GuestStarter, StartedGuest } from './sources/types.ts';
import { eventually, relayOptionsForTests, sourcesForTests, temporaryFolder, TestClient } from './testing/testing.ts';

const PASSPHRASE = 'correct horse battery staple';
const DISK_GUID = '736869e5-84f0-4973-92ec-06879ce3da0b';

/** Collects what passes by; `all` is one long byte string. */
class Recorder {
  #pieces: Uint8Array[] = [];
  readonly take = (piece: Uint8Array | string): void => void this.#pieces.push(Buffer.from(piece));
  get all(): Buffer {
    return Buffer.concat(this.#pieces);
  }
}

/** A starter whose monitors are reached through a socket that writes down both directions. */
function recorded(starter: GuestStarter, recorder: Recorder, folder: string): GuestStarter {
  return {
    profiles: () => starter.profiles(),
    adopt: () => starter.adopt(),
    destroy: (name) => starter.destroy(name),
    close: () => starter.close(),
    async start(request): Promise<StartedGuest> {
      const guest = await starter.start(request);
      const path = join(folder, `${guest.name}.sock`);
      const server = createServer((near) => {
        const far = connect(guest.qmp);
        near.on('data', recorder.take).pipe(far);
        far.on('data', recorder.take).pipe(near);
        for (const socket of [near, far])
          socket.on('error', () => undefined).on('close', () => (near.destroy(), far.destroy()));
      });
      await new Promise<void>((resolve) => server.listen(path, resolve));
      onTestFinished(() => void server.close());
      return { ...guest, qmp: { path } };
    },
  };
}

async function world() {
  const folder = temporaryFolder();
  const [log, qmp] = [new Recorder(), new Recorder()];
  const state = { path: join(folder, 'state'), close: () => undefined };
  mkdirSync(state.path);
  const host = await startSimulatedHost({ dir: join(state.path, 'simulated') });
  onTestFinished(() => host.close());
  const writing = makeLog('debug', log.take);
  const launcher = await LaunchedGuests.open(recorded(host.starter, qmp, folder), writing);
  const platform = platformOf(host.device, host.amd, { simulated: true, log: writing });
  const relay = await start(
    relayOptionsForTests({ state, log: writing }),
    sourcesForTests({ platform, guests: [launcher], launchers: [launcher] }),
  );
  onTestFinished(() => relay.close());
  const client = await TestClient.pair(relay.pairingLink);
  const records = (): Record<string, Uint8Array> => ({
    'the WebSocket': Buffer.from(client.frames.join('\n')),
    'the QMP socket': qmp.all,
    'the log': log.all,
    ...Object.fromEntries(filesBelow(state.path).map((path) => [path, readFileSync(path)])),
  });
  return { host, relay, client, records };
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const chainOf = (certs: ResultOf<'platform.certificates'>) => ({
  pdh: parseSevCert(certs.pdh, 'pdh'),
  pek: parseSevCert(certs.pek, 'pek'),
  oca: parseSevCert(certs.oca, 'oca'),
  cek: parseSevCert(certs.cek, 'cek'),
  ask: parseCaCert(certs.ask!, 'ask'),
  ark: parseCaCert(certs.ark!, 'ark'),
});

/** What the guest owner computes from their own copies; the profile only tells which of them to take. */
function expectedOf({ cpus, cpuModel, sevEs }: Profile) {
  const image = demoGuestImage();
  const resetEip = parseGuestImage(image).resetEip;
  const settings = {
    variant: 'qemu',
    cpuSignature: signatureOfModel(cpuModel),
    ...(resetEip !== undefined && { resetEip }),
  } as const;
  return expectForTests({ guestImage: hashGuestImage(image), ...(sevEs && { vmsas: buildVmsaPages(settings, cpus) }) });
}

const reportedOf = ({ measurement, ...rest }: ResultOf<'guest.measurement'>): ReportedLaunch => {
  const { measure, mnonce } = parseLaunchMeasure(measurement);
  const { apiMajor, apiMinor, build, policy } = rest;
  return { measure, mnonce, apiMajor, apiMinor, build, policy };
};

describe('a Guest Owner', () => {
  it.each([
    ['demo', 0x03],
    ['demo-es', 0x07],
  ])('releases a secret into a guest of the profile %s, and nothing of it shows on the way', async (name, policy) => {
    const { host, relay, client, records } = await world();
    const bystander = await TestClient.pair(relay.pairingLink);
    const status = await client.ask('platform.status', {});
    expect(status).toMatchObject({ owner: 'self' });
    expect((await client.ask('platform.identifier', {})).ids[0]).toMatch(/^[0-9a-f]{128}$/);
    const trustedPdh = await verifyCertChain(chainOf(await client.ask('platform.certificates', {})), [SIMULATED_ROOT]);

    const profile = (await client.ask('guest.profiles', {})).find((one) => one.name === name)!;
    const raw: { tek?: Uint8Array; tik?: Uint8Array } = {};
    const session = await makeLaunchSession({
      trustedPdh,
      policy,
      random: webCryptoRandom,
      rawKeys: ({ tek, tik }) => void Object.assign(raw, { tek: tek.slice(), tik: tik.slice() }),
    });
    const { id } = await client.ask('guest.launch', {
      profile: name,
      policy,
      dhCert: session.godh,
      session: session.blob,
    });
    expect(await client.ask('guest.list', {})).toEqual([
      { id, name: id.split(':')[1], backend: 'launcher', state: 'prelaunch', sev: true },
    ]);

    const reported = reportedOf(await client.ask('guest.measurement', { id }));
    const decision = await decide({ session, expectation: await expectedOf(profile), reported });
    if (decision.kind !== 'release') throw new Error(JSON.stringify(decision.findings));
    const table = encodeSecretTable([{ guid: DISK_GUID, data: toUtf8(`${PASSPHRASE}\0`) }]);
    const { header, payload } = await sealSecret(decision, table, webCryptoRandom);
    await client.ask('guest.inject', { id, header, secret: payload });
    await client.ask('guest.resume', { id });

    const console = join(host.guestsFolder, id.split(':')[1]!, 'console.log');
    await eventually(
      () => fromUtf8(readFileSync(console)),
      (text) => text.includes(PASSPHRASE),
    );
    await eventually(
      () => client.notifications,
      (all) => all.some(({ params }) => JSON.stringify(params).includes('running')),
    );
    expect((await client.ask('guest.list', {}))[0]?.state).toBe('running');
    expect((await client.ask('guest.configuration', { id })).kind).toBe('qemu-arguments');

    const secrets = { TIK: raw.tik!, TEK: raw.tek!, passphrase: toUtf8(PASSPHRASE), table };
    expect(findLeaks(secrets, records())).toEqual([]);
    // The recorders do record: what may be seen is seen.
    const places = findLeaks({ header }, records()).map((leak) => leak.replace(/^.* in /, ''));
    expect(new Set(places)).toEqual(new Set(['the WebSocket', 'the QMP socket']));
    expect(records()['the log']!.toString()).toContain(
      `injected a secret packet of ${payload.length} bytes into ${id}`,
    );

    await client.ask('guest.destroy', { id });
    expect(await client.ask('guest.list', {})).toEqual([]);
    for (const told of [client, bystander]) {
      const ofGuest = await eventually(
        () => told.notifications.map(({ params }) => params as { id: string; state: string }),
        (all) => all.some(({ state }) => state === 'gone'),
      );
      expect(ofGuest.filter(({ state }) => state === 'gone')).toEqual([{ id, state: 'gone' }]);
    }
  });

  it('is told in words when the host would inject another secret, and may lose an answer without harm', async () => {
    const { client } = await world();
    const trustedPdh = await verifyCertChain(chainOf(await client.ask('platform.certificates', {})), [SIMULATED_ROOT]);
    const session = await makeLaunchSession({ trustedPdh, policy: 3, random: webCryptoRandom });
    const { id } = await client.ask('guest.launch', {
      profile: 'demo',
      policy: 3,
      dhCert: session.godh,
      session: session.blob,
    });
    const [profile] = await client.ask('guest.profiles', {});
    const decision = await decide({
      session,
      expectation: await expectedOf(profile!),
      reported: reportedOf(await client.ask('guest.measurement', { id })),
    });
    if (decision.kind !== 'release') throw new Error(JSON.stringify(decision.findings));
    const seal = async (text: string) => {
      const table = encodeSecretTable([{ guid: DISK_GUID, data: toUtf8(text) }]);
      const { header, payload } = await sealSecret(decision, table, webCryptoRandom);
      return { id, header, secret: payload };
    };
    const packet = await seal('one');
    const forged = { ...packet, header: packet.header.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) };
    await expect(client.ask('guest.inject', forged)).rejects.toMatchObject({ code: 'AMDSP_BAD_MEASUREMENT' });
    await client.ask('guest.inject', packet);
    await client.ask('guest.inject', packet);
    await expect(client.ask('guest.inject', await seal('two'))).rejects.toMatchObject({ code: 'RELAY_GUEST_STATE' });
  });
});
