// The systemd unit of the docs: well-formed, and as closed as it claims to be.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseServeOptions } from './command/options.ts';
import { findProgram } from './testing/testing.ts';

const UNIT = 'docs/sev-relay.service';
/** systemd's exposure level, times ten: below 20 it says “OK”; QEMU with KVM cannot do with much less. */
const EXPOSURE = '20';

const describeWithSystemd = (title: string, suite: () => void): void => {
  if (findProgram('systemd-analyze') !== undefined) describe(title, suite);
  else describe.skip(`${title} (needs systemd-analyze)`, suite);
};

describeWithSystemd('the systemd unit', () => {
  it('is one that systemd understands', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', UNIT], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('leaves little open', () => {
    const args = ['security', '--offline=true', `--threshold=${EXPOSURE}`, UNIT];
    const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    expect(stdout).toContain('Overall exposure level');
    expect(status).toBe(0);
  });
});

it('the unit starts the relay with options that it has', () => {
  const [, line] = /^ExecStart=\/usr\/bin\/env sev-relay (.*)$/m.exec(readFileSync(UNIT, 'utf8'))!;
  expect(parseServeOptions(line!.split(' '))).toMatchObject({ profiles: '/etc/sev-relay/profiles.json' });
});
