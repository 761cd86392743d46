import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from '../../../shared/bytes/text.ts';
import { describeWithVectors, vectorJson } from '../../../shared/testing/vectors.ts';
import { eventually } from '../../testing/testing.ts';
import { decodeAsGlib } from './glib-base64.ts';
import { monitoredGuest, RawClient, withoutTimes } from './testing.ts';

const connected = async (settings = {}) => {
  const guest = await monitoredGuest(settings);
  return { ...guest, client: await new RawClient(guest.path).negotiate() };
};

const answerOf = async (client: RawClient, command: string, args?: unknown): Promise<Record<string, unknown>> => {
  const lines = await client.exchange(
    JSON.stringify({ execute: command, ...(args !== undefined && { arguments: args }) }),
  );
  return JSON.parse(lines.at(-1)!) as Record<string, unknown>;
};

const generic = (desc: string) => ({ error: { class: 'GenericError', desc } });

interface Recorded {
  readonly exchange: readonly { readonly send: string; readonly receive: readonly string[] }[];
}

describeWithVectors('The simulated monitor answers as a real QEMU was recorded to', () => {
  // What the recorded QEMU said about SEV, it said of a guest without SEV.
  const aboutSev = /"error".*SEV|"enabled"|KVM not enabled|"package"/;

  it('line by line, from the first to the last', async () => {
    const { exchange } = vectorJson<Recorded>('qmp-recorded.json');
    const { path } = await monitoredGuest();
    const client = new RawClient(path);
    await client.take(1);
    let compared = 0;
    for (const { send, receive } of exchange) {
      client.write(`${send}\n`);
      const received = await client.take(receive.length);
      if (receive.some((line) => aboutSev.test(line))) continue;
      expect(received.map(withoutTimes)).toEqual(receive.map(withoutTimes));
      compared++;
    }
    expect(compared).toBeGreaterThan(15);
    await eventually(
      () => client.closed,
      (closed) => closed,
    );
  });
});

describe('The simulated monitor', () => {
  it('greets, and says what it is', async () => {
    const { path } = await monitoredGuest();
    const [greeting] = await new RawClient(path).take(1);
    expect(greeting).toBe(
      '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": "SIMULATED by sev-relay"}, "capabilities": ["oob"]}}',
    );
  });

  it('serves one client at a time: the second is not greeted until the first has left', async () => {
    const { path } = await monitoredGuest();
    const first = await new RawClient(path).negotiate();
    const second = new RawClient(path);
    expect(await first.exchange('{"execute": "query-name"}')).toEqual(['{"return": {"name": "web-1"}}']);
    expect(second.lines).toEqual([]);
    first.close();
    expect((await second.take(1))[0]).toContain('"QMP"');
    // A new client begins with nothing negotiated, and without the first one's half line.
    second.write('{"execute": "query-name"}\n');
    expect((await second.take(1))[0]).toContain('Expecting capabilities negotiation');
  });

  it('forgets a client that left while it waited', async () => {
    const { path } = await monitoredGuest();
    const first = await new RawClient(path).negotiate();
    const [second, third] = [new RawClient(path), new RawClient(path)];
    await first.exchange('{"execute": "query-name"}');
    second.close();
    await first.exchange('{"execute": "query-name"}');
    first.close();
    expect((await third.take(1))[0]).toContain('"QMP"');
  });

  it('waits for the rest of a half line, and drops it when the client leaves', async () => {
    const { path } = await monitoredGuest();
    const first = await new RawClient(path).negotiate();
    first.write('{"execute": "query-na');
    first.write('me", "id": 5}');
    expect(await first.take(1)).toEqual(['{"return": {"name": "web-1"}, "id": 5}']);
    first.write('{"execute": "query-name"');
    first.close();
    const second = await new RawClient(path).negotiate();
    expect(await second.exchange('{"execute": "query-name"}')).toEqual(['{"return": {"name": "web-1"}}']);
  });

  it('tells no event before the negotiation', async () => {
    const { path, machine } = await monitoredGuest();
    const client = new RawClient(path);
    await client.take(1);
    await machine.cont();
    client.write('{"execute": "qmp_capabilities"}\n');
    expect(await client.take(1)).toEqual(['{"return": {}}']);
    machine.stop();
    expect((await client.take(1)).map(withoutTimes)).toEqual(['{"timestamp": {}, "event": "STOP"}']);
  });

  it('goes away with its guest, after the answer', async () => {
    const { path, amdSp } = await monitoredGuest();
    const client = await new RawClient(path).negotiate();
    client.write('{"execute": "quit", "id": 1}\n');
    expect((await client.take(2)).map(withoutTimes)).toEqual([
      '{"timestamp": {}, "event": "SHUTDOWN", "data": {"guest": false, "reason": "host-qmp-quit"}}',
      '{"return": {}, "id": 1}',
    ]);
    await eventually(
      () => client.closed,
      (closed) => closed,
    );
    expect(amdSp.platformStatus().guests).toBe(0);
    const late = new RawClient(path);
    await eventually(
      () => late.closed,
      (closed) => closed,
    );
    expect(late.lines).toEqual([]);
  });
});

describe('An SEV guest behind the simulated monitor', () => {
  it('says its state, policy and version', async () => {
    const { client, path } = await connected({ policy: 3 });
    const sev = { enabled: true, 'api-major': 0, 'api-minor': 24, 'build-id': 15, policy: 3, handle: 1 };
    expect(await answerOf(client, 'query-sev')).toEqual({ return: { ...sev, state: 'launch-secret' } });
    await answerOf(client, 'cont');
    expect(await answerOf(client, 'query-sev')).toEqual({ return: { ...sev, state: 'running' } });
    expect(path).toBeTruthy();
  });

  it("gives the platform's certificates and id", async () => {
    const { client, amdSp } = await connected();
    const { return: capabilities } = await answerOf(client, 'query-sev-capabilities');
    const { pdh, chain } = amdSp.pdhCertExport();
    expect(capabilities).toEqual({
      pdh: toBase64(pdh),
      'cert-chain': toBase64(chain),
      'cpu0-id': toBase64(amdSp.getId()),
      cbitpos: 51,
      'reduced-phys-bits': 1,
    });
  });

  it('keeps answering with the same measurement, also once it runs', async () => {
    const { client, machine } = await connected();
    const expected = { return: { data: toBase64(machine.launchMeasure) } };
    expect(await answerOf(client, 'query-sev-launch-measure')).toEqual(expected);
    await answerOf(client, 'cont');
    expect(await answerOf(client, 'query-sev-launch-measure')).toEqual(expected);
  });

  it('gives a report for a nonce of 16 bytes, and for nothing else', async () => {
    const { client } = await connected();
    const ask = (mnonce: string) => answerOf(client, 'query-sev-attestation-report', { mnonce });
    const { return: report } = await ask(toBase64(new Uint8Array(16).fill(3)));
    expect(fromBase64((report as { data: string }).data)).toHaveLength(208);
    expect(await ask('')).toEqual(generic('SEV: mnonce must be 16 bytes (got 0)'));
    expect(await ask('AAAA')).toEqual(generic('SEV: mnonce must be 16 bytes (got 3)'));
  });

  it('refuses packets as QEMU words it', async () => {
    const { client } = await connected();
    const inject = (header: string, secret: string, gpa?: unknown) =>
      answerOf(client, 'sev-inject-launch-secret', { 'packet-header': header, secret, gpa });
    const [header, secret] = [toBase64(new Uint8Array(52)), toBase64(new Uint8Array(16))];
    expect(await inject('', secret)).toEqual(generic('SEV: Failed to decode sequence header'));
    expect(await inject(header, '!')).toEqual(generic('SEV: Failed to decode data'));
    expect(await inject(header, secret)).toEqual(
      generic("SEV: failed to inject secret ret=-5 fw_error=11 'Bad measurement'"),
    );
    expect(await inject('AAAA', secret)).toEqual(
      generic("SEV: failed to inject secret ret=-5 fw_error=4 'Buffer too small'"),
    );
    expect(await inject(header, secret, 0x4000000)).toEqual(
      generic('SEV: Failed to calculate guest address: No memory is mapped at address 0x4000000'),
    );
    expect(await inject(header, secret, '0x1000')).toEqual(generic("Parameter 'gpa' expects uint64"));
    await answerOf(client, 'cont');
    expect(await inject(header, secret)).toEqual(generic('SEV: Not in correct state. (LSECRET) 3'));
  });

  it('wants a gpa where the firmware has no secret area', async () => {
    const { client } = await connected({ guestImage: new Uint8Array(4096) });
    expect(await answerOf(client, 'sev-inject-launch-secret', { 'packet-header': 'AAAA', secret: 'AAAA' })).toEqual(
      generic('SEV: no secret area found in OVMF, gpa must be specified.'),
    );
  });

  it('cannot be reset under SEV-ES: it ends instead', async () => {
    const { client } = await connected({ policy: 5 });
    client.write('{"execute": "system_reset"}\n');
    expect((await client.take(2)).map(withoutTimes)).toEqual([
      '{"timestamp": {}, "event": "SHUTDOWN", "data": {"guest": false, "reason": "host-qmp-system-reset"}}',
      '{"return": {}}',
    ]);
  });
});

it.each([
  ['AAAA', '000000'],
  ['AA==', '00'],
  ['/+8=', 'ffef'],
  ['A-A_A A\nA', '000000'],
  ['AAAAA', '000000'],
  ['', ''],
  ['====', '00'],
])('GLib decodes base64 %j to %j', (text, hex) => {
  expect(Buffer.from(decodeAsGlib(text)).toString('hex')).toBe(hex);
});
