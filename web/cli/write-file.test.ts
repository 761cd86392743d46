import { chmodSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { makePrivateFolder, requirePrivateFolder } from './private-folder.ts';
import { TestFolder } from './testing/folder.ts';
import { type Output, writeOutputs } from './write-file.ts';

const umask = process.umask();
afterEach(() => void process.umask(umask));

const key = (path: string): Output => ({ path, bytes: Uint8Array.of(1, 2, 3), isKey: true });
const plain = (path: string): Output => ({ path, bytes: Uint8Array.of(4, 5, 6) });
const modeOf = (path: string): number => lstatSync(path).mode & 0o7777;

describe('key files', () => {
  it.each([0o000, 0o022, 0o077, 0o777])('are for their owner alone under umask %o', async (mask) => {
    const folder = new TestFolder();
    process.umask(mask);
    await writeOutputs([key(folder.at('tik.bin'))], false);
    process.umask(umask);
    expect(modeOf(folder.at('tik.bin'))).toBe(0o600);
    expect(folder.read('tik.bin')).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('are private again after --force over a file that was not', async () => {
    const folder = new TestFolder();
    chmodSync(folder.write('tik.bin', 'old'), 0o644);
    await writeOutputs([key(folder.at('tik.bin'))], true);
    expect(modeOf(folder.at('tik.bin'))).toBe(0o600);
    expect(readdirSync(folder.path)).toEqual(['tik.bin']);
  });

  it('are replaced although a killed command of the same number left its own half', async () => {
    const folder = new TestFolder();
    folder.write('tik.bin', 'old');
    folder.write(`tik.bin.${process.pid}.new`, 'half');
    await writeOutputs([key(folder.at('tik.bin'))], true);
    expect(folder.read('tik.bin')).toEqual(Uint8Array.of(1, 2, 3));
  });

  it.each([0o755, 0o777, 0o1777, 0o704, 0o702, 0o720])('are refused into a folder of mode %o', async (mode) => {
    const folder = new TestFolder();
    chmodSync(folder.path, mode);
    await expect(writeOutputs([plain(folder.at('godh')), key(folder.at('tik.bin'))], true)).rejects.toThrow(
      'VAULT_PLACE',
    );
    chmodSync(folder.path, 0o700);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it.each([0o700, 0o710, 0o750, 0o711])('are written into a folder of mode %o', async (mode) => {
    const folder = new TestFolder();
    chmodSync(folder.path, mode);
    await writeOutputs([key(folder.at('tik.bin'))], false);
    expect(modeOf(folder.at('tik.bin'))).toBe(0o600);
  });

  it('may be written into an open folder that lies in a closed one', async () => {
    const folder = new TestFolder();
    mkdirSync(folder.at('open'));
    chmodSync(folder.at('open'), 0o777);
    await requirePrivateFolder(folder.at('open'));
    chmodSync(folder.path, 0o701);
    await expect(requirePrivateFolder(folder.at('open'))).rejects.toThrow('mode is 777');
  });

  it('get a private folder of their own where there is none', async () => {
    const folder = new TestFolder();
    process.umask(0);
    await makePrivateFolder(folder.at('a/b'));
    expect([modeOf(folder.at('a')), modeOf(folder.at('a/b'))]).toEqual([0o700, 0o700]);
  });
});

describe('files', () => {
  it('are never replaced unasked, and then none is written', async () => {
    const folder = new TestFolder();
    folder.write('session', 'mine');
    const outputs = [plain(folder.at('godh')), plain(folder.at('session'))];
    await expect(writeOutputs(outputs, false)).rejects.toThrow('VAULT_FILE_EXISTS');
    expect(readdirSync(folder.path)).toEqual(['session']);
    await writeOutputs(outputs, true);
    expect(folder.read('session')).toEqual(Uint8Array.of(4, 5, 6));
  });

  it.each([true, false])('are never written through a link (force: %s)', async (force) => {
    const folder = new TestFolder();
    folder.write('elsewhere', 'mine');
    symlinkSync(folder.at('elsewhere'), folder.at('tik.bin'));
    await expect(writeOutputs([key(folder.at('tik.bin'))], force)).rejects.toThrow(
      force ? 'no file that could be replaced' : 'VAULT_FILE_EXISTS',
    );
    expect(folder.text('elsewhere')).toBe('mine');
    expect(lstatSync(folder.at('tik.bin')).isSymbolicLink()).toBe(true);
  });

  it.each([true, false])(
    'are all written, or none: no key is left alone when another cannot be (force: %s)',
    async (force) => {
      const folder = new TestFolder();
      const outputs = [key(folder.at('tik.bin')), plain(folder.at('none/godh'))];
      await expect(writeOutputs(outputs, force)).rejects.toThrow('VAULT_WRITE');
      expect(readdirSync(folder.path)).toEqual([]);
    },
  );

  it('take the place of files only, and leave no key beside what is none', async () => {
    const folder = new TestFolder();
    mkdirSync(folder.at('tik.bin'));
    await expect(writeOutputs([key(folder.at('tik.bin'))], true)).rejects.toThrow('no file that could be replaced');
    symlinkSync('/dev/null', folder.at('header'));
    await expect(writeOutputs([plain(folder.at('header'))], true)).rejects.toThrow('no file that could be replaced');
    expect(readdirSync(folder.path).sort()).toEqual(['header', 'tik.bin']);
  });

  it.each([true, false])('do not share a name (force: %s)', async (force) => {
    const folder = new TestFolder();
    const outputs = [plain(folder.at('packet')), plain(folder.at('../') + folder.path.split('/').at(-1)! + '/packet')];
    await expect(writeOutputs(outputs, force)).rejects.toThrow('one file');
    expect(readdirSync(folder.path)).toEqual([]);
  });

  it('say why they cannot be written', async () => {
    const folder = new TestFolder();
    await expect(writeOutputs([plain(folder.at('none/godh'))], false)).rejects.toThrow('VAULT_WRITE');
    await expect(writeOutputs([key(folder.at('none/tik'))], false)).rejects.toThrow('no such file');
  });
});
