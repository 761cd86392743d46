import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fromBase64, fromHex, toHex } from '../../shared/bytes/text.ts';
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { SimulatedSnpAmdSp } from '../../shared/simulator/snp/amd-sp.ts';
import { ecPublicKey } from '../../shared/simulator/snp/certify.ts';
import { parseIdAuth } from '../../shared/snp/formats/id-block.ts';
import { exportOwnerKey, makeOwnerKey } from '../../shared/sev/session/owner-key.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';

const POLICY = 0x30000n;

interface Made {
  readonly idBlock: string;
  readonly idAuth: string;
  readonly idKeyDigest: string;
  readonly authorKeyDigest?: string;
}

async function keyFile(folder: TestFolder, name: string): Promise<string> {
  return folder.write(name, await exportOwnerKey(await makeOwnerKey({ extractable: true }), 'pkcs8-pem'));
}

/** A launch of one page on the simulated platform, up to SNP_LAUNCH_FINISH. */
async function loaded(policy = POLICY) {
  const amdSp = await SimulatedSnpAmdSp.create();
  const handle = amdSp.launchStart(policy);
  amdSp.launchUpdate(handle, 1, 0xffff_f000n, webCryptoRandom(4096));
  return { amdSp, handle, digest: toHex(amdSp.launchDigest(handle)) };
}

describe('id-block', () => {
  it('makes a block that a platform launches with, and that its reports show', async () => {
    const folder = new TestFolder();
    const keys = ['--id-key', await keyFile(folder, 'id.pem'), '--author-key', await keyFile(folder, 'author.pem')];
    const { amdSp, handle, digest } = await loaded();
    const args = ['--digest', digest, '--family-id', 'my guests', '--guest-svn', '7', ...keys];
    const { code, json } = await runJson<Made>('id-block', 'make', ...args, '--out', folder.at('out'));
    expect(code).toBe(0);
    const idBlock = folder.read('out/id-block.bin');
    expect(fromBase64(json.idBlock)).toEqual(idBlock);
    amdSp.launchFinish(handle, { idBlock, idAuth: folder.read('out/id-auth.bin'), authorKeyEnabled: true });
    const report = folder.write('report.bin', amdSp.report(handle, { reportData: webCryptoRandom(64) }));
    const pair = ['--id-block', folder.at('out/id-block.bin'), '--id-auth', json.idAuth];
    const verified = await run(
      'id-block',
      'verify',
      ...pair,
      '--digest',
      digest,
      '--policy',
      '0x30000',
      '--report',
      report,
    );
    expect(verified).toMatchObject({ code: 0, err: '' });
    expect(verified.out).toContain('author-key-enabled=on');
    expect(verified.out).toContain(`<idBlock>${json.idBlock}</idBlock>`);
    expect((await run('id-block', 'show', ...pair)).out).toContain(json.authorKeyDigest!);
  });

  it('says which field of a report or a launch is another one', async () => {
    const folder = new TestFolder();
    const { amdSp, handle, digest } = await loaded();
    amdSp.launchFinish(handle);
    const report = folder.write('report.hex', toHex(amdSp.report(handle, { reportData: webCryptoRandom(64) })));
    const made = ['--digest', digest, '--id-key', await keyFile(folder, 'id.pem'), '--out', folder.at('out')];
    await run('id-block', 'make', ...made);
    const pair = ['--id-block', folder.at('out/id-block.bin'), '--id-auth', folder.at('out/id-auth.bin')];
    const without = await run('id-block', 'verify', ...pair, '--report', report);
    expect(without).toMatchObject({ code: 1, out: '' });
    expect(without.err).toContain('SNP_ID_LAUNCH (report.ID_KEY_DIGEST)');
    const other = await run('id-block', 'verify', ...pair, '--digest', toHex(webCryptoRandom(48)));
    expect(other.code).toBe(1);
    expect((await run('id-block', 'verify', ...pair, '--policy', '0xb0000')).err).toContain('idBlock.policy');
  });

  it('signs as OpenSSL verifies', async () => {
    const folder = new TestFolder();
    const key = await keyFile(folder, 'id.pem');
    const args = ['--digest', toHex(webCryptoRandom(48)), '--id-key', key, '--out', folder.at('out')];
    expect((await run('id-block', 'make', ...args)).code).toBe(0);
    const { blockSignature, idKey } = parseIdAuth(folder.read('out/id-auth.bin'));
    const integer = (number: Uint8Array): string => {
      const plain = toHex(number).replace(/^(00)+/, '');
      const positive = parseInt(plain.slice(0, 2), 16) >= 0x80 ? `00${plain}` : plain;
      return `02${(positive.length / 2).toString(16).padStart(2, '0')}${positive}`;
    };
    const body = integer(blockSignature.r) + integer(blockSignature.s);
    const signature = folder.write('signature', fromHex(`30${(body.length / 2).toString(16)}${body}`));
    const publicKey = folder.write('public.der', ecPublicKey(idKey));
    const options = ['-sha384', '-keyform', 'DER', '-verify', publicKey, '-signature', signature];
    const { stdout } = spawnSync('openssl', ['dgst', ...options, folder.at('out/id-block.bin')], { encoding: 'utf8' });
    expect(stdout).toContain('Verified OK');
  });

  it.each([
    [['make'], '--digest is missing'],
    [['make', '--digest', 'ab'.repeat(48)], '--id-key is missing'],
    [['make', '--digest', 'abcd', '--id-key', 'x'], 'BYTES_LENGTH'],
    [['make', '--digest', 'ab'.repeat(48), '--id-key', 'x', '--family-id', 'seventeen letters'], 'at most 16 fit'],
    [['make', '--digest', 'ab'.repeat(48), '--id-key', 'x', '--policy', '0x10000'], 'SNP_POLICY'],
    [['make', '--digest', 'ab'.repeat(48), '--id-key', 'x', '--policy', 'none'], '--policy'],
    [['verify', '--id-block', 'QUJD', '--id-auth', 'QUJD'], 'BYTES_LENGTH'],
    [['sign'], 'id-block make'],
  ])('is refused when it is used wrongly: %j', async (args, said) => {
    const { code, out, err } = await run('id-block', ...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
  });
});
