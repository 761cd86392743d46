import { execFileSync } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSevCert } from '../../shared/sev/formats/sev-cert.ts';
import { sevctlId } from '../../shared/sev/verify/cert-id.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';
import { fullChain, simulatedPlatform } from './testing/simulated-platform.ts';

describe('oca', () => {
  it.each(['pem', 'der', 'pkcs8'])('takes a platform into ownership with a key in %s', async (format) => {
    const folder = new TestFolder();
    const { amdSp } = await simulatedPlatform(folder);
    const [cert, key] = [folder.at('owner.cert'), folder.at('owner.key')];
    const made = await runJson<{ ocaId: string }>('oca', 'generate', cert, key, '--format', format);
    expect(made.code).toBe(0);
    expect(made.json.ocaId).toBe(await sevctlId(parseSevCert(folder.read('owner.cert'))));
    expect(lstatSync(key).mode & 0o777).toBe(0o600);

    const csr = folder.write('pek_csr.cert', amdSp.pekCsr());
    const pek = folder.write('chain', fullChain(amdSp));
    const signed = await runJson('oca', 'sign', csr, key, '--oca', cert, '--pek', pek, '--out', folder.at('out'));
    expect(signed).toMatchObject({ code: 0, json: { ocaId: made.json.ocaId } });
    await amdSp.pekCertImport(folder.read('out/pek_csr.signed.cert'), folder.read('out/oca.cert'));
    const owned = folder.write('owned', fullChain(amdSp));
    expect(await run('chain', owned, '--simulated', '--oca', cert)).toMatchObject({ code: 0 });
  });

  it('makes the certificate for a key that openssl made', async () => {
    const folder = new TestFolder();
    const { amdSp } = await simulatedPlatform(folder);
    const key = folder.at('openssl.pem');
    execFileSync('openssl', ['ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-out', key]);
    const csr = folder.write('pek_csr.cert', amdSp.pekCsr());
    expect(await run('oca', 'sign', csr, key, '--out', folder.at('out'))).toMatchObject({ code: 0 });
    await amdSp.pekCertImport(folder.read('out/pek_csr.signed.cert'), folder.read('out/oca.cert'));
  });

  it('takes a request as text, and names what is given in its place, or in that of the key', async () => {
    const folder = new TestFolder();
    const { amdSp, chain } = await simulatedPlatform(folder);
    const [cert, key] = [folder.at('owner.cert'), folder.at('owner.key')];
    await run('oca', 'generate', cert, key);
    const csr = folder.write('csr.txt', `${Buffer.from(amdSp.pekCsr()).toString('base64')}\n`);
    const out = ['--out', folder.at('out')];
    expect(await run('oca', 'sign', csr, key, ...out)).toMatchObject({ code: 0 });
    const old = amdSp.pekCsr();
    old[0] = 2;
    const refused = await run('oca', 'sign', folder.write('old', old), key, ...out, '--force');
    expect(refused.err).toContain('Ask the operator for the request (PEK CSR) again');
    const swapped = await run('oca', 'sign', key, csr, ...out, '--force');
    expect(swapped.err).toContain('This is a private key');
    expect((await run('oca', 'sign', chain, key, ...out)).err).toContain("a platform's PDH certificate");
    expect((await run('oca', 'sign', csr, key, ...out, '--oca', key)).err).toContain('This is a private key');
    expect((await run('oca', 'sign', csr, cert, ...out)).err).toContain(`(${cert}: key)`);
  });

  it('never shows the key', async () => {
    const folder = new TestFolder();
    const { out, err } = await run('oca', 'generate', folder.at('c'), folder.at('k'), '--format', 'der', '--json');
    const scalar = Buffer.from(folder.read('k').slice(8, 56));
    for (const form of ['hex', 'base64'] as const) expect(out + err).not.toContain(scalar.toString(form).slice(0, 30));
  });

  it('signs nothing but a request of this platform, with the key of the certificate', async () => {
    const folder = new TestFolder();
    const { amdSp, chain } = await simulatedPlatform(folder);
    const other = await simulatedPlatform(new TestFolder());
    for (const name of ['a', 'b']) await run('oca', 'generate', folder.at(`${name}.cert`), folder.at(`${name}.key`));
    const csr = folder.write('csr', amdSp.pekCsr());
    const out = ['--out', folder.at('out')];
    for (const [args, code] of [
      [[chain, folder.at('a.key')], 2],
      [[folder.at('a.cert'), folder.at('a.key')], 1],
      [[csr, folder.at('a.key'), '--oca', folder.at('b.cert')], 1],
      [[csr, folder.at('a.key'), '--pek', other.chain], 1],
      [[csr, folder.at('a.cert')], 2],
      [[csr], 2],
    ] as const) {
      const ran = await run('oca', 'sign', ...args, ...out);
      expect(ran.code, `${args.join(' ')}\n${ran.err}`).toBe(code);
      expect(() => folder.read('out/pek_csr.signed.cert')).toThrow();
    }
  });

  it.each([[], ['make'], ['generate', 'a'], ['generate', 'a', 'b', '--format', 'jwk']])(
    'ends with 2 for %j',
    async (...args) => {
      expect((await run('oca', ...args)).code).toBe(2);
    },
  );
});
