import { afterEach, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../testing/testing.ts';
import { buildShim } from './build-shim.ts';
import { askEncryption } from './encryption.ts';

afterEach(() => void vi.unstubAllEnvs());

it('Without a C compiler, the operator reads what to install', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  await expect(buildShim(temporaryFolder())).rejects.toMatchObject({
    code: 'RELAY_FILE',
    sentence: expect.stringContaining('There is no C compiler') as string,
    next: expect.stringContaining('apt-get install gcc') as string,
  });
});

it('Without QEMU, the operator reads what to install, or to do without', async () => {
  await expect(askEncryption(temporaryFolder(), { PATH: '/nonexistent' })).rejects.toMatchObject({
    code: 'RELAY_LAUNCH',
    next: expect.stringMatching(/qemu-system-x86.*--simulate/) as string,
  });
});
