// Texts that steer a terminal: in what sev-relay reads, and in what it is told. None of it comes out as it is.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { zipOf } from '../../shared/testing/zip-writer.ts';
import { makeLog } from '../serve/log.ts';
import { temporaryFolder } from '../testing/testing.ts';
import { runRelayCommand } from './command.ts';
import { terminal } from './process-terminal.ts';

const HOSTILE = [
  '\u001b[2J\u001b[H',
  '\u009b2J',
  '\u001b]8;;http://evil\u001b\\',
  '\u001b]52;c;eA==\u0007',
  '\u202e\u2066',
];
// eslint-disable-next-line no-control-regex -- these are what must not come out
const UNSEEN = /[\0-\x09\x0b-\x1f\x7f-\x9f]|[\p{Cf}\p{Zl}\p{Zp}]/u;

/** What both streams of the process got. */
async function saidBy(work: () => unknown): Promise<string> {
  let said = '';
  const take = (text: unknown): boolean => ((said += String(text)), true);
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(take));
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return said;
}

const naples = JSON.parse(
  readFileSync(new URL('../host/recordings/naples-suse-old.json', import.meta.url), 'utf8'),
) as unknown;

describe.each(HOSTILE)('the text %j', (hostile) => {
  it('is escaped wherever the command line or a file has it', async () => {
    const folder = temporaryFolder();
    const zip = join(folder, 'evil.zip');
    writeFileSync(zip, await zipOf({ [`a${hostile.replaceAll('/', '_')}.bin`]: new Uint8Array(3) }));
    const recording = join(folder, 'host.json');
    const spoilt = JSON.stringify(naples, (_, value: unknown) => (typeof value === 'string' ? value + hostile : value));
    writeFileSync(recording, spoilt);
    for (const args of [
      ['qr', zip],
      ['qr', hostile],
      ['check', '--replay', recording],
      ['check', '--replay', recording, '--json'],
      ['check', '--replay', hostile],
      ['show', hostile],
      ['show', 'measurement', hostile, '--state', folder],
      [hostile],
      ['serve', `--${hostile}`],
      ['serve', '--qmp', hostile],
    ]) {
      const said = await saidBy(() => runRelayCommand(args));
      expect(said.length, args.join(' ')).toBeGreaterThan(0);
      expect(UNSEEN.exec(said)?.[0], `${args.join(' ')}: ${said}`).toBeUndefined();
    }
  });

  it('is escaped in the log', async () => {
    const said = await saidBy(() => makeLog('debug', terminal.err).warn(`client says ${hostile}`));
    expect(said).toContain('client says');
    expect(UNSEEN.exec(said)).toBeNull();
  });
});
