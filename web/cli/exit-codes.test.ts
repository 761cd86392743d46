// Every verb ends with the codes that its help states, and with each of them for what the help says of it: 0 only where
// what was asked for was done, and holds.
import { describe, expect, it } from 'vitest';
import { toBase64, toUtf8 } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { encodeDeviceKey } from '../../shared/evidence/device-key.ts';
import { encodeEvidence } from '../../shared/evidence/record.ts';
import { VMSA_SIZE } from '../../shared/guest/vmsa.ts';
import { evidenceForTests } from '../../shared/testing/evidence-world.ts';
import { area, image, SECRET, VARIABLES, volume } from '../../shared/testing/guest-images.ts';
import { TestFolder } from './testing/folder.ts';
import { run } from './testing/run.ts';
import { simulatedLaunch } from './testing/simulated-launch.ts';
import { simulatedPlatform } from './testing/simulated-platform.ts';
import { VERBS } from './verbs.ts';

/** A verb, what it is given, and the code that it ends with. */
type Row = readonly [verb: string, what: string, code: number, args: readonly string[]];
/** Held by tests of their own: a server that ends with a signal, the codes of another tool, and the verbs of SEV-SNP. */
const APART = ['serve', 'validate', 'measure', 'id-block', 'kds'];

async function rowsIn(folder: TestFolder): Promise<readonly Row[]> {
  const folderOfLaunch = new TestFolder();
  const { amdSp, chain } = await simulatedPlatform(folder);
  const other = new TestFolder();
  const foreign = await simulatedPlatform(other);
  const write = (name: string, content: Uint8Array | string): string => folder.write(name, content);
  const { pdh, chain: certificates } = amdSp.pdhCertExport();
  const { ask, ark } = amdSp.caCerts();
  const exported = write('exported', concat(pdh, certificates, ask, ark));
  const [cek, otherCek] = [write('cek', amdSp.amdCek()), write('other-cek', foreign.amdSp.amdCek())];
  const { evidence, signed, deviceKey } = await evidenceForTests();
  const record = write('record.json', toUtf8(encodeEvidence(evidence)));
  const signedRecord = write('signed.json', toUtf8(encodeEvidence(signed)));
  const launch = await simulatedLaunch(folderOfLaunch, 8);
  const option = (name: string): string => launch.args[launch.args.indexOf(name) + 1]!;
  const told = [
    '--api-major',
    option('--api-major'),
    '--api-minor',
    option('--api-minor'),
    '--build-id',
    option('--build-id'),
  ];
  const inputs = ['--firmware', option('--firmware')];
  const keys = ['--tk', option('--tk'), '--record', launch.record];
  const secret = ['--simulated', ...keys, ...told, ...inputs, '-s', option('--inject-secret')];
  const wrong = toBase64(new Uint8Array(48));
  const vars = write('vars.fd', volume(VARIABLES));
  const plain = write('plain.fd', image([area(SECRET, 0x80c000, 0xc00)]));
  const kernel = write('kernel', 'k');
  const tik = write('tik', new Uint8Array(16));
  const page = folder.at('page');
  await run('vmsa', 'build', page, '--cpu', '0', '--cpu-model', 'EPYC');
  await run('oca', 'generate', folder.at('oca.cert'), folder.at('oca.key'));
  const csr = write('csr', amdSp.pekCsr());
  const oca = [folder.at('oca.key'), '--oca', folder.at('oca.cert'), '--force'];
  const manifest = write('manifest.json', '{}');
  const doctor = ['--policy', option('--policy'), '--tk', option('--tk'), ...told, ...inputs];
  return [
    ['chain', 'a chain that holds', 0, [chain, '--simulated']],
    ['chain', 'a simulated one, unasked', 1, [chain]],
    ['chain', 'a chain of two platforms', 1, [chain, foreign.chain, '--simulated']],
    ['chain', 'a file that is not there', 2, [folder.at('none')]],
    ['chain', 'a measurement', 2, [write('48', new Uint8Array(48).fill(7))]],
    ['chain', 'a private key', 2, [folder.at('oca.key')]],
    ['chain', 'a report', 2, [write('208', new Uint8Array(208).fill(7))]],
    ['chain', 'a chain, and the CEK of another chip', 3, [exported, cek, otherCek, '--simulated']],
    ['session', 'a policy for secrets', 0, [chain, '3', '--simulated', '--out', folder.at('s0')]],
    [
      'session',
      'a policy without secrets, as asked',
      0,
      [chain, '0', '--simulated', '--no-secrets', '--out', folder.at('s1')],
    ],
    ['session', 'a policy that lets the host debug', 1, [chain, '0', '--simulated', '--out', folder.at('s2')]],
    ['session', 'a policy that lets it share the key', 1, [chain, '1', '--simulated', '--out', folder.at('s3')]],
    ['session', 'a simulated platform, unasked', 1, [chain, '3', '--out', folder.at('s4')]],
    ['session', 'a policy with reserved bits', 2, [chain, '64', '--simulated', '--out', folder.at('s5')]],
    ['digest', 'a guest image', 0, ['-f', plain]],
    ['digest', 'a VARS file', 1, ['-f', vars]],
    ['digest', 'a kernel that the image cannot check', 1, ['-f', plain, '-k', kernel]],
    ['digest', 'another measurement', 1, ['-f', plain, '--policy', '3', '--tik', tik, ...told, '-m', wrong]],
    ['digest', 'no guest image', 2, []],
    [
      'digest',
      'a measurement of 47 bytes',
      2,
      ['-f', plain, '--policy', '3', '--tik', tik, ...told, '-m', toBase64(new Uint8Array(47).fill(3))],
    ],
    ['secret', 'another measurement', 1, [...secret, '-m', wrong, folder.at('h1'), folder.at('p1')]],
    [
      'secret',
      'the launch that is expected',
      0,
      [...secret, '-m', option('--measurement'), folder.at('h0'), folder.at('p0')],
    ],
    ['secret', 'no secret', 2, [...keys, folder.at('h2'), folder.at('p2')]],
    ['vmsa', 'a page', 0, ['show', page]],
    ['vmsa', 'what is no page', 2, ['show', write('short', new Uint8Array(VMSA_SIZE - 1))]],
    ['doctor', 'the expected measurement', 0, [...doctor, '-m', option('--measurement')]],
    ['doctor', 'another', 1, [...doctor, '-m', wrong, '--depth', '1']],
    ['doctor', 'nothing', 2, []],
    [
      'report',
      'what is no report',
      2,
      ['--chain', chain, '--mnonce', '00'.repeat(16), '--policy', '3', '--launch-digest', '00'.repeat(32), page],
    ],
    [
      'report',
      'a report that nobody signed',
      1,
      [
        '--chain',
        chain,
        '--simulated',
        '--signature-only',
        '--mnonce',
        '00'.repeat(16),
        write('zero', new Uint8Array(208).fill(1)),
      ],
    ],
    [
      'evidence',
      'a record by a pinned device',
      0,
      [signedRecord, '--simulated', '--device-key', encodeDeviceKey(deviceKey)],
    ],
    ['evidence', 'a record by another', 1, [record, '--simulated', '--device-key', encodeDeviceKey(deviceKey)]],
    ['evidence', 'what is no record', 2, [manifest]],
    ['evidence', 'a record by anyone', 3, [record, '--simulated']],
    ['oca', 'a request', 0, ['sign', csr, ...oca, '--out', folder.at('signed')]],
    ['oca', 'a signed one', 1, ['sign', folder.at('oca.cert'), ...oca]],
    ['oca', 'nothing', 2, ['sign']],
    ['check-app', 'what is no manifest', 2, ['--manifest', manifest]],
  ];
}

const helpOf = async (verb: string): Promise<string> => (await run(verb, '--help')).out;
const statedIn = (help: string): string => /Exit codes?: ([^]*)/.exec(help)?.[1] ?? '';

describe('exit codes', () => {
  it.each(Object.keys(VERBS))('are stated by the help of %s', async (verb) => {
    expect(statedIn(await helpOf(verb))).toMatch(/^0 /);
  });

  it('are those of the table, which tries all that the helps state; and never 0 beside the word “refused”', async () => {
    const rows = await rowsIn(new TestFolder());
    for (const [verb, what, code, args] of rows) {
      const ran = await run(verb, ...args);
      expect({ verb, what, code: ran.code }, ran.out + ran.err).toEqual({ verb, what, code });
      const { out } = await run(
        verb,
        ...args,
        '--json',
        ...(verb === 'session' || verb === 'secret' ? ['--force'] : []),
      );
      expect(JSON.parse(out), what).toBeTypeOf('object');
      if (code === 0) expect([what, out]).toEqual([what, expect.not.stringMatching(/"(severity|status)": "refused"/)]);
    }
    for (const verb of Object.keys(VERBS).filter((name) => !APART.includes(name))) {
      const stated = [...statedIn(await helpOf(verb)).matchAll(/(?:^|[;,] (?:and )?)(\d)\s/g)].map(([, code]) =>
        Number(code),
      );
      const tried = new Set(rows.filter(([name]) => name === verb).map(([, , code]) => code));
      if (verb === 'check-app') tried.add(0).add(1); // by its own tests, which serve a whole release
      if (verb === 'report') tried.add(0); // by its own tests, which launch a guest
      expect([verb, [...tried].sort()]).toEqual([verb, [...new Set(stated)].sort()]);
    }
  }, 60_000);
});
