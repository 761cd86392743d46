import { describe, expect, it } from 'vitest';
import { fromHex, toBase64 } from '../../shared/bytes/text.ts';
import { buildVmsa } from '../../shared/guest/vmsa.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../shared/testing/vectors.ts';
import { unreadableImage } from '../../shared/testing/guest-images.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';

interface MeasureCase {
  readonly firmware: string;
  readonly kernel: string | null;
  readonly initrd: string | null;
  readonly cmdline: string | null;
  readonly policy: number;
  readonly cpus?: number;
  readonly cpu_model?: string;
  readonly kind?: string;
  readonly sev_features?: number;
  readonly digest: string;
  readonly api?: readonly [number, number];
  readonly build?: number;
  readonly mnonce?: string;
  readonly tik?: string;
  readonly measurement?: string;
}

interface DigestJson {
  readonly status: string;
  readonly launchDigest: { readonly hex: string; readonly base64: string };
  readonly measurement?: string;
  readonly matches?: boolean;
}

/** The command line of a case, its files written out. */
function argsOf(folder: TestFolder, given: MeasureCase): string[] {
  const file = (name: string, hex: string | null): string[] =>
    hex === null ? [] : [`--${name}`, folder.write(name, fromHex(hex))];
  return [
    ...['--firmware', folder.write('firmware', vectorBytes(given.firmware)), '--policy', String(given.policy)],
    ...file('kernel', given.kernel),
    ...file('initrd', given.initrd),
    ...(given.cmdline === null ? [] : [`--cmdline=${given.cmdline}`]),
    ...(given.cpus === undefined ? [] : ['--num-cpus', String(given.cpus)]),
    ...(given.cpu_model === undefined ? [] : ['--cpu-model', given.cpu_model]),
    ...(given.kind === undefined ? [] : ['--variant', given.kind]),
    ...(given.sev_features ? ['--debug-swap'] : []),
  ];
}

describeWithVectors('digest, with the vectors', () => {
  const FILES = ['measurement-sev.json', 'measurement-seves.json', 'measurement-published.json'];

  it.each(FILES)('computes every digest and measurement of %s', async (name) => {
    const { cases } = vectorJson<{ cases: readonly MeasureCase[] }>(name);
    expect(cases.length).toBeGreaterThan(1);
    for (const given of cases) {
      const folder = new TestFolder();
      const args = argsOf(folder, given);
      const { code, json } = await runJson<DigestJson>('digest', ...args);
      // The images of the vectors are ends of images: nobody can see in them that they check a kernel.
      const expected = { code: given.kernel === null ? 0 : 1, hex: given.digest };
      expect({ code, hex: json.launchDigest.hex }, args.join(' ')).toEqual(expected);
      if (given.measurement === undefined) continue;
      const [apiMajor, apiMinor] = given.api!;
      const version = ['--api-major', String(apiMajor), '--api-minor', `0x${apiMinor.toString(16)}`];
      const build = ['--build-id', String(given.build)];
      const tik = ['--tik', folder.write('tik.bin', fromHex(given.tik!))];
      const blob = toBase64(fromHex(given.measurement + given.mnonce!));
      const measured = await runJson<DigestJson>('digest', ...args, ...version, ...build, ...tik, '-m', blob);
      expect(measured, args.join(' ')).toMatchObject({
        code: expected.code,
        json: { measurement: blob, matches: true },
      });
      folder.remove();
    }
  });
});

describe('digest', () => {
  const tik = new Uint8Array(16);
  const measured = (folder: TestFolder): string[] => [
    ...['--firmware', folder.write('firmware', 'x'), '--policy', '1', '--tik', folder.write('tik.bin', tik)],
    ...['--api-major', '1', '--api-minor', '55', '--build-id', '21'],
  ];

  it('says that the host reports another measurement', async () => {
    const folder = new TestFolder();
    const { code, json } = await runJson<DigestJson>(
      'digest',
      ...measured(folder),
      '-m',
      toBase64(new Uint8Array(48).fill(0xee)),
    );
    expect({ code, status: json.status, matches: json.matches }).toEqual({
      code: 1,
      status: 'mismatch',
      matches: false,
    });
  });

  it('takes a nonce from a file or as base64, and writes the measurement', async () => {
    const folder = new TestFolder();
    const nonce = new Uint8Array(16).fill(7);
    const [byText, byFile] = [
      await runJson<DigestJson>('digest', ...measured(folder), '--nonce', toBase64(nonce)),
      await runJson<DigestJson>(
        'digest',
        ...measured(folder),
        '--nonce',
        folder.write('n', nonce),
        '--outfile',
        folder.at('m'),
      ),
    ];
    expect(byFile.json.measurement).toBe(byText.json.measurement);
    expect(toBase64(folder.read('m'))).toBe(byText.json.measurement);
    expect(folder.read('m').length).toBe(48);
  });

  it.each(['validate', 'digest', 'secret', 'doctor'])(
    '%s does not repeat a key that was given for a file',
    async (verb) => {
      const folder = new TestFolder();
      const firmware = ['--firmware', folder.write('f', new Uint8Array(64))];
      const reported = ['--policy', '1', '--api-major', '1', '--api-minor', '55', '--build-id', '21'];
      const blob = toBase64(new Uint8Array(48).fill(0xee));
      const measured = verb === 'validate' ? ['--measurement', blob] : ['--launch-measure-blob', blob];
      const rest = verb === 'secret' ? ['--secret', 'luks-key:x', 'header', 'payload'] : [];
      for (const key of [toBase64(new Uint8Array(16).fill(0xa7)), 'a7'.repeat(16)]) {
        const tek = verb === 'digest' ? [] : ['--tek', key];
        const given = [...firmware, ...reported, ...measured, '--tik', key, ...tek, ...rest];
        for (const json of [[], ['--json']]) {
          const { code, out, err } = await run(verb, ...given, ...json);
          expect(code).toBe(verb === 'validate' ? 6 : 2);
          expect(out + err).toContain('only from files');
          expect(out + err).not.toContain(key);
        }
      }
    },
  );

  it('takes a digest as it is', async () => {
    const hex = 'ab'.repeat(32);
    for (const text of [hex, toBase64(fromHex(hex))]) {
      expect((await runJson<DigestJson>('digest', '--launch-digest', text)).json.launchDigest.hex).toBe(hex);
    }
  });

  it('warns of an image that cannot do what is asked', async () => {
    const folder = new TestFolder();
    const image = folder.write('f', new Uint8Array(5000));
    const { code, out } = await run('digest', '--firmware', image, '--kernel', folder.write('k', 'k'));
    expect(code).toBe(1);
    expect(out).toContain('refused: The guest image has no place for kernel hashes');
  });

  it('says that nobody can tell of an image that cannot be read', async () => {
    const folder = new TestFolder();
    const given = ['--firmware', folder.write('f', unreadableImage())];
    const { code, out } = await run('digest', ...given, '--kernel', folder.write('k', 'k'));
    expect(code).toBe(1);
    expect(out).toContain('warning: The guest image cannot be used for this launch. Its table says 65535 bytes.');
    expect(out).toContain('refused: What the guest image says of itself cannot be read');
    expect((await run('digest', ...given)).out).not.toContain('refused');
  });

  it('takes VMSA pages in their places only', async () => {
    const folder = new TestFolder();
    const image = folder.write('f', new Uint8Array(5000));
    const [boot, others] = (['boot', 'other'] as const).map((cpu) =>
      folder.write(cpu, buildVmsa({ variant: 'qemu', cpuSignature: 0xa00f11, resetEip: 0x80b004 }, cpu)),
    ) as [string, string];
    const digest = (first: string, second: string) =>
      run('digest', '-f', image, '-n', '2', '--vmsa-cpu0', first, '--vmsa-cpu1', second);
    expect(await digest(boot, others)).toMatchObject({ code: 0 });
    const swapped = await digest(others, boot);
    expect([swapped.code, swapped.err]).toEqual([2, expect.stringContaining('The two pages are swapped.')]);
    const same = await digest(boot, boot);
    expect([same.code, same.err]).toEqual([2, expect.stringContaining('It is the same page as')]);
  });

  it.each([
    [],
    ['--firmware', 'none'],
    ['--firmware', 'F', '--initrd', 'F'],
    ['--firmware', 'F', '--kernel', 'F', '--cmdline', 'caf\ufffd'],
    ['--firmware', 'F', '--policy', '5'],
    ['--firmware', 'F', '--policy', '1', '--num-cpus', '2'],
    ['--firmware', 'F', '--num-cpus', '1'],
    ['--firmware', 'F', '--num-cpus', '0', '--cpu-model', 'EPYC'],
    ['--firmware', 'F', '--num-cpus', '513', '--cpu-model', 'EPYC'],
    ['--firmware', 'F', '--num-cpus', '2', '--cpu-model', 'EPYC'],
    ['--firmware', 'F', '--num-cpus', '1', '--cpu-model', 'host'],
    ['--firmware', 'F', '--num-cpus', '1', '--cpu-model', 'EPYC', '--variant', 'xen'],
    ['--firmware', 'F', '--num-cpus', '1', '--cpu-model', 'EPYC', '--cpu-signature', '1'],
    ['--firmware', 'F', '--num-cpus', '1', '--cpu-family', '25', '--cpu-model', '1'],
    ['--firmware', 'F', '--num-cpus', '1', '--vmsa-cpu0', 'F'],
    ['--firmware', 'F', '--num-cpus', '1', '--vmsa-cpu1', 'F'],
    ['--firmware', 'F', '--nonce', 'AAAA'],
    ['--firmware', 'F', '--tik', 'F'],
    ['--firmware', 'F', '--launch-digest', 'ab'],
    ['--launch-digest', 'AAAA'],
    ['--firmware', 'F', 'surplus'],
  ])('ends with 2 for %j', async (...args) => {
    const file = new TestFolder().write('f', 'x');
    const { code, err } = await run('digest', ...args.map((arg) => (arg === 'F' ? file : arg)));
    expect(code, err).toBe(2);
    expect(err).toContain('Next: ');
  });
});
