import { describe, expect, it } from 'vitest';
import { toBase64, toHex } from '../../shared/bytes/text.ts';
import { sha256Sync } from '../../shared/crypto/sha256-stream.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';
import { fullChain, simulatedPlatform } from './testing/simulated-platform.ts';

const FIRMWARE = new Uint8Array(4096).fill(3);
const MNONCE = new Uint8Array(16).fill(9);

async function world() {
  const folder = new TestFolder();
  const { amdSp, chain } = await simulatedPlatform(folder);
  const handle = await amdSp.launchStart({ policy: 1 });
  await amdSp.launchUpdateData(handle, FIRMWARE);
  await amdSp.launchMeasure(handle);
  const bytes = await amdSp.attestationReport(handle, MNONCE);
  const args = ['--chain', chain, '--simulated', folder.write('report.bin', bytes)];
  return { folder, amdSp, bytes, chain, args };
}

describe('report', () => {
  it('verifies nonce, digest and policy, and says what is unproven', async () => {
    const { folder, args } = await world();
    const inputs = ['--policy', '1', '--firmware', folder.write('f', FIRMWARE)];
    const digest = ['--policy', '0x1', '--launch-digest', toHex(sha256Sync(FIRMWARE))];
    for (const [nonce, expected] of [
      [toBase64(MNONCE), inputs],
      [toHex(MNONCE), digest],
      [folder.write('nonce', MNONCE), digest],
      // As openssl prints them into a file.
      [folder.write('nonce.b64', `${toBase64(MNONCE)}\n`), digest],
      [folder.write('nonce.hex', `${toHex(MNONCE)}\n`), digest],
    ] as const) {
      const { code, json } = await runJson('report', ...args, '--mnonce', nonce, ...expected);
      expect({ code, json }).toMatchObject({ code: 0, json: { status: 'verified', simulated: true, unchecked: [] } });
    }
    const { out } = await run('report', ...args, '--mnonce', toHex(MNONCE), ...inputs);
    expect(out).toMatch(/^SIMULATED: VERIFIED/);
    expect(out).toContain('another guest');
  });

  it('reads what QMP printed', async () => {
    const { folder, bytes, chain } = await world();
    const reply = folder.write('qmp.json', JSON.stringify({ return: { data: toBase64(bytes) } }));
    const more = ['--signature-only', '--mnonce', toHex(MNONCE), '--simulated'];
    expect(await run('report', chain, reply, ...more)).toMatchObject({ code: 0 });
  });

  it('never calls verified what was not compared', async () => {
    const { args } = await world();
    const { code, json } = await runJson('report', ...args, '--mnonce', toHex(MNONCE), '--signature-only');
    expect({ code, json }).toMatchObject({
      code: 0,
      json: { status: 'signed', unchecked: ['launchDigest', 'policy'] },
    });
    expect((await run('report', ...args, '--mnonce', toHex(MNONCE))).code).toBe(2);
    expect((await run('report', ...args, '--mnonce', toHex(MNONCE), '--policy', '1')).code).toBe(2);
  });

  it('refuses an old nonce, another digest, policy or platform, and a changed report', async () => {
    const { folder, args, bytes } = await world();
    const right = ['--mnonce', toHex(MNONCE), '--policy', '1', '--launch-digest', toHex(sha256Sync(FIRMWARE))];
    const change = (at: number, value: string): string[] => right.map((arg, i) => (i === at ? value : arg));
    for (const wrong of [change(1, 'ab'.repeat(16)), change(3, '3'), change(5, 'ab'.repeat(32))]) {
      expect((await run('report', ...args, ...wrong)).err).toContain('CERT_REPORT');
    }
    const other = await simulatedPlatform(new TestFolder());
    const elsewhere = args.map((arg) => (arg.endsWith('chain.cert') ? other.chain : arg));
    expect(await run('report', ...elsewhere, ...right)).toMatchObject({ code: 1 });
    bytes[20]! ^= 1;
    folder.write('report.bin', bytes);
    expect(await run('report', ...args, ...right)).toMatchObject({ code: 1 });
    expect((await run('report', ...args.filter((arg) => arg !== '--simulated'), ...right)).code).toBe(1);
  });

  it("names what was given in a report's place", async () => {
    const { folder, args, amdSp } = await world();
    const chain = folder.write('not-a-report', fullChain(amdSp));
    const { code, err } = await run(
      'report',
      ...args.slice(0, 3),
      chain,
      '--signature-only',
      '--mnonce',
      toHex(MNONCE),
    );
    expect(code).toBe(2);
    expect(err).toContain('BYTES_SWAPPED');
  });
});
