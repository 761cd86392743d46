import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toBase64 } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { entry, image, le, RESET } from '../../shared/testing/guest-images.ts';
import { encodeMeasuredLaunch } from '../../shared/sev/verify/launch-measure.ts';
import { TestFolder } from './testing/folder.ts';
import { runJson, run } from './testing/run.ts';

interface DoctorJson {
  readonly status: string;
  readonly ended: string;
  readonly diagnosis?: { readonly sentence: string; readonly changes: readonly { readonly factor: string }[] };
}

const [TIK, TEK, NONCE] = [1, 2, 3].map((byte) => new Uint8Array(16).fill(byte)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const OVMF = image([entry(RESET, le(0x80b004))]);
const OTHER = image([entry(RESET, le(0x80c004))]);
const VERSION = { apiMajor: 1, apiMinor: 55, build: 21 };
const NUMBERS = ['--api-major', '1', '--api-minor', '55', '--build-id', '21'];

/** The measurement that the AMD-SP would give for what `digest` computes. */
async function measure(args: readonly string[], policy: number, tik = TIK, version = VERSION) {
  const { json } = await runJson<{ launchDigest: { hex: string } }>('digest', ...args, '--policy', String(policy));
  const launchDigest = new Uint8Array(Buffer.from(json.launchDigest.hex, 'hex'));
  const message = encodeMeasuredLaunch({ ...version, policy, launchDigest, mnonce: NONCE });
  return toBase64(concat(new Uint8Array(createHmac('sha256', tik).update(message).digest()), NONCE));
}

function files(folder: TestFolder) {
  return {
    firmware: ['--firmware', folder.write('OVMF.fd', OVMF)],
    other: folder.write('OVMF.other.fd', OTHER),
    kernel: ['--kernel', folder.write('vmlinuz', 'kernel'), '--cmdline', 'console=ttyS0'],
    keys: ['--tik', folder.write('tik', TIK), '--tek', folder.write('tek', TEK)],
    es: ['--num-cpus', '4', '--cpu-model', 'EPYC-Milan'],
  };
}

describe('doctor', () => {
  const ask = (measurement: string, policy: number, ...args: readonly string[]) =>
    runJson<DoctorJson>('doctor', ...args, ...NUMBERS, '--policy', String(policy), '-m', measurement);

  it('says that nothing is wrong when nothing is', async () => {
    const folder = new TestFolder();
    const { firmware, kernel, keys, es } = files(folder);
    const measurement = await measure([...firmware, ...kernel, ...es], 7);
    const { code, json } = await ask(measurement, 7, ...firmware, ...kernel, ...keys, ...es);
    expect({ code, status: json.status }).toEqual({ code: 0, status: 'matches' });
  });

  it('names other inputs, and never ends as if they were accepted', async () => {
    const folder = new TestFolder();
    const { firmware, other, kernel, keys, es } = files(folder);
    const seen: [string, string, string[]][] = [
      ['guest-image', await measure(['--firmware', other, ...es], 7), [...firmware, ...es, '--other-firmware', other]],
      ['kernel-hashes', await measure([...firmware, ...es], 7), [...firmware, ...kernel, ...es]],
      ['vcpus', await measure([...firmware, '--num-cpus', '8', '--cpu-model', 'EPYC-Milan'], 7), [...firmware, ...es]],
      [
        'cpu-signature',
        await measure([...firmware, '--num-cpus', '4', '--cpu-model', 'EPYC-Rome'], 7),
        [...firmware, ...es],
      ],
      ['vmsa-variant', await measure([...firmware, ...es, '--variant', 'qemu-init2'], 7), [...firmware, ...es]],
      ['policy', await measure([...firmware, ...es], 5), [...firmware, ...es]],
      ['key', await measure([...firmware, ...es], 7, TEK), [...firmware, ...es]],
      ['version', await measure([...firmware, ...es], 7, TIK, { ...VERSION, build: 33 }), [...firmware, ...es]],
    ];
    for (const [factor, measurement, args] of seen) {
      const { code, json } = await ask(measurement, 7, ...args, ...keys);
      expect({ code, factor: json.diagnosis?.changes.map((change) => change.factor) }).toEqual({
        code: 1,
        factor: [factor],
      });
    }
  });

  it('says so when it finds nothing, and that it accepts nothing', async () => {
    const folder = new TestFolder();
    const { firmware, keys } = files(folder);
    const args = [
      'doctor',
      ...firmware,
      ...keys,
      ...NUMBERS,
      '--policy',
      '3',
      '-m',
      toBase64(new Uint8Array(48).fill(0xee)),
    ];
    const { code, out } = await run(...args, '--depth', '1');
    expect(code).toBe(1);
    expect(out).toMatch(/^NOT FOUND/);
    expect(out).toContain('not an acceptance');
    expect(out, 'what else it may be, and how to search on').toMatch(
      /likeliest first:\n {2}- A guest image[^]*--depth 3/,
    );
    const { json } = await runJson<DoctorJson & { beyond: readonly string[] }>(...args, '--depth', '1');
    expect(json).toMatchObject({ status: 'mismatch', ended: 'exhausted' });
    expect(json.beyond.length).toBeGreaterThan(2);
  });

  it('ends with 2 for what it cannot read', async () => {
    const folder = new TestFolder();
    const { firmware, keys, es } = files(folder);
    const right = [...firmware, ...keys, ...NUMBERS, '-m', toBase64(new Uint8Array(48).fill(0xee))];
    for (const args of [
      right,
      [...right, '--policy', '7'],
      [...right, '--policy', '3', ...es],
      [...right, '--policy', '3', '--launch-digest', 'ab'.repeat(32)],
      [...right, '--policy', '3', '--depth', '9'],
      [...right, '--policy', '3', '--other-tik', folder.at('none')],
      [...right.slice(0, -2), '--policy', '3'],
      [...right, '--policy', '3', 'surplus'],
    ]) {
      const { code, err } = await run('doctor', ...args);
      expect(code, `${args.join(' ')}\n${err}`).toBe(2);
    }
  });
});
