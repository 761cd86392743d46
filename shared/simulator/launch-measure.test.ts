import { expect, it } from 'vitest';
import { encodeGuid } from '../bytes/guid.ts';
import { ascii, fromBase64, fromHex, toHex, toUtf8 } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { sha256 } from '../crypto/subtle.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../testing/vectors.ts';
import { vectorPlatform } from '../testing/vector-platform.ts';
import { findSecrets } from './guest-secrets.ts';
import { measureOf, openPacket } from './launch-measure.ts';
import { kernelHashesTable } from './loaded-pages.ts';
import { SimulatedMachine } from './virtual-machine.ts';

type Api = readonly [number, number];
const version = ([apiMajor, apiMinor]: Api, build = 0) => ({ apiMajor, apiMinor, build });

interface MeasureCase {
  readonly api: Api;
  readonly build: number;
  readonly policy: number;
  readonly digest: string;
  readonly mnonce: string;
  readonly tik: string;
  readonly measurement: string;
}

describeWithVectors('The AMD-SP measures', () => {
  const cases = ['measurement-sev.json', 'measurement-seves.json'].flatMap(
    (path) => vectorJson<{ cases: MeasureCase[] }>(path).cases,
  );

  it('has vectors for both forms of the MAC', () => {
    expect(new Set(cases.map(({ api: [major, minor] }) => major > 0 || minor >= 17))).toEqual(new Set([true, false]));
  });

  it.each(cases.map((measure, i) => [i, measure] as const))('case %i', (_, measure) => {
    const { api, build, policy, digest, mnonce, tik, measurement } = measure;
    const launch = { policy, digest: fromHex(digest), mnonce: fromHex(mnonce) };
    expect(toHex(measureOf(version(api, build), fromHex(tik), launch))).toBe(measurement);
  });
});

interface SecretVectors {
  readonly tek: string;
  readonly tik: string;
  readonly measure: string;
  readonly cases: readonly {
    readonly api: Api;
    readonly table: string | { readonly sha256: string };
    readonly header: string;
    readonly payload: string;
  }[];
  readonly rejected_packets: readonly { readonly header: string; readonly payload: string; readonly why: string }[];
  readonly readers: readonly { readonly table: string; readonly entries: readonly (readonly [string, string])[] }[];
}

describeWithVectors('The AMD-SP opens a secret packet', () => {
  const { tek, tik, measure, cases, rejected_packets, readers } = vectorJson<SecretVectors>('secret.json');
  const keys = { tek: fromHex(tek), tik: fromHex(tik) };
  const written = cases.filter((packet) => typeof packet.payload === 'string' && typeof packet.table === 'string');
  const open = (api: Api, header: string, payload: string, over = fromHex(measure)) => {
    const packet = { header: fromHex(header), payload: fromHex(payload), guestLength: payload.length / 2 };
    return openPacket(version(api), keys, over, packet);
  };

  it.each(written.map((packet, i) => [i, packet] as const))('case %i', async (_, { api, header, payload, table }) => {
    expect(toHex(await open(api, header, payload))).toBe(table);
  });

  it('of another launch: never from API 0.17 on; before that, it cannot tell', async () => {
    const other = await sha256(fromHex(measure));
    for (const { api, header, payload } of written) {
      const opened = open(api, header, payload, other);
      if (api[1] >= 17) await expect(opened).rejects.toMatchObject({ status: 0x0b });
      else expect((await opened).length).toBe(payload.length / 2);
    }
  });

  it.each(rejected_packets)('and refuses it: $why', async ({ header, payload, why }) => {
    const status = why === 'header length changed' ? 0x04 : 0x0b;
    await expect(open([0, 24], header, payload)).rejects.toMatchObject({ status });
  });

  it('and the guest finds what is in it, however its writer padded it', () => {
    for (const { table, entries } of readers) {
      const found = findSecrets(fromHex(table))!.map(({ guid, data }) => [guid, toHex(data)]);
      expect(found).toEqual(entries);
    }
  });
});

it('The guest finds no secrets in memory that holds no table', () => {
  expect(findSecrets(new Uint8Array(64))).toBeUndefined();
  expect(findSecrets(new Uint8Array(3))).toBeUndefined();
  const table = encodeGuid('1e74f542-71dd-4d66-963e-ef4287ff173b');
  const beyond = concat(table, Uint8Array.of(200, 0, 0, 0));
  expect(findSecrets(beyond)).toBeUndefined();
  const entryBeyond = concat(table, Uint8Array.of(40, 0, 0, 0), new Uint8Array(16), Uint8Array.of(21, 0, 0, 0));
  expect(findSecrets(entryBeyond)).toBeUndefined();
  expect(findSecrets(concat(table, Uint8Array.of(20, 0, 0, 0)))).toEqual([]);
});

interface LaunchVectors {
  readonly policy: number;
  readonly dh_cert_file: string;
  readonly session_file: string;
  readonly firmware: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly cmdline: string;
  readonly secret: readonly (readonly [string, string])[];
  readonly exchange: readonly {
    readonly send: { readonly execute: string; readonly arguments?: Record<string, string> };
    readonly receive: readonly { readonly return?: { readonly data?: string } }[];
  }[];
}

describeWithVectors('A whole launch of the vectors', () => {
  const launch = vectorJson<LaunchVectors>('qmp-launch.json');
  const exchange = (command: string) => launch.exchange.find(({ send }) => send.execute === command)!;
  const blob = fromBase64(exchange('query-sev-launch-measure').receive[0]!.return!.data!);
  const packet = exchange('sev-inject-launch-secret').send.arguments!;
  const boot = { kernel: fromHex(launch.kernel), initrd: fromHex(launch.initrd), cmdline: launch.cmdline };
  const settings = {
    guestImage: vectorBytes(launch.firmware),
    boot,
    kernelHashes: true,
    memoryBytes: 64 * 1024 * 1024,
    cpus: 1,
    cpuSignature: 0x800f12,
    policy: launch.policy,
    dhCert: fromBase64(launch.dh_cert_file),
    session: fromBase64(launch.session_file),
  };
  const start = async () => {
    const amdSp = await vectorPlatform({
      random: (length) => (length === 16 ? blob.slice(32) : new Uint8Array(length)),
    });
    return SimulatedMachine.start(amdSp, settings);
  };

  it('gives the measurement that the reference computed', async () => {
    expect(toHex((await start()).launchMeasure)).toBe(toHex(blob));
    expect(kernelHashesTable(boot).length).toBe(176);
  });

  it('takes the secret, and the guest that runs finds it', async () => {
    const machine = await start();
    await machine.inject(fromBase64(packet['packet-header']!), fromBase64(packet['secret']!), undefined);
    expect(machine.console).toBe('');
    await machine.cont();
    const [[guid]] = launch.secret as [[string, string]];
    expect(machine.console.split('\r\n')).toEqual([
      'Demo guest: kernel hashes found.',
      'Demo guest: secret table found.',
      `${guid} open sesame\\x00`,
      'Demo guest: end of table.',
      '',
    ]);
  });

  it('refuses the secret once it has run', async () => {
    const machine = await start();
    await machine.cont();
    const late = machine.inject(fromBase64(packet['packet-header']!), fromBase64(packet['secret']!), undefined);
    await expect(late).rejects.toThrow('SEV: Not in correct state. (LSECRET) 3');
    expect(machine.console).toContain('no secret table');
  });

  it('refuses the secret under another measure, as QEMU words it', async () => {
    const amdSp = await vectorPlatform();
    const machine = await SimulatedMachine.start(amdSp, settings);
    const refused = machine.inject(fromBase64(packet['packet-header']!), fromBase64(packet['secret']!), undefined);
    await expect(refused).rejects.toThrow("SEV: failed to inject secret ret=-5 fw_error=11 'Bad measurement'");
  });

  it('does not start with another policy, as QEMU words it', async () => {
    const started = SimulatedMachine.start(await vectorPlatform(), { ...settings, policy: 0 });
    await expect(started).rejects.toThrow("sev_launch_start: LAUNCH_START ret=1 fw_error=11 'Bad measurement'");
  });

  it('does not start with kernel hashes and a firmware that has no place for them', async () => {
    const amdSp = await vectorPlatform();
    const withImage = (guestImage: Uint8Array) => SimulatedMachine.start(amdSp, { ...settings, guestImage });
    await expect(withImage(vectorBytes('ovmf/ovmf_OvmfX64_suffix.bin'))).rejects.toThrow(
      'SEV: guest firmware hashes table area is invalid (base=0x0 size=0x0)',
    );
    await expect(withImage(concat(ascii('no table'), toUtf8('x'.repeat(4088))))).rejects.toThrow(
      'SEV: kernel specified but guest firmware has no hashes table GUID',
    );
    expect(amdSp.platformStatus().guests).toBe(0);
  });

  it('does not start from a file that is no multiple of 16 bytes, and leaves no guest behind', async () => {
    const amdSp = await vectorPlatform();
    const guestImage = vectorBytes(launch.firmware).slice(1);
    await expect(SimulatedMachine.start(amdSp, { ...settings, guestImage })).rejects.toThrow(
      "sev_launch_update_data: LAUNCH_UPDATE ret=-5 fw_error=4 'Buffer too small'",
    );
    expect(amdSp.platformStatus().guests).toBe(0);
  });
});
