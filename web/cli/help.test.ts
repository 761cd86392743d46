import { describe, expect, it } from 'vitest';
import { VERSION } from '../../shared/version.ts';
import { run } from './testing/run.ts';
import { VERBS } from './verbs.ts';

describe('help', () => {
  it('lists the verbs', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { code, out, err } = await run(...args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatchSnapshot();
    }
  });

  it.each(Object.keys(VERBS))('of %s', async (name) => {
    const { code, out, err } = await run(name, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatchSnapshot();
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  it.each(['verify', 'constructor', '__proto__', ''])(
    'says of %j that it is no verb, and which there are, with exit code 2',
    async (name) => {
      const { code, out, err } = await run(name);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toContain(`“${name}” is no verb of sev-verifier.`);
      for (const verb of Object.keys(VERBS)) expect(err).toContain(verb);
    },
  );

  it('is not needed to learn the version', async () => {
    expect(await run('--version')).toEqual({ code: 0, out: `sev-verifier ${VERSION}\n`, err: '' });
  });

  it.each([...Object.keys(VERBS), 'verify'])('answers what %s cannot understand in JSON', async (name) => {
    const { code, out, err } = await run(name, '--bogus', '--json');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(JSON.parse(out)).toMatchObject({ status: 'failed', error: { code: 'RELAY_USAGE' } });
  });

  it('shows a failure as JSON where JSON is asked for', async () => {
    const { code, out, err } = await run('chain', 'none', '--json');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(JSON.parse(out)).toMatchObject({ status: 'failed', error: { code: 'BYTES_FILE', at: 'none' } });
  });
});
