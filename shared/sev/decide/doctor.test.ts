import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex, toUtf8 } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import { importMacKey } from '../../crypto/mac.ts';
import { sha256Sync } from '../../crypto/sha256-stream.ts';
import { signatureOfModel } from '../../guest/cpu-signature.ts';
import { buildVmsaPages } from '../../guest/vmsa.ts';
import type { DoctorCase } from './doctor/case.ts';
import { cryptoKeyOracle } from '../../crypto/hmac-search.ts';
import { misread } from './doctor/headers.ts';
import {
  tik,
  tek,
  otherTik,
  mnonce,
  imageOf,
  ovmf,
  otherOvmf,
  kernel,
  otherKernel,
  initrd,
  otherInitrd,
  CMDLINE,
  milan,
  type Truth,
  POLICY,
  VERSION,
  cmdlineHash,
  digestOf,
  measured,
  caseOf,
  ask,
  factors,
} from '../../testing/doctor-cases.ts';

describe('The doctor names', () => {
  it('nothing where all is as expected', async () => {
    const report = await ask({});
    expect(report).toMatchObject({ ended: 'found', tried: 1, diagnosis: { changes: [] } });
  });

  it.each<[string, Truth, string, string]>([
    ['another guest image', { image: otherOvmf }, 'guest-image', '“OVMF of June”, not “OVMF of May”'],
    ['kernel hashes that were off', { kernelHashes: 'off' }, 'kernel-hashes', 'Kernel hashes were off'],
    ['another kernel', { kernelHashes: { kernel: otherKernel.sha256 } }, 'kernel', '“vmlinuz.old”, not “vmlinuz”'],
    ['another initrd', { kernelHashes: { initrd: otherInitrd.sha256 } }, 'initrd', '“initrd.old”'],
    ['no initrd', { kernelHashes: { initrd: sha256Sync() } }, 'initrd', 'No initrd'],
    ['a newline', { kernelHashes: { cmdline: cmdlineHash(`${CMDLINE}\n`) } }, 'command-line', 'newline at its end'],
    ['no NUL', { kernelHashes: { cmdline: sha256Sync(toUtf8(CMDLINE)) } }, 'command-line', 'without the NUL'],
    ['no command line', { kernelHashes: { cmdline: cmdlineHash('') } }, 'command-line', 'the empty one'],
    ['one of the library', { kernelHashes: { cmdline: cmdlineHash('quiet') } }, 'command-line', '“quiet”'],
    ['fewer vCPUs', { vcpus: 1 }, 'vcpus', '1 vCPU, not 4'],
    ['as many vCPUs as can be', { vcpus: 512 }, 'vcpus', '512 vCPUs, not 4'],
    ['another CPU', { cpuSignature: signatureOfModel('EPYC-Genoa') }, 'cpu-signature', 'EPYC-Genoa'],
    ['the CPU of the host', { cpuSignature: 0xa10f11 }, 'cpu-signature', 'a Genoa processor'],
    ['KVM_SEV_INIT2', { variant: 'qemu-init2' }, 'vmsa-variant', 'KVM_SEV_INIT2'],
    ['a cloud', { variant: 'gce' }, 'vmsa-variant', 'Google'],
    ['debug-swap', { sevFeatures: 0x20 }, 'debug-swap', 'Debug-swap was on'],
    ['a policy that lost its minimum API', { policy: POLICY & 0xff }, 'policy', 'weaker'],
    ['a policy without NODBG', { policy: POLICY & ~1 }, 'policy', 'weaker'],
    ['a policy with a bit more', { policy: POLICY | 0x10 }, 'policy', '0x1800001f'],
    ['a build in the wrong radix', { version: { ...VERSION, build: 0x22 } }, 'version', 'decimal instead of hex'],
    ['an API in the wrong radix', { version: { ...VERSION, apiMinor: 0x55 } }, 'version', 'decimal instead of hex'],
    ['another build', { version: { ...VERSION, build: 200 } }, 'version', 'build id is another'],
    ['other firmware', { version: { apiMajor: 0, apiMinor: 24, build: 3 } }, 'version', 'firmware is another'],
    ['firmware before 0.17', { version: { apiMajor: 0, apiMinor: 16, build: 3 } }, 'version', 'an API before 0.17'],
    ['another session', { key: otherTik }, 'key', 'session “web-0”, not with this one'],
    ['swapped TEK and TIK', { key: tek }, 'key', 'swapped'],
  ])('%s', async (_, truth, factor, words) => {
    const report = await ask(truth);
    expect(factors(report)).toEqual([factor]);
    expect(report.diagnosis!.sentence).toContain(words);
    expect(report.diagnosis!.next).not.toBe('');
  });

  it('a version that was taken from the PEK certificate', async () => {
    const version = { apiMajor: 1, apiMinor: 55, build: 22 };
    const stale = { ...measured({ version }), apiMajor: 1, apiMinor: 49, build: 3 };
    const report = await ask({}, { reported: stale, pekApi: { apiMajor: 1, apiMinor: 49 } });
    expect(report.diagnosis!.sentence).toContain("the one that was given is the PEK certificate's, which can be older");
    const named = await ask({ version: { ...VERSION, apiMinor: 70 } }, { pekApi: { apiMajor: 1, apiMinor: 70 } });
    expect(named.diagnosis!.sentence).toContain('it is the one that the PEK certificate names');
  });

  it('a nonce that came first', async () => {
    const { measure, ...rest } = measured({});
    const blob = concat(mnonce, measure);
    const reported = { ...rest, measure: blob.slice(0, 32), mnonce: blob.slice(32) };
    expect(factors(await ask({}, { reported }))).toEqual(['nonce-first']);
  });

  it('a digest that was given as the measurement, even of another image', async () => {
    const reported = { ...measured({}), measure: digestOf({}) };
    expect(factors(await ask({}, { reported }))).toEqual(['digest-as-measure']);
    const other = { ...measured({}), measure: digestOf({ image: otherOvmf }) };
    expect(factors(await ask({}, { reported: other }))).toEqual(['guest-image', 'digest-as-measure']);
  });

  it('unknown inputs, where an attestation report names their digest', async () => {
    const image = imageOf('known to nobody', 11);
    expect((await ask({ image }, {}, { depth: 1 })).ended).toBe('exhausted');
    const report = await ask({ image }, { reportDigest: digestOf({ image }) });
    expect(factors(report)).toEqual(['reported-digest']);
  });

  it('known inputs by their names, although an attestation report names their digest', async () => {
    const truths: readonly Truth[] = [
      { image: otherOvmf },
      { vcpus: 77, variant: 'qemu-init2' },
      { kernelHashes: 'off', vcpus: 9, policy: POLICY & 0xff },
    ];
    const answers = await Promise.all(truths.map((truth) => ask(truth, { reportDigest: digestOf(truth) })));
    expect(answers.map(factors)).toEqual([
      ['guest-image'],
      ['vmsa-variant', 'vcpus'],
      ['policy', 'kernel-hashes', 'vcpus'],
    ]);
    expect(answers.map(({ ended }) => ended)).toEqual(['found', 'found', 'found']);
  });

  it("a guest that was launched without SEV-ES, under that session's policy", async () => {
    const policy = POLICY & ~4;
    expect(factors(await ask({ es: false, policy }))).toEqual(['policy', 'sev-es']);
  });

  it('a guest that was launched with SEV-ES where none was expected', async () => {
    const policy = POLICY & ~4;
    const expected = { image: ovmf, kernel: { kernel, initrd, cmdline: CMDLINE } };
    const report = await ask({ vcpus: 300, variant: 'qemu-init2' }, { expected, policy });
    expect(factors(report)).toEqual(['policy', 'sev-es', 'vcpus']);
  });

  it('a kernel where none was expected', async () => {
    const expected = { image: ovmf, registers: caseOf({}).expected.registers! };
    const truth = {
      kernelHashes: { kernel: otherKernel.sha256, initrd: otherInitrd.sha256, cmdline: cmdlineHash('quiet') },
    };
    expect(factors(await ask(truth, { expected }))).toEqual(['kernel-hashes']);
  });

  it('the least of what a library holds many times', async () => {
    const many = <T>(value: T): T[] => Array.from({ length: 3000 }, () => value);
    const library = { kernels: many(otherKernel), initrds: many(otherInitrd), cmdlines: many('quiet') };
    const once = { kernels: [otherKernel], initrds: [otherInitrd], cmdlines: ['quiet'] };
    const report = await ask({ vcpus: 5 }, { library });
    expect(report).toEqual(await ask({ vcpus: 5 }, { library: once }));
    expect(factors(report)).toEqual(['vcpus']);
    const expected = { image: ovmf, registers: caseOf({}).expected.registers! };
    const truth = { kernelHashes: 'off', vcpus: 5 } as const;
    expect(factors(await ask(truth, { expected, library }))).toEqual(['vcpus']);
  });

  it('the number of vCPUs where the pages came from files', async () => {
    const pages = buildVmsaPages({ variant: 'krun', cpuSignature: milan }, 2);
    const expected = { ...caseOf({}).expected, registers: { pages } };
    const report = await ask({ variant: 'krun', vcpus: 9 }, { expected });
    expect(factors(report)).toEqual(['vcpus']);
  });
});

describe('The doctor', () => {
  const unknown = { image: imageOf('known to nobody', 11) };

  it('then says what else it may be, as far as it fits the launch', async () => {
    const beyond = async (changes: Partial<DoctorCase>) => (await ask(unknown, changes, { depth: 0 })).beyond!.join();
    const all = await beyond({});
    expect(all).toMatch(/guest image[^]*signature[^]*random seed[^]*earlier launch/);
    const plain = await beyond({ policy: POLICY & ~4, expected: { image: ovmf } });
    expect(plain).toMatch(/guest image[^]*earlier launch/);
    expect(plain).not.toMatch(/signature|seed/);
    expect((await ask({})).beyond).toBeUndefined();
  });

  it('stops when it is told to, and tells how far it is', async () => {
    const signal = { aborted: false };
    const seen: number[] = [];
    const onProgress = (tried: number) => {
      seen.push(tried);
      signal.aborted = seen.length === 2;
    };
    const report = await ask(
      unknown,
      {},
      {
        signal,
        onProgress,
        now: (() => {
          let t = 0;
          return () => (t += 30);
        })(),
      },
    );
    expect(report.ended).toBe('aborted');
    expect(seen).toHaveLength(2);
    expect(report.tried).toBe(seen[1]);
    expect((await ask(unknown, {}, { signal: { aborted: true } })).tried).toBe(1);
  });

  it('stops at its limit', async () => {
    const report = await ask(unknown, {}, { limit: 5000 });
    expect(report.ended).toBe('limit');
    expect(report.tried).toBeLessThan(5000 + 2 * 2048);
  });

  it('gets to the same answer with a key that nobody can read', async () => {
    const keys = [{ role: 'this-session' as const, name: 'web-1', oracle: cryptoKeyOracle(await importMacKey(tik)) }];
    expect(factors(await ask({ vcpus: 3 }, { keys }, { depth: 1 }))).toEqual(['vcpus']);
  });

  it('answers in words, without a byte that could be taken for a measurement', async () => {
    const report = await ask({ image: otherOvmf });
    const text = JSON.stringify(report);
    expect(text).not.toContain(toHex(digestOf({ image: otherOvmf })));
    expect(text).not.toContain(toHex(measured({ image: otherOvmf }).measure));
    const values = (value: unknown): unknown[] =>
      typeof value === 'object' && value !== null ? Object.values(value).flatMap(values) : [value];
    expect(values(report).every((value) => typeof value === 'string' || typeof value === 'number')).toBe(true);
  });

  it('refuses a report that is none', async () => {
    const reported = { ...measured({}), measure: new Uint8Array(31) };
    await expect(ask({}, { reported })).rejects.toThrow('BYTES_LENGTH at reported.measure');
  });
});

it('A number that was misread in one radix comes back from the other', () => {
  expect(misread(22, 255)).toEqual([0x22, 16]);
  expect(misread(0x1f, 255)).toEqual([0x31]);
  expect(misread(7, 255)).toEqual([]);
  fc.assert(
    fc.property(fc.nat(255), (value) => {
      for (const other of misread(value, 0xffffffff)) expect(misread(other, 0xffffffff)).toContain(value);
    }),
  );
});
