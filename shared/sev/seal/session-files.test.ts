import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, fromUtf8, toBase64, toUtf8 } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import { importMacKey } from '../../crypto/mac.ts';
import { webCryptoRandom } from '../../crypto/subtle.ts';
import { SevError } from '../../errors.ts';
import { SimulatedAmdSp } from '../../simulator/amd-sp.ts';
import { trustPlatform } from '../../testing/launch-world.ts';
import { describeWithVectors, vectorJson } from '../../testing/vectors.ts';
import { makeLaunchSession } from '../session/launch-session.ts';
import type { RawTransportKeys } from '../session/session-blob.ts';
import { type ExportedFile, exportPacket, exportSession } from './session-files.ts';
import { findSessionPolicy, importSession } from '../session/session-import.ts';

async function madeSession(policy = 7) {
  const trustedPdh = await trustPlatform(await SimulatedAmdSp.create());
  let raw: RawTransportKeys | undefined;
  const keep = ({ tek, tik }: RawTransportKeys) => {
    raw = { tek: tek.slice(), tik: tik.slice() };
  };
  const session = await makeLaunchSession({ trustedPdh, policy, random: webCryptoRandom, rawKeys: keep });
  return { godh: session.godh, blob: session.blob, raw: raw! };
}

type FourFiles = readonly [ExportedFile, ExportedFile, ExportedFile, ExportedFile];

describe('A session in files', () => {
  it("has sevctl's names and encodings, or sev-tool's", async () => {
    const session = await madeSession();
    const sevctl = exportSession('sevctl', session, 'web');
    expect(sevctl.map(({ name, secret }) => [name, secret])).toEqual([
      ['web_godh.b64', false],
      ['web_session.b64', false],
      ['web_tek.bin', true],
      ['web_tik.bin', true],
    ]);
    expect(fromUtf8(sevctl[0]!.bytes)).toBe(toBase64(session.godh));
    expect(fromUtf8(sevctl[1]!.bytes)).toBe(toBase64(session.blob));
    const sevTool = exportSession('sev-tool', session);
    expect(sevTool).toEqual([
      { name: 'godh.cert', bytes: session.godh, secret: false },
      { name: 'launch_blob.bin', bytes: session.blob, secret: false },
      { name: 'tmp_tk.bin', bytes: concat(session.raw.tek, session.raw.tik), secret: true },
    ]);
  });

  it.each(['sevctl', 'sev-tool'] as const)('comes back from those of %s, in any order', async (form) => {
    const session = await madeSession();
    expect(importSession([...exportSession(form, session)].reverse())).toEqual(session);
  });

  it.each(['session', 'tik', 'TEK', 'kotik', 'godh-tek', 'tmp_tk'])(
    'comes back whatever name it was given: %j',
    async (name) => {
      const session = await madeSession();
      const files = exportSession('sevctl', session, name);
      expect(importSession(files.map((file) => ({ ...file, name: `sessions/tek/${file.name}` })))).toEqual(session);
    },
  );

  it("says which key it is in a name of one's own, too", () => {
    const [tek, tik] = [webCryptoRandom(16), webCryptoRandom(16)];
    const files = [
      { name: 'C:\\session\\mytek.bin', bytes: tek },
      { name: '/home/tek/TIKvm1', bytes: tik },
    ];
    expect(importSession(files)).toEqual({ raw: { tek, tik } });
  });

  it('has no key in it unless it was asked for', async () => {
    const { raw: _, ...rest } = await madeSession();
    for (const form of ['sevctl', 'sev-tool'] as const) {
      const files = exportSession(form, rest);
      expect(files.some(({ secret }) => secret)).toBe(false);
      expect(files).toHaveLength(2);
      expect(importSession(files)).toEqual(rest);
    }
  });

  it.each(['', '../vm', 'a/b', '-x', '.x', 'a b'])('has no name such as %j', async (name) => {
    const session = await madeSession();
    expect(() => exportSession('sevctl', session, name)).toThrow('BYTES_VALUE at name');
  });

  it("comes back from libvirt's article's older names, and from text with line breaks", async () => {
    const { godh, blob } = await madeSession();
    const lines = (bytes: Uint8Array) => toUtf8(`${toBase64(bytes).replace(/(.{64})/g, '$1\n')}\n`);
    const files = [
      { name: 'web_godh.bin', bytes: lines(godh) },
      { name: 'web_session.bin', bytes: lines(blob) },
    ];
    expect(importSession(files)).toEqual({ godh, blob });
  });

  it('is refused where the files were exchanged, doubled, alone or foreign', async () => {
    const session = await madeSession();
    const [godh, blob, tek, tik] = exportSession('sevctl', session, 'web') as unknown as FourFiles;
    const named = (name: string, { bytes }: { bytes: Uint8Array }) => [{ name, bytes }];
    expect(() => importSession(named('web_session.b64', godh))).toThrow('BYTES_SWAPPED at web_session.b64');
    expect(() => importSession(named('web_godh.b64', blob))).toThrow('BYTES_SWAPPED at web_godh.b64');
    expect(() => importSession(named('tmp_tk.bin', tek))).toThrow('BYTES_SWAPPED at tmp_tk.bin');
    expect(() => importSession([godh, ...named('again', godh)])).toThrow('more than one godh');
    expect(() => importSession([tek])).toThrow('The TIK is missing');
    expect(() => importSession([tik])).toThrow('The TEK is missing');
    expect(() => importSession(named('key.bin', tek))).toThrow('does not say which');
    expect(() => importSession(named('x', { bytes: new Uint8Array(100) }))).toThrow('BYTES_UNKNOWN at x');
    expect(() => importSession(named('godh.cert', { bytes: new Uint8Array(2084) }))).toThrow('CERT_VERSION');
    const cek = (await SimulatedAmdSp.create()).amdCek();
    expect(() => importSession(named('godh.cert', { bytes: cek }))).toThrow('certificate of a CEK');
  });

  it('says nothing of a key that it refuses', async () => {
    const { raw } = await madeSession();
    try {
      importSession([{ name: 'key.bin', bytes: raw.tik }]);
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain(toBase64(raw.tik));
      expect(JSON.stringify(error)).not.toMatch(/[0-9a-f]{16}/);
    }
  });

  it('is refused only with our own errors, whatever the bytes', () => {
    const name = fc.constantFrom('a_godh.b64', 'session.bin', 'tmp_tk.bin', 'x_tek.bin', 'y_tik.bin', 'z');
    const size = fc.constantFrom(0, 15, 16, 31, 32, 128, 172, 2084, 2780);
    const bytes = size.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
    fc.assert(
      fc.property(fc.array(fc.record({ name, bytes }), { maxLength: 3 }), (files) => {
        try {
          importSession(files);
        } catch (error) {
          expect(error).toBeInstanceOf(SevError);
        }
      }),
    );
  });
});

describe("A session's policy", () => {
  it.each([0, 7, 0x1100000f, 0x3701000f])('%d is found again from its blob and TIK', async (policy) => {
    const { blob, raw } = await madeSession(policy);
    expect(await findSessionPolicy(blob, await importMacKey(raw.tik))).toBe(policy);
  });

  it('is not found with another key', async () => {
    const { blob } = await madeSession();
    expect(await findSessionPolicy(blob, await importMacKey(webCryptoRandom(16)))).toBeUndefined();
  });
});

it('A packet in files is text for libvirt, and bytes for the others', () => {
  const packet = { header: new Uint8Array(52).fill(1), payload: new Uint8Array(64).fill(2) };
  const names = (form: 'sevctl' | 'sev-tool' | 'libvirt') => exportPacket(form, packet, 'web').map(({ name }) => name);
  expect(names('sev-tool')).toEqual(['packaged_secret_header.bin', 'packaged_secret.bin']);
  expect(names('sevctl')).toEqual(['web_secret_header.bin', 'web_secret_payload.bin']);
  expect(names('libvirt')).toEqual(['web_secret_header.b64', 'web_secret_payload.b64']);
  expect(exportPacket('sev-tool', packet)[1]!.bytes).toEqual(packet.payload);
  expect(fromUtf8(exportPacket('libvirt', packet)[0]!.bytes)).toBe(toBase64(packet.header));
  expect(exportPacket('sevctl', packet).some(({ secret }) => secret)).toBe(false);
});

interface Vectors {
  godh_unsigned_cert: string;
  cases: { tek: string; tik: string; session: string; sevtool_tmp_tk: string }[];
}

describeWithVectors('The files of session.json', () => {
  const { godh_unsigned_cert, cases } = vectorJson<Vectors>('session.json');
  it.each(cases)('%# are ours', ({ tek, tik, session, sevtool_tmp_tk }) => {
    const raw = { tek: fromHex(tek), tik: fromHex(tik) };
    const parts = { godh: fromHex(godh_unsigned_cert), blob: fromHex(session), raw };
    expect(exportSession('sev-tool', parts).at(-1)!.bytes).toEqual(fromHex(sevtool_tmp_tk));
    expect(importSession(exportSession('sevctl', parts))).toEqual(parts);
  });
});
