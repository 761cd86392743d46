import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex, toBase64, toHex } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { SimulatedSnpAmdSp } from '../../shared/simulator/snp/amd-sp.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../shared/testing/vectors.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';

interface Said {
  readonly status: string;
  readonly simulated: boolean;
  readonly report: Record<string, unknown>;
  readonly findings: readonly { code: string; severity: string; sentence: string; facts?: { field?: string } }[];
  readonly kds: readonly { vcek?: string; chain: string }[];
}

describeWithVectors('report, of real SNP guests', () => {
  interface Case {
    readonly name: string;
    readonly report: string;
    readonly vek?: string;
    readonly crl?: string;
    readonly at: string;
    readonly policy?: object;
    readonly kind?: string;
    readonly expect: string;
    readonly fields?: { measurement: string };
  }
  const cases = vectorJson<{ cases: Case[] }>('snp/real.json').cases.filter(
    ({ vek, policy, kind, expect: wanted }) => vek !== undefined && !policy && !kind && wanted === 'valid',
  );

  it('has enough of them', () => expect(cases.length).toBeGreaterThan(20));

  it.each(cases.map((given) => [given.name, given] as const))('takes %s as signed', async (_, given) => {
    const folder = new TestFolder();
    const report = folder.write('report.bin', vectorBytes(`snp/${given.report}`));
    const chain = folder.write('vek.der', vectorBytes(`snp/${given.vek!}`));
    const args = [chain, report, '--signature-only', '--as-of', given.at];
    const { code, json } = await runJson<Said>('report', ...args);
    expect({ code, status: json.status, simulated: json.simulated }).toEqual({
      code: 0,
      status: 'signed',
      simulated: false,
    });
    if (given.fields) expect(json.report['measurement']).toBe(given.fields.measurement);
    expect((await run('report', report, '--signature-only')).err + (await run('report', report)).out).toContain(
      'REFUSED',
    );
  });

  it('reads the runtime data of a guest on Azure', async () => {
    const report = new TestFolder().write('hcl.bin', vectorBytes('snp/forms/azure-hcl.bin'));
    const { json } = await runJson<Said & { azureRuntimeData: string }>('report', report, '--signature-only');
    expect(JSON.parse(json.azureRuntimeData)).toHaveProperty('keys');
  });
});

describe('report, of a simulated SNP guest', () => {
  const reportData = webCryptoRandom(64);
  const hostData = webCryptoRandom(32);
  let amdSp: SimulatedSnpAmdSp;
  let report: Uint8Array;
  let table: Uint8Array;
  let asked: string[];

  beforeAll(async () => {
    amdSp = await SimulatedSnpAmdSp.create();
    const handle = amdSp.launchStart(0x30000n);
    amdSp.launchUpdate(handle, 1, 0xffff_f000n, webCryptoRandom(4096));
    amdSp.launchFinish(handle, { hostData });
    report = amdSp.report(handle, { reportData });
    table = await amdSp.certificateTable();
    asked = [
      ...['--report-data', toHex(reportData), '--measurement', toHex(amdSp.launchDigest(handle))],
      ...['--host-data', toBase64(hostData), '--guest-policy', '0x30000', '--chip-id', toHex(amdSp.chipId)],
      ...['--min-tcb', 'bl=4,snp=24', '--min-firmware', '1.55.40', '--platform-bits', '0x20=0x20'],
      ...['--any', 'signer', '--any', 'mitigations', '--any', 'revocation'],
    ];
  });

  const written = (bytes: Uint8Array | string): string => new TestFolder().write('report', bytes);

  it('is verified in every form, when everything was asked for', async () => {
    const forms = [
      concat(report, table),
      toHex(concat(report, table)),
      toBase64(concat(report, table)),
      toBase64(new Uint8Array(gzipSync(concat(report, table)))),
    ];
    for (const form of forms) {
      const { code, out } = await run('report', written(form), '--simulated', ...asked);
      expect({ code, end: out.trimEnd().split('\n').at(-1) }).toEqual({
        code: 0,
        end: 'SIMULATED: VERIFIED: the report is signed, and everything that you asked for holds.',
      });
    }
  });

  it('is incomplete while anything was not asked for, and says what', async () => {
    for (const option of ['--report-data', '--guest-policy', '--min-tcb']) {
      const at = asked.indexOf(option);
      const rest = asked.filter((_, i) => i !== at && i !== at + 1);
      const { code, json } = await runJson<Said>('report', written(concat(report, table)), '--simulated', ...rest);
      expect({ code, status: json.status }, option).toEqual({ code: 3, status: 'incomplete' });
      expect(json.findings.some(({ severity }) => severity === 'unchecked')).toBe(true);
      expect(json.findings.some(({ severity }) => severity === 'ok')).toBe(false);
    }
  });

  it.each([
    ['--report-data', () => toHex(webCryptoRandom(64))],
    ['--measurement', () => toHex(webCryptoRandom(48))],
    ['--host-data', () => toHex(webCryptoRandom(32))],
    ['--guest-policy', () => '0x20000'],
    ['--chip-id', () => toHex(webCryptoRandom(64))],
    ['--min-tcb', () => 'snp=255'],
    ['--min-firmware', () => '1.99.0'],
    ['--platform-bits', () => '0x2=0x2'],
  ])('is refused when %s is another', async (option, other) => {
    const changed = asked.map((value, i) => (asked[i - 1] === option ? other() : value));
    const { code, json } = await runJson<Said>('report', written(concat(report, table)), '--simulated', ...changed);
    expect({ code, status: json.status }).toEqual({ code: 1, status: 'refused' });
  });

  it('is not taken for genuine, nor without its certificate, nor altered', async () => {
    const genuine = await run('report', written(concat(report, table)), ...asked);
    expect(genuine.code).toBe(1);
    expect(genuine.out).toContain('of which nothing is proven');
    const bare = await runJson<Said>('report', written(report), '--simulated', ...asked);
    expect({ code: bare.code, first: bare.json.findings[0]?.code }).toEqual({
      code: 1,
      first: 'CERT_CHAIN_INCOMPLETE',
    });
    const altered = concat(report, table);
    altered[0x90]! ^= 1;
    expect((await run('report', written(altered), '--simulated', '--signature-only')).code).toBe(1);
  });

  it('is verified with certificates from a folder, in PEM, and with a list of revoked ones', async () => {
    const folder = new TestFolder();
    const { ark, ask } = amdSp.authority.certificates;
    const pem = (label: string, der: Uint8Array): string =>
      `-----BEGIN ${label}-----\n${toBase64(der)}\n-----END ${label}-----\n`;
    folder.write('vcek.pem', pem('CERTIFICATE', await amdSp.certificate()));
    folder.write('chain.pem', pem('CERTIFICATE', ask) + pem('CERTIFICATE', ark));
    const day = 86_400_000;
    folder.write('crl.der', await amdSp.authority.crl(new Date(Date.now() - day), new Date(Date.now() + day)));
    folder.write('notes.txt', 'nothing of interest');
    const rest = asked.slice(0, -2);
    const ran = await run('report', '--chain', folder.path, written(report), '--simulated', ...rest);
    expect({ code: ran.code, out: ran.out.includes('VERIFIED') }).toEqual({ code: 0, out: true });
    folder.write('crl.der', await amdSp.authority.crl(new Date(Date.now() - day), new Date(Date.now() + day), ['ask']));
    const revoked = await runJson<Said>('report', '--chain', folder.path, written(report), '--simulated', ...rest);
    expect({ code: revoked.code, first: revoked.json.findings[0]?.code }).toEqual({ code: 1, first: 'CERT_REVOKED' });
  });

  it('has addresses at AMD that name chip and TCB', async () => {
    const { out } = await run('kds', written(toHex(report)));
    expect(out).toContain(`/vcek/v1/Milan/${toHex(amdSp.chipId)}?blSPL=4&teeSPL=0&snpSPL=24&ucodeSPL=219`);
    expect(out).toContain('/vcek/v1/Milan/crl');
    const masked = await SimulatedSnpAmdSp.create({ product: 'Turin', maskChipId: true });
    const handle = masked.launchStart(0x30000n);
    masked.launchFinish(handle);
    const { out: none } = await run('kds', written(masked.report(handle, { reportData })));
    expect(none).toContain('the report does not name its chip');
  });

  it.each([
    [['--min-tcb', 'snp=256'], '--min-tcb'],
    [['--min-firmware', '1.55'], '--min-firmware'],
    [['--any', 'everything'], '--any'],
    [['--any', 'measurement', '--measurement', '00'.repeat(48)], '--any'],
    [['--product', 'Naples'], '--product'],
    [['--platform-bits', '0x20'], '--platform-bits'],
    [['--as-of', 'yesterday'], '--as-of'],
    [['--measurement', 'abcd'], 'BYTES_LENGTH'],
    [['--policy', '3'], '--policy'],
  ])('is refused when it is used wrongly: %j', async (args, said) => {
    const { code, out, err } = await run('report', written(report), '--simulated', ...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
  });

  it('says what a file is that is no SNP report', async () => {
    const { code, err } = await run('report', '--snp', written(fromHex('00'.repeat(100))));
    expect(code).toBe(2);
    expect(err).toContain('SNP_REPORT_SHAPE');
  });
});
