// Hundreds of random launches through libvirt's tool and through ours: what it accepts we accept, and what it refuses
// we refuse with the same exit code. SEV_DIFFERENTIAL=10000 runs more of them, SEV_DIFFERENTIAL_SEED=… others.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dice } from '../../../shared/testing/dice.ts';
import { TestFolder } from '../testing/folder.ts';
import { runToolOnce, startToolDriver, type ToolDriver, toolMissing } from '../testing/libvirt-tool.ts';
import { commandLine, randomLaunch, spoil } from '../testing/random-launch.ts';
import { run } from '../testing/run.ts';

const CASES = Number(process.env['SEV_DIFFERENTIAL'] ?? 300);
const SEED = Number(process.env['SEV_DIFFERENTIAL_SEED'] ?? 20_261_121);
const title = `validate beside virt-qemu-sev-validate${toolMissing ? ` (skipped: ${toolMissing})` : ''}`;

describe.skipIf(toolMissing)(title, () => {
  let tool: ToolDriver;
  beforeAll(() => void (tool = startToolDriver()));
  afterAll(() => tool.close());

  it(`agrees on ${CASES} random launches (seed ${SEED})`, { timeout: 60_000 + CASES * 100 }, async () => {
    const codes = new Set<number>();
    for (let i = 0; i < CASES; i++) {
      const dice = new Dice(SEED + i);
      const folder = new TestFolder();
      const launch = randomLaunch(dice, folder);
      const how = dice.once(2) ? 'nothing' : spoil(dice, folder, launch);
      const args = commandLine(dice, launch.options);
      const [theirs, ours] = [await tool.run(args), await run('validate', ...args)];
      const story = `seed ${SEED + i}, spoilt by ${how}: ${args.join(' ')}\ntheirs: ${theirs.err}ours: ${ours.err}`;
      if (how === 'nothing') expect(theirs.code, story).toBe(0);
      expect(ours.code, story).toBe(theirs.code);
      expect(ours.out, story).toBe(theirs.out);
      codes.add(theirs.code);
      folder.remove();
    }
    // All four codes that the offline mode knows, so that agreeing means something.
    if (CASES >= 300) expect([...codes].sort()).toEqual([0, 1, 2, 6]);
  });

  it('drives the tool as a process of its own would run', async () => {
    for (let i = 0; i < 12; i++) {
      const dice = new Dice(SEED - i);
      const folder = new TestFolder();
      const launch = randomLaunch(dice, folder);
      if (i % 2) spoil(dice, folder, launch);
      const args = commandLine(dice, launch.options);
      const [alone, driven] = [runToolOnce(args), await tool.run(args)];
      expect({ code: driven.code, out: driven.out }).toEqual({ code: alone.code, out: alone.out });
    }
  });

  it.each([
    '',
    '--help',
    '-h --foo',
    '--foo --help',
    '--api-major x --help',
    '-dq',
    '-dqm',
    '-dqmfoo --tk x',
    '--debug=1',
    '-d=1',
    '-m=foo --tk x',
    '--t x',
    '--cpu 1',
    '--secret x',
    '--tk',
    '--tk --quiet',
    'foo',
    '-',
    '--',
    '-- foo',
    '--cmdline - --tk x',
    '--cmdline -xy --tk x',
    '--cmdline -- -x --tk x',
    '-0 -1',
    '--api-major -5',
    '--api-major=-5 --tk x',
    '--policy +3 --tk x',
    '--policy 1_000 --tk x',
  ])('reads the command line %j as it does', async (line) => {
    const args = line.split(' ').filter(Boolean);
    const [theirs, ours] = [await tool.run(args), await run('validate', ...args)];
    expect(ours.code, `theirs: ${theirs.err}ours: ${ours.err}`).toBe(theirs.code);
  });

  it.each(['-x y', '-q y', '--q y', '--quiet y'])('reads the value %j as it does', async (value) => {
    const args = ['--cmdline', value, '--tk', 'none', '--kernel', 'none'];
    const [theirs, ours] = [await tool.run(args), await run('validate', ...args)];
    const isRead = (text: string): boolean => /--measurement/.test(text) && !/usage:|expected one/.test(text);
    expect(isRead(ours.err), ours.err).toBe(isRead(theirs.err));
  });
});
