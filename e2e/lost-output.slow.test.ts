// The commands where nobody takes what they say: a full disk, a reader that is gone, a terminal that is closed.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildRelay, RelayProcess } from '../relay/testing/process-testing.ts';
import { eventually, temporaryFolder, TestClient } from '../relay/testing/testing.ts';

let [relay, verifier] = ['', ''];
beforeAll(async () => {
  relay = await buildRelay();
  verifier = join(relay, '../../cli/main.js');
  return () => rmSync(join(relay, '../..'), { recursive: true, force: true });
}, 60_000);

/** Runs a command in a shell that sends its words somewhere. */
async function ending(command: string, redirected: string): Promise<{ code: number | null; said: string }> {
  const child = spawn('sh', ['-c', `exec "${process.execPath}" ${command} ${redirected}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said };
}

const describeWithFullDevice = existsSync('/dev/full') ? describe : describe.skip;

describeWithFullDevice('a full disk (needs /dev/full)', () => {
  it.each(['chain /no/such/file', 'validate --nonsense', 'nonsense'])(
    'makes no verdict of a failure: sev-verifier %s',
    async (args) => expect((await ending(`${verifier} ${args}`, '2>/dev/full')).code).toBe(2),
  );

  it.each(['check', '--help', 'export --simulate /dev/null'])(
    'is said, and is no answer: sev-relay %s',
    async (args) => {
      const { code, said } = await ending(`${relay} ${args}`, '>/dev/full');
      expect(said).toBe('The answer cannot be written. The system says ENOSPC.\n');
      expect(code).toBe(2);
    },
  );

  it('is said in words where a file of sev-relay does not fit: a recording', async () => {
    const { code, said } = await ending(`${relay} check --record /dev/full`, '');
    expect(said).toContain('RELAY_FILE');
    expect(said).not.toContain('    at ');
    expect(code).toBe(1);
  });
});

describe('a relay', () => {
  it('serves on when nobody takes its log any more', async () => {
    const process = new RelayProcess(relay, ['--simulate', '--log-level', 'debug']);
    const link = await process.link();
    process.child.stderr!.destroy();
    for (let i = 0; i < 3; i++) (await TestClient.pair(link)).socket.close();
    expect(await process.end('SIGTERM')).toBe(0);
  });

  it('ends in order when its terminal is closed', async () => {
    const TMPDIR = temporaryFolder();
    const process = new RelayProcess(relay, ['--simulate'], { TMPDIR });
    await process.link();
    await eventually(
      () => readdirSync(TMPDIR),
      ({ length }) => length > 0,
    );
    expect(await process.end('SIGHUP')).toBe(0);
    expect(readdirSync(TMPDIR)).toEqual([]);
  });
});
