// The relay's own /dev/sev client, with the shim preloaded: every layout, pointer and length is held against the
// kernel's header files.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { build } from 'vite';
import { toBase64 } from '../../../shared/bytes/text.ts';
import { webCryptoRandom } from '../../../shared/crypto/subtle.ts';
import { parseSevCert } from '../../../shared/sev/formats/sev-cert.ts';
import { certificateOf, signed, slotBy } from '../../../shared/simulator/certify.ts';
import { makePlatformKey } from '../../../shared/simulator/platform-key.ts';
import type { Question } from './device-probe.ts';
import { describeOnVirtualHost, virtualHost } from './testing.ts';

/** Bundles the probe where Node finds the native binding. */
async function buildProbe(): Promise<string> {
  const outDir = mkdtempSync(join(resolve('node_modules'), '.device-probe-'));
  const rolldownOptions = { output: { entryFileNames: 'probe.mjs' }, external: ['koffi'] };
  const input = resolve('relay/simulator/virtual/device-probe.ts');
  const settings = { ssr: input, outDir, target: 'node20', rolldownOptions, copyPublicDir: false };
  await build({
    configFile: false,
    logLevel: 'error',
    build: settings,
    ssr: { noExternal: true, external: ['koffi'] },
  });
  return join(outDir, 'probe.mjs');
}

function askThrough(probe: string, shim: string) {
  const child = spawn(process.execPath, [probe], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, LD_PRELOAD: shim },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (question: Question): Promise<{ value?: unknown; error?: string }> => {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value } = (await lines.next()) as IteratorYieldResult<string>;
    return JSON.parse(value) as { value?: unknown; error?: string };
  };
}

const SEV_ISSUE_CMD = 0xc0105300;
const [EPERM, EIO, EFAULT, EINVAL] = [1, 5, 14, 22];
const NOT_CALLED = 0xffffffff;
const le32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer).toString('hex');
const issue = (command: number, address = 'ADDRESS') => `${le32(command)}${address}${le32(0)}`;
const BAD_POINTER = '0800000000000000';

describeOnVirtualHost("The relay's client of /dev/sev under the shim", [], () => {
  let probe = '';
  beforeAll(async () => {
    probe = await buildProbe();
    return () => rmSync(join(probe, '..'), { recursive: true, force: true });
  }, 60_000);

  const asking = async () => {
    const host = await virtualHost();
    return { host, ask: askThrough(probe, host.shim) };
  };

  it('reads status, certificates, identifier and request as the AMD-SP has them', async () => {
    const { host, ask } = await asking();
    expect(await ask({ command: 'platformStatus' })).toEqual({ value: await host.device.platformStatus() });
    const { pdh, chain } = host.amdSp.pdhCertExport();
    expect(await ask({ command: 'pdhCertExport' })).toEqual({ value: { pdh: toBase64(pdh), chain: toBase64(chain) } });
    expect(await ask({ command: 'getId' })).toEqual({ value: toBase64(host.amdSp.getId()) });
    expect(await ask({ command: 'pekCsr' })).toEqual({ value: toBase64(host.amdSp.pekCsr()) });
  });

  it('takes the platform into ownership, renews keys and resets', async () => {
    const { host, ask } = await asking();
    const key = makePlatformKey(webCryptoRandom);
    const content = certificateOf('OCA', key, { apiMajor: 0, apiMinor: 0 });
    const oca = signed(content, slotBy('OCA', key, content));
    const csr = parseSevCert(host.amdSp.pekCsr());
    const question = { command: 'pekCertImport', oca: toBase64(oca) } as const;
    const pek = toBase64(signed(csr, slotBy('OCA', key, csr)));
    expect(await ask({ ...question, pek: toBase64(oca) })).toEqual({ error: 'AMDSP_INVALID_CERTIFICATE' });
    expect(await ask({ ...question, pek })).toEqual({ value: null });
    expect(host.amdSp.platformStatus().owned).toBe(true);
    expect(await ask({ ...question, pek })).toEqual({ error: 'AMDSP_ALREADY_OWNED' });

    const before = host.amdSp.pdhCertExport();
    expect(await ask({ command: 'pdhGen' })).toEqual({ value: null });
    expect(host.amdSp.pdhCertExport().chain).toEqual(before.chain);
    expect(host.amdSp.pdhCertExport().pdh).not.toEqual(before.pdh);
    expect(await ask({ command: 'pekGen' })).toEqual({ value: null });
    expect(host.amdSp.platformStatus().owned).toBe(false);
    expect(await ask({ command: 'factoryReset' })).toEqual({ value: null });
    expect(await ask({ command: 'platformStatus' })).toMatchObject({ value: { state: 'uninit' } });
  });

  it('hears of a reset while guests run', async () => {
    const { host, ask } = await asking();
    await host.amdSp.launchStart({ policy: 1 });
    expect(await ask({ command: 'factoryReset' })).toEqual({ error: 'RELAY_DEVICE' });
    expect(await ask({ command: 'pekGen' })).toEqual({ error: 'AMDSP_INVALID_PLATFORM_STATE' });
  });

  it('would be told of every fault that the kernel tells', async () => {
    const { ask } = await asking();
    const call = async (question: Partial<Extract<Question, { command: 'ioctl' }>>) => {
      const defaults = { mode: 'read-write', request: SEV_ISSUE_CMD, issue: issue(1), data: '00'.repeat(24) } as const;
      const { value, error } = await ask({ command: 'ioctl', ...defaults, ...question });
      return (value ?? { error }) as { errno: number; status: number; data: string };
    };
    const refused = (errno: number, status = NOT_CALLED) => expect.objectContaining({ errno, status }) as object;

    expect(await call({})).toMatchObject({ errno: 0, status: 0 });
    // Another ioctl, no command at all, an unknown command, a bad pointer.
    expect(await call({ request: 0xc0105301 })).toMatchObject({ errno: EINVAL });
    expect(await call({ issue: '' })).toMatchObject({ errno: EFAULT });
    expect(await call({ issue: issue(99) })).toEqual(refused(EINVAL));
    expect(await call({ issue: issue(5, BAD_POINTER) })).toEqual(refused(EFAULT));
    expect(await call({ issue: issue(1, BAD_POINTER) })).toMatchObject({ errno: EFAULT });
    // Commands that change something want a file that was opened for writing.
    for (const command of [0, 2, 3, 4, 6]) {
      expect(await call({ mode: 'read', issue: issue(command) })).toEqual(refused(EPERM));
    }
    expect(await call({ mode: 'read', issue: issue(1) })).toMatchObject({ errno: 0 });
    // Without buffers, the needed lengths: export, identifier, request.
    const lengths = await call({ mode: 'read', issue: issue(5) });
    expect(lengths).toEqual({
      errno: EIO,
      status: 4,
      data: `${'00'.repeat(8)}${le32(2084)}${'00'.repeat(8)}${le32(6252)}`,
    });
    expect(await call({ issue: issue(8), data: '00'.repeat(12) })).toMatchObject({
      errno: EIO,
      status: 4,
      data: `${'00'.repeat(8)}${le32(64)}`,
    });
    expect(await call({ issue: issue(3), data: '00'.repeat(12) })).toMatchObject({
      errno: EIO,
      status: 4,
      data: `${'00'.repeat(8)}${le32(2084)}`,
    });
    // A buffer that is not there, one beyond the kernel's limit, and an import without certificates.
    expect(await call({ issue: issue(8), data: `${BAD_POINTER}${le32(64)}` })).toMatchObject({ errno: EFAULT });
    expect(await call({ issue: issue(3), data: `${BAD_POINTER}${le32(16_385)}` })).toEqual(refused(EFAULT));
    expect(await call({ issue: issue(6) })).toEqual(refused(EINVAL));
    // The old way to ask for the identifier: a buffer for two sockets.
    const old = await call({ issue: issue(7), data: '00'.repeat(128) });
    expect(old).toMatchObject({ errno: 0, status: 0 });
    expect(old.data.slice(128)).toBe('00'.repeat(64));
    expect(old.data.slice(0, 128)).not.toBe('00'.repeat(64));
  });
});
