// Secret packets, libvirt's tool's and ours, in front of the simulated AMD-SP.
import { renameSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSecretTable } from '../../../shared/guest/secret-table.ts';
import { toHex } from '../../../shared/bytes/text.ts';
import { sha256Sync } from '../../../shared/crypto/sha256-stream.ts';
import { advertisingImage } from '../../../shared/testing/firmware-images.ts';
import { unreadableImage } from '../../../shared/testing/guest-images.ts';
import { TestFolder } from '../testing/folder.ts';
import { runToolOnce, toolMissing } from '../testing/libvirt-tool.ts';
import { type Ran, run } from '../testing/run.ts';
import { simulatedLaunch } from '../testing/simulated-launch.ts';

// Tables that end just before, at and just behind a multiple of 16, and a long one.
const SIZES = [0, 1, 6, 7, 8, 100, 3000];

async function expectOpens(size: number, pack: (args: readonly string[]) => Ran | Promise<Ran>): Promise<void> {
  const folder = new TestFolder();
  const { args, open, secret } = await simulatedLaunch(folder, size);
  const out = 'OK: Looks good to me\nOK: Injected 2 secrets\n';
  expect(await pack(args)).toMatchObject({ code: 0, out });
  const table = await open(folder.text('header'), folder.text('payload'));
  expect(parseSecretTable(table)).toEqual(secret);
}

const title = `virt-qemu-sev-validate --inject-secret${toolMissing ? ` (skipped: ${toolMissing})` : ''}`;

describe.skipIf(toolMissing)(title, () => {
  it.each(SIZES)('packs a secret of %i bytes that the AMD-SP opens', (size) =>
    // The other tool knows of no simulated platforms.
    expectOpens(size, (args) => runToolOnce(args.filter((argument) => argument !== '--simulated'))),
  );
});

function withoutOption(args: readonly string[], name: string): readonly string[] {
  const at = args.indexOf(name);
  return at < 0 ? args : [...args.slice(0, at), ...args.slice(at + 2)];
}

describe('validate --inject-secret', () => {
  it.each(SIZES)('packs a secret of %i bytes that the AMD-SP opens', (size) =>
    expectOpens(size, (args) => run('validate', ...args)),
  );

  it('writes nothing when the launch is another one', async () => {
    const folder = new TestFolder();
    const { args } = await simulatedLaunch(folder, 5);
    folder.write('firmware', 'another');
    expect(await run('validate', ...args)).toMatchObject({ code: 1, out: '' });
    expect(() => folder.text('header')).toThrow();
  });

  it('packs nothing for keys whose session has no record', async () => {
    const folder = new TestFolder();
    const { args, record } = await simulatedLaunch(folder, 5);
    renameSync(record, folder.at('elsewhere.json'));
    const { code, out, err } = await run('validate', ...args);
    expect({ code, out }).toEqual({ code: 3, out: 'OK: Looks good to me\n' });
    expect(err).toContain('Nothing proves that the platform was verified');
    expect(err).toContain('sev-verifier session');
    expect(() => folder.text('header')).toThrow();
    expect(await run('validate', ...args, '--record', folder.at('elsewhere.json'))).toMatchObject({ code: 0 });
  });

  it('packs nothing for a kernel that the guest image does not check, and warns when it attests one', async () => {
    const folder = new TestFolder();
    const { args } = await simulatedLaunch(folder, 5, 3, Uint8Array.of(1));
    const { code, out, err } = await run('validate', ...args);
    expect({ code, out }).toEqual({ code: 3, out: 'OK: Looks good to me\n' });
    expect(err).toMatch(/^WARNING: The guest image has no place for kernel hashes/);
    expect(() => folder.text('header')).toThrow();
    expect(await run('validate', ...args.slice(0, args.indexOf('--inject-secret')))).toMatchObject({ code: 1 });
  });

  it('packs nothing for a kernel where the guest image cannot be read, and attests it as the other tool does', async () => {
    const folder = new TestFolder();
    const { args } = await simulatedLaunch(folder, 5, 3, Uint8Array.of(1), unreadableImage());
    const { code, out, err } = await run('validate', ...args);
    expect({ code, out }).toEqual({ code: 3, out: 'OK: Looks good to me\n' });
    expect(err).toMatch(/^WARNING: What the guest image says of itself cannot be read/);
    expect(() => folder.text('header')).toThrow();
    const attested = ['--inject-secret', '-s', '--secret-header', '--secret-payload'].reduce(withoutOption, args);
    expect(await run('validate', ...attested)).toMatchObject({ code: 0, out: 'OK: Looks good to me\n' });
  });

  it('packs nothing for a kernel that the guest image only advertises to check, unless the owner vouches for it', async () => {
    const folder = new TestFolder();
    const firmware = advertisingImage();
    const { args } = await simulatedLaunch(folder, 5, 3, Uint8Array.of(1), firmware);
    const { code, out, err } = await run('validate', ...args, '--cmdline', '');
    expect({ code, out }).toEqual({ code: 3, out: 'OK: Looks good to me\n' });
    expect(err).toMatch(/^WARNING: .* no code that checks them: it starts any kernel/);
    expect(() => folder.text('header')).toThrow();
    const vouched = await run('validate', ...args, '--vouch-image', toHex(sha256Sync(firmware)));
    expect(vouched).toMatchObject({ code: 0 });
    expect(vouched.err).not.toContain('WARNING');
  });

  it("packs nothing with another session's record", async () => {
    const [folder, other] = [new TestFolder(), new TestFolder()];
    const { args } = await simulatedLaunch(folder, 5);
    const { record } = await simulatedLaunch(other, 5);
    const { code, err } = await run('validate', ...args, '--record', record);
    expect(code).toBe(3);
    expect(err).toContain('does not belong to these keys');
    expect(() => folder.text('header')).toThrow();
  });

  it('leaves no header alone when the payload cannot be written', async () => {
    const folder = new TestFolder();
    const { args } = await simulatedLaunch(folder, 5);
    const { code, err } = await run('validate', ...args, '--secret-payload', folder.at('none/payload'));
    expect(code).toBe(6);
    expect(err).toContain('ENOENT');
    expect(() => folder.text('header')).toThrow();
  });

  it('does not pack what no firmware takes, nor under the GUID that names nothing', async () => {
    const folder = new TestFolder();
    expect(await run('validate', ...(await simulatedLaunch(folder, 16_345)).args)).toMatchObject({ code: 2 });
    const { args } = await simulatedLaunch(folder, 5);
    const nil = `00000000-0000-0000-0000-000000000000:${folder.write('secret', 'x')}`;
    expect(await run('validate', ...args, '-s', nil)).toMatchObject({ code: 2 });
    expect(() => folder.text('header')).toThrow();
  });

  it('packs nothing for a simulated platform that was not asked for by name', async () => {
    const folder = new TestFolder();
    const args = (await simulatedLaunch(folder, 5)).args.filter((argument) => argument !== '--simulated');
    const { code, err } = await run('validate', ...args);
    expect({ code, err }).toMatchObject({ code: 3, err: expect.stringContaining('simulated') as string });
    expect(() => folder.text('header')).toThrow();
  });

  it('says that the platform is simulated, and nothing with --quiet', async () => {
    const { args } = await simulatedLaunch(new TestFolder(), 5);
    expect((await run('validate', ...args)).err).toContain('SIMULATED');
    expect(await run('validate', ...args, '--quiet')).toMatchObject({ code: 0, out: '', err: '' });
  });

  it('never shows a key, not even with --debug', async () => {
    const folder = new TestFolder();
    const { args } = await simulatedLaunch(folder, 5);
    const { out, err } = await run('validate', ...args, '--debug');
    const said = (out + err).toLowerCase();
    const keys = Buffer.from(folder.read('tmp_tk.bin'));
    for (const key of [keys.subarray(0, 16), keys.subarray(16)]) {
      expect(said).not.toContain(key.toString('hex'));
      expect(said).not.toContain(key.toString('base64').slice(0, 20).toLowerCase());
    }
    expect(err).toContain('Launch digest');
  });
});
