import { chmodSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromBase64 } from '../../shared/bytes/text.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';
import { simulatedPlatform } from './testing/simulated-platform.ts';

const SEVCTL = ['vm_godh.b64', 'vm_record.json', 'vm_session.b64', 'vm_tek.bin', 'vm_tik.bin'];
const SEVTOOL = ['godh.cert', 'launch_blob.bin', 'launch_record.json', 'tmp_tk.bin'];

describe('session', () => {
  it("makes sevctl's files, which the platform takes for this policy only", async () => {
    const folder = new TestFolder();
    const { amdSp, chain } = await simulatedPlatform(folder);
    const out = folder.at('out');
    const { code, json } = await runJson(
      'session',
      '--chain',
      chain,
      '--policy',
      '0x11000003',
      '--simulated',
      '--out',
      out,
    );
    expect(code).toBe(0);
    expect(json).toMatchObject({ status: 'made', policy: { value: 0x11000003, text: '285212675 · 0x11000003' } });
    expect(readdirSync(out).sort()).toEqual(SEVCTL);
    expect(folder.read('out/vm_tik.bin').length).toBe(16);
    const [godh, session] = ['godh', 'session'].map((name) => fromBase64(folder.text(`out/vm_${name}.b64`)));
    await amdSp.launchStart({ policy: 0x11000003, godh: godh!, session: session! });
    await expect(amdSp.launchStart({ policy: 3, godh: godh!, session: session! })).rejects.toMatchObject({
      status: 0x0b,
    });
  });

  it("makes sev-tool's files", async () => {
    const folder = new TestFolder();
    const { amdSp, chain } = await simulatedPlatform(folder);
    const args = ['--chain', chain, '--policy', '3', '--simulated', '--format', 'sevtool', '--out', folder.at('out')];
    expect(await run('session', ...args)).toMatchObject({ code: 0 });
    expect(readdirSync(folder.at('out')).sort()).toEqual(SEVTOOL);
    expect(folder.read('out/tmp_tk.bin').length).toBe(32);
    const [godh, session] = [folder.read('out/godh.cert'), folder.read('out/launch_blob.bin')];
    await amdSp.launchStart({ policy: 3, godh, session });
  });

  it("takes sevctl's own form: session --name NAME CHAIN POLICY", async () => {
    const folder = new TestFolder();
    const { chain } = await simulatedPlatform(folder);
    const out = ['--simulated', '--out', folder.at('out')];
    expect(await run('session', '--name', 'guest1', chain, '3', ...out)).toMatchObject({ code: 0 });
    expect(readdirSync(folder.at('out')).sort()).toEqual(SEVCTL.map((name) => name.replace('vm', 'guest1')));
  });

  it('keeps keys to their owner, and never over earlier ones unasked', async () => {
    const folder = new TestFolder();
    const { chain } = await simulatedPlatform(folder);
    const args = ['session', chain, '3', '--simulated', '--out', folder.at('out')];
    expect(await run(...args)).toMatchObject({ code: 0 });
    for (const name of ['out', 'out/vm_tik.bin', 'out/vm_tek.bin']) {
      expect(lstatSync(folder.at(name)).mode & 0o077).toBe(0);
    }
    const before = folder.read('out/vm_tik.bin');
    expect((await run(...args)).err).toContain('VAULT_FILE_EXISTS');
    expect(folder.read('out/vm_tik.bin')).toEqual(before);
    expect(await run(...args, '--force')).toMatchObject({ code: 0 });
    expect(folder.read('out/vm_tik.bin')).not.toEqual(before);
    folder.write('open', '');
    chmodSync(folder.path, 0o755);
    expect((await run('session', chain, '3', '--simulated', '--out', folder.path)).err).toContain('VAULT_PLACE');
  });

  it('never shows a key', async () => {
    const folder = new TestFolder();
    const { chain } = await simulatedPlatform(folder);
    const { out, err } = await run('session', chain, '3', '--simulated', '--json', '--out', folder.at('out'));
    const keys = ['tik', 'tek'].map((name) => Buffer.from(folder.read(`out/vm_${name}.bin`)));
    const seen = [out, err, folder.text('out/vm_record.json')].join('\n');
    for (const key of keys)
      for (const form of ['hex', 'base64'] as const) expect(seen).not.toContain(key.toString(form));
  });

  it('says what will never be released', async () => {
    const folder = new TestFolder();
    const { chain } = await simulatedPlatform(folder);
    const session = (policy: string, ...more: string[]) =>
      run('session', chain, policy, '--simulated', '--force', '--out', folder.at('out'), ...more);
    expect((await session('0')).out).toContain('refused: The policy lets the host debug the guest');
    expect((await session('1')).out).toContain('refused:');
    for (const policy of ['0', '1', '2', '64'])
      expect([policy, (await session(policy)).code]).toEqual([policy, policy === '64' ? 2 : 1]);
    expect(existsSync(folder.at('out'))).toBe(false);
    expect(await session('0', '--no-secrets')).toMatchObject({ code: 0 });
    expect((await session('1', '--accept-key-sharing')).out).not.toContain('refused:');
    expect((await session('0x1100000f')).out).not.toMatch(/refused:|warning:/);
    const swapped = (await session('0x0011000f')).out;
    expect(swapped).toContain('asks for API 17.0, which no SEV firmware has');
    expect(swapped).toContain('Was 0.17 meant?');
  });

  it('is not made for a platform that was not verified', async () => {
    const folder = new TestFolder();
    const { chain } = await simulatedPlatform(folder);
    expect(await run('session', chain, '3', '--out', folder.at('out'))).toMatchObject({ code: 1 });
    expect(() => readdirSync(folder.at('out'))).toThrow();
  });

  it.each([
    ['CHAIN'],
    ['CHAIN', '3', '4'],
    ['CHAIN', 'three'],
    ['CHAIN', '4294967296'],
    ['CHAIN', '64'],
    ['--chain', 'CHAIN'],
    ['--policy', '3'],
    ['--chain', 'CHAIN', '3'],
    ['CHAIN', '3', '--format', 'pem'],
    ['CHAIN', '3', '--name', '../vm'],
    ['CHAIN', '3', '--name=-vm'],
    ['none', '3'],
  ])('ends with 2 for %s %s %s', async (...args) => {
    const folder = new TestFolder();
    const { chain } = await simulatedPlatform(folder);
    const given = args.map((arg) => (arg === 'CHAIN' ? chain : arg));
    const { code, err } = await run('session', ...given, '--simulated', '--out', folder.at('out'));
    expect(code, err).toBe(2);
  });
});
