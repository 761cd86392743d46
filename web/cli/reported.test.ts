import { describe, expect, it } from 'vitest';
import { toBase64, toHex, toUtf8 } from '../../shared/bytes/text.ts';
import { readMeasurement, readReported } from './reported.ts';
import { TestFolder } from './testing/folder.ts';
import { run } from './testing/run.ts';

const bytes = Uint8Array.from({ length: 48 }, (_, i) => i + 0x80);
const [measure, mnonce] = [bytes.slice(0, 32), bytes.slice(32)];
const base64 = toBase64(bytes);
const VIRSH = `sev-measurement: ${base64}
sev-api-major  : 1
sev-api-minor  : 55
sev-build-id   : 21
sev-policy     : 5
`;
const QMP = JSON.stringify({ return: { data: base64 } });
const none = { 'api-major': undefined, 'api-minor': undefined, 'build-id': undefined, policy: undefined };

describe('What the host reports', () => {
  it.each([
    ['bytes', bytes],
    ['base64', toUtf8(`${base64}\n`)],
    ['hex', toUtf8(`${toHex(bytes)}\n`)],
    ["QMP's answer", toUtf8(QMP)],
    ["virsh's lines", toUtf8(VIRSH)],
  ])('is read from a file of %s', async (_, content) => {
    const path = new TestFolder().write('m', content);
    expect(await readMeasurement(path, 'm')).toMatchObject({ measure, mnonce });
  });

  it.each([base64, toHex(bytes), toHex(bytes).toUpperCase(), QMP, VIRSH])('is read from the text %#', async (text) => {
    expect(await readMeasurement(text, 'm')).toMatchObject({ measure, mnonce });
  });

  it('has the firmware and the policy, where the text says them and nobody else does', async () => {
    const said = { apiMajor: 1, apiMinor: 55, build: 21, policy: 5 };
    expect(await readReported({ ...none, 'launch-measure-blob': VIRSH }, 3)).toEqual({ measure, mnonce, ...said });
    const given = { ...none, 'launch-measure-blob': VIRSH, 'build-id': 22, policy: 7 };
    expect(await readReported(given, 3)).toMatchObject({ ...said, build: 22, policy: 7 });
    const rest = { 'api-major': 1, 'api-minor': 55, 'build-id': 21 };
    expect(await readReported({ ...none, ...rest, 'launch-measure-blob': base64 }, 3)).toMatchObject({ policy: 3 });
    await expect(readReported({ ...none, 'launch-measure-blob': base64 }, 3)).rejects.toThrow('--api-major');
  });

  it.each([
    ['a digest alone', toBase64(measure), 'BYTES_SWAPPED at m: This is a digest, or a measurement without its nonce'],
    ['nothing known', 'no-such-file', 'BYTES_ENCODING at m'],
    ["QEMU's refusal", '{"error":{"class":"GenericError","desc":"SEV is not enabled"}}', 'RELAY_QMP at m'],
  ])('is refused as %s', async (_, text, message) => {
    await expect(readMeasurement(text, 'm')).rejects.toThrow(message);
  });

  it.each(['doctor', 'digest'])('is taken by %s in one text', async (verb) => {
    const folder = new TestFolder();
    const key = folder.write('k', new Uint8Array(16));
    const keys = verb === 'doctor' ? ['--tik', key, '--tek', key] : ['--tik', key];
    const given = ['--firmware', folder.write('f', 'x'), '--policy', '5', '--num-cpus', '1', '--cpu-model', 'EPYC'];
    for (const text of [VIRSH, folder.write('virsh.txt', toUtf8(VIRSH))]) {
      const { code, err } = await run(verb, ...given, ...keys, '-m', text);
      expect(code, err).toBe(1);
    }
  });
});
