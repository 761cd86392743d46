import { describe, expect, it } from 'vitest';
import { fromBase64, fromHex, toBase64, toHex, toUtf8 } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import { importCipherKey, importMacKey } from '../../crypto/mac.ts';
import { sha256Sync } from '../../crypto/sha256-stream.ts';
import { webCryptoRandom } from '../../crypto/subtle.ts';
import { decide } from '../decide/decision.ts';
import { expectForTests } from '../../testing/own-launch.ts';
import { parseGuestImage } from '../../guest/guest-image.ts';
import { hashKernel } from '../../guest/kernel-hashes.ts';
import { parseLaunchMeasure } from '../formats/launch-measure.ts';
import { encodeSecretTable, type SecretEntry } from '../../guest/secret-table.ts';
import {
  GENUINE_ROOT_FOR_TESTS,
  launchForTests,
  randomSequence,
  trustVectorPlatform,
} from '../../testing/launch-world.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import { hashGuestImage } from '../verify/launch-digest.ts';
import { resumeLaunchSession } from '../session/launch-session.ts';
import { openPacket, sealPacket } from './packet-crypto.ts';
import { sealSecret } from './secret-packet.ts';

const image = new Uint8Array(4096).fill(3);
const release = async () => {
  const { session, reported } = await launchForTests(3, [image], { root: GENUINE_ROOT_FOR_TESTS });
  const decision = await decide({
    session,
    reported,
    expectation: await expectForTests({ guestImage: hashGuestImage(image) }),
  });
  if (decision.kind === 'withhold') throw new Error('withheld');
  return decision;
};

describe('Sealing a secret', () => {
  const table = encodeSecretTable([{ guid: crypto.randomUUID(), data: toUtf8('s') }]);

  it('takes a fresh IV each time', async () => {
    const given = await release();
    const [a, b] = [await sealSecret(given, table, webCryptoRandom), await sealSecret(given, table, webCryptoRandom)];
    expect(toHex(a.header.slice(4, 20))).not.toBe(toHex(b.header.slice(4, 20)));
    expect(toHex(a.payload)).not.toBe(toHex(b.payload));
    expect(toHex(a.header.slice(0, 4))).toBe('00000000');
  });

  it.each([
    [table.slice(1), 'MEASURE_SECRET_SIZE'],
    [new Uint8Array(), 'MEASURE_SECRET_SIZE'],
    [concat(table, new Uint8Array(16384)), 'MEASURE_SECRET_SIZE'],
    [new Uint8Array(64), 'MEASURE_SECRET_TABLE'],
    [toUtf8('a passphrase without a table....'), 'MEASURE_SECRET_TABLE'],
  ])('is refused for what is no secret table: %#', async (bytes, code) => {
    await expect(sealSecret(await release(), bytes, webCryptoRandom)).rejects.toThrow(code);
  });
});

interface SecretVectors {
  tek: string;
  tik: string;
  measure: string;
  cases: {
    entries: [string, string | { sha256_chain: string; size: number }][];
    api: [number, number];
    iv: string;
    header: string;
    payload?: string;
    table_sha256?: string;
    payload_sha256?: string;
  }[];
  rejected_packets: { header: string; payload: string; reason: string; why: string }[];
}

/** SHA-256('max/0') || SHA-256('max/1') || … cut to size. */
function chained(seed: string, size: number): Uint8Array {
  const parts = Array.from({ length: Math.ceil(size / 32) }, (_, i) => sha256Sync(toUtf8(`${seed}/${i}`)));
  return concat(...parts).slice(0, size);
}

describeWithVectors('The packets of secret.json', () => {
  const vectors = vectorJson<SecretVectors>('secret.json');
  const measure = fromHex(vectors.measure);
  const importKeys = async () => ({
    tek: await importCipherKey(fromHex(vectors.tek)),
    tik: await importMacKey(fromHex(vectors.tik)),
  });
  const tableOf = (entries: SecretVectors['cases'][number]['entries']) =>
    encodeSecretTable(
      entries.map(([guid, data]): SecretEntry => ({
        guid,
        data: typeof data === 'string' ? fromHex(data) : chained(data.sha256_chain, data.size),
      })),
    );
  const bound = vectors.cases.filter(({ api }) => api[1] >= 17);
  const unbound = vectors.cases.filter(({ api }) => api[1] < 17);

  it.each(bound)(
    '%# are ours for API 0.17 and later',
    async ({ entries, iv, header, payload, table_sha256, payload_sha256 }) => {
      const keys = await importKeys();
      const table = tableOf(entries);
      const packet = await sealPacket(keys, measure, fromHex(iv), table);
      expect(toHex(packet.header)).toBe(header);
      if (payload !== undefined) expect(toHex(packet.payload)).toBe(payload);
      else expect([sha256Sync(table), sha256Sync(packet.payload)].map(toHex)).toEqual([table_sha256, payload_sha256]);
      expect(await openPacket(keys, measure, packet)).toEqual(table);
    },
  );

  // An older API's MAC leaves the measure out, so its packet would fit any launch of these keys: never made, never taken.
  it.each(unbound)(
    '%# are not ours before API 0.17: same payload, another MAC',
    async ({ entries, iv, header, payload }) => {
      const keys = await importKeys();
      const packet = await sealPacket(keys, measure, fromHex(iv), tableOf(entries));
      if (payload !== undefined) expect(toHex(packet.payload)).toBe(payload);
      expect(toHex(packet.header.slice(0, 20))).toBe(header.slice(0, 40));
      expect(toHex(packet.header)).not.toBe(header);
      const foreign = { header: fromHex(header), payload: packet.payload };
      await expect(openPacket(keys, measure, foreign)).rejects.toThrow('AMDSP_BAD_MEASUREMENT');
    },
  );

  it.each(vectors.rejected_packets)('are refused: $why', async ({ header, payload, reason }) => {
    const opened = openPacket(await importKeys(), measure, { header: fromHex(header), payload: fromHex(payload) });
    await expect(opened).rejects.toThrow(reason === 'secret.hdrsize' ? 'BYTES_LENGTH' : 'AMDSP_BAD_MEASUREMENT');
  });

  it('fit no other measure', async () => {
    const keys = await importKeys();
    const table = tableOf(bound[0]!.entries);
    const packet = await sealPacket(keys, measure, webCryptoRandom(16), table);
    for (let bit = 0; bit < 256; bit += 17) {
      const other = measure.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      await expect(openPacket(keys, other, packet)).rejects.toThrow('AMDSP_BAD_MEASUREMENT');
    }
  });
});

type Exchange = { send: { execute: string; arguments?: Record<string, string> }; receive: { return?: unknown }[] };
interface LaunchVectors extends Record<
  'tek' | 'tik' | 'dh_cert_file' | 'session_file' | 'firmware' | 'kernel' | 'initrd' | 'cmdline',
  string
> {
  policy: number;
  secret: [string, string][];
  exchange: Exchange[];
}

describeWithVectors('The launch of qmp-launch.json', () => {
  const launch = vectorJson<LaunchVectors>('qmp-launch.json');
  const answerTo = <T>(command: string) =>
    launch.exchange.find(({ send }) => send.execute === command)!.receive[0]!.return as T;

  it('is verified, and gets the very packet that is injected there', async () => {
    const trustedPdh = await trustVectorPlatform();
    const keys = { tek: await importCipherKey(fromHex(launch.tek)), tik: await importMacKey(fromHex(launch.tik)) };
    const session = resumeLaunchSession({
      origin: 'made-here',
      trustedPdh,
      pdh: fromBase64(answerTo<{ pdh: string }>('query-sev-capabilities').pdh),
      policy: launch.policy,
      acceptsKeySharing: true,
      godh: fromBase64(launch.dh_cert_file.trim()),
      blob: fromBase64(launch.session_file.trim()),
      keys,
    });
    const kernelHashes = await hashKernel({
      kernel: fromHex(launch.kernel),
      initrd: fromHex(launch.initrd),
      cmdline: launch.cmdline,
    });
    const firmware = vectorBytes(launch.firmware);
    const inputs = { guestImage: hashGuestImage(firmware), kernelHashes };
    // The vector's image has a place for the hashes and no code: its owner vouches for it.
    const expectation = await expectForTests(inputs, { guestImage: parseGuestImage(firmware), vouched: true });
    const sev = answerTo<Record<'api-major' | 'api-minor' | 'build-id' | 'policy', number>>('query-sev');
    const reported = {
      ...parseLaunchMeasure(fromBase64(answerTo<{ data: string }>('query-sev-launch-measure').data)),
      apiMajor: sev['api-major'],
      apiMinor: sev['api-minor'],
      build: sev['build-id'],
      policy: sev.policy,
    };
    const decision = await decide({ session, expectation, reported });
    if (decision.kind === 'withhold') throw new Error(JSON.stringify(decision.findings));
    expect(decision.simulated).toBe(true);

    const injected = launch.exchange.find(({ send }) => send.execute === 'sev-inject-launch-secret')!.send.arguments!;
    const iv = fromBase64(injected['packet-header']!).slice(4, 20);
    const table = encodeSecretTable(launch.secret.map(([guid, text]) => ({ guid, data: toUtf8(text) })));
    const packet = await sealSecret(decision, table, randomSequence(iv));
    expect(toBase64(packet.header)).toBe(injected['packet-header']);
    expect(toBase64(packet.payload)).toBe(injected['secret']);
  });
});
