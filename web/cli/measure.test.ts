import { describe, expect, it } from 'vitest';
import { fromHex, toBase64, toHex } from '../../shared/bytes/text.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../shared/testing/vectors.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';

interface Case {
  readonly name: string;
  readonly firmware: string;
  readonly variant: string;
  readonly cpus: number;
  readonly cpu_model: string | null;
  readonly features: number;
  readonly kernel: string | null;
  readonly initrd: string | null;
  readonly cmdline: string | null;
  readonly digest: string | null;
  readonly after_image?: string;
}

const VMM: Readonly<Record<string, string>> = { qemu: 'QEMU' };

/** The command line of sev-snp-measure for a case, its files written out. */
function argsOf(folder: TestFolder, given: Case): string[] {
  const file = (name: string, hex: string | null): string[] =>
    hex === null ? [] : [`--${name}`, folder.write(name, fromHex(hex))];
  return [
    ...['--mode', 'snp', '--ovmf', folder.write('ovmf', vectorBytes(given.firmware.slice(3)))],
    ...['--vcpus', String(given.cpus)],
    ...(given.cpu_model === null ? [] : ['--vcpu-type', given.cpu_model]),
    ...['--vmm-type', VMM[given.variant] ?? given.variant, '--guest-features', `0x${given.features.toString(16)}`],
    ...file('kernel', given.kernel),
    ...file('initrd', given.initrd),
    ...(given.cmdline === null ? [] : [`--append=${given.cmdline}`]),
  ];
}

describeWithVectors('measure, with the vectors', () => {
  const { cases } = vectorJson<{ cases: readonly Case[] }>('snp-measurement/published.json');

  it.each(cases.map((given) => [given.name, given] as const))('prints what was published: %s', async (_, given) => {
    const { code, out, err } = await run('measure', ...argsOf(new TestFolder(), given));
    if (given.digest === null) {
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain('SNP_KERNEL');
    } else expect({ code, out, err }).toEqual({ code: 0, out: `${given.digest}\n`, err: '' });
  });

  it('takes a precomputed hash, prints base64 and a sentence, and dumps registers', async () => {
    const given = cases.find(({ after_image, digest }) => after_image !== undefined && digest !== null)!;
    const folder = new TestFolder();
    const args = argsOf(folder, given);
    const hash = await run('measure', '--mode', 'snp:ovmf-hash', '--ovmf', folder.at('ovmf'));
    expect(hash.out.trim()).toBe(given.after_image);
    const again = await run('measure', ...args, '--snp-ovmf-hash', hash.out.trim(), '--output-format', 'base64', '-v');
    expect(again.out).toBe(`Calculated SEV_SNP guest measurement: ${toBase64(fromHex(given.digest!))}\n`);
    const { json } = await runJson('measure', ...args);
    expect(json).toEqual({ status: 'computed', measurement: given.digest });
  });

  it('says on stderr which value QEMU’s older way of SEV-ES gives, and that SVSM’s differs from the peer’s', async () => {
    const folder = new TestFolder();
    const ovmf = folder.write('ovmf', vectorBytes('ovmf/ovmf_AmdSev_suffix.bin'));
    const es = await run('measure', '--mode', 'seves', '--ovmf', ovmf, '--vcpus', '1', '--vcpu-type', 'EPYC-v4');
    const older = await runJson<{ launchDigest: { hex: string } }>(
      'digest',
      ...['--firmware', ovmf, '--policy', '5', '--num-cpus', '1', '--cpu-model', 'EPYC-v4'],
    );
    expect(es.err).toContain(older.json.launchDigest.hex);
    expect(es.out.trim()).not.toBe(older.json.launchDigest.hex);

    const given = vectorJson<{
      cases: { firmware: string; svsm: string; vars_size: number; mxcsr: number; cpus: number; digest: string }[];
    }>('snp-measurement/svsm.json').cases.find(({ mxcsr, cpus }) => mxcsr !== 0 && cpus === 1)!;
    const svsm = await run(
      'measure',
      ...['--mode', 'snp:svsm', '--vcpus', '1', '--vcpu-type', 'EPYC-v4', '--vars-size', String(given.vars_size)],
      ...['--ovmf', folder.write('code', vectorBytes(`snp-measurement/${given.firmware}`))],
      ...['--svsm', folder.write('svsm', vectorBytes(`snp-measurement/${given.svsm}`))],
    );
    expect(svsm.out.trim()).toBe(given.digest);
    expect(svsm.err).toMatch(/prints [0-9a-f]{96}, which no host has/);
  });
});

describe('measure, used wrongly', () => {
  const folder = (): string => new TestFolder().write('ovmf', new Uint8Array(4096));

  it.each([
    [['--ovmf', 'FILE'], '--mode is missing'],
    [['--mode', 'csv', '--ovmf', 'FILE'], 'It is one of sev'],
    [['--mode', 'snp', '--ovmf', 'FILE', '--vcpu-type', 'EPYC'], '--vcpus is missing'],
    [['--mode', 'snp', '--ovmf', 'FILE', '--vcpus', '1'], '--vcpu-type, --vcpu-sig or --vcpu-family is missing'],
    [['--mode', 'sev', '--ovmf', 'FILE', '--initrd', 'x'], '--kernel is missing'],
    [['--mode', 'sev', '--ovmf', 'FILE', '--append', 'x'], '--kernel is missing'],
    [['--mode', 'sev', '--ovmf', 'FILE', '--dump-vmsa'], 'No registers'],
    [['--mode', 'sev', '--ovmf', 'FILE', '--output-format', 'b64'], 'hex or base64'],
    [['--mode', 'snp', '--ovmf', 'FILE', '--vcpus', '1', '--vmm-type', 'xen'], '--vmm-type'],
    [['--mode', 'snp:svsm', '--ovmf', 'FILE', '--vcpus', '1', '--vcpu-sig', '1'], '--vars-size'],
    [['--mode', 'snp', '--ovmf', 'FILE', '--vcpus', '1', '--vcpu-sig', '1', '--snp-ovmf-hash', 'abcd'], 'BYTES_LENGTH'],
  ])('ends with 2: %j', async (args, said) => {
    const file = folder();
    const { code, out, err } = await run('measure', ...args.map((arg) => (arg === 'FILE' ? file : arg)));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
  });

  it('computes SEV’s plain digest of any file', async () => {
    const { out } = await run('measure', '--mode', 'sev', '--ovmf', folder());
    const zeros = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(4096)));
    expect(out).toBe(`${toHex(zeros)}\n`);
  });
});
