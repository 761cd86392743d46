// Where validate says something else than libvirt's tool, on purpose: each difference, seen on both sides.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dice } from '../../../shared/testing/dice.ts';
import { TestFolder } from '../testing/folder.ts';
import { startToolDriver, type ToolDriver, toolMissing } from '../testing/libvirt-tool.ts';
import { plainLaunch, type RandomLaunch, setPolicy } from '../testing/random-launch.ts';
import { run } from '../testing/run.ts';

interface Difference {
  readonly name: string;
  /** theirs, ours */
  readonly codes: readonly [number, number];
  readonly change: (launch: RandomLaunch, folder: TestFolder) => void;
}

const repack = ({ options }: RandomLaunch, change: (bytes: Buffer) => Buffer): void => {
  options.set('measurement', change(Buffer.from(options.get('measurement')!, 'base64')).toString('base64'));
};
const withSecret = (launch: RandomLaunch, folder: TestFolder, secret: string): void => {
  launch.options.set('inject-secret', secret);
  launch.options.set('secret-header', folder.at('header'));
  launch.options.set('secret-payload', folder.at('payload'));
};

const DIFFERENCES: readonly Difference[] = [
  {
    name: 'numbers with 0x are numbers',
    codes: [2, 0],
    change: ({ options }) => options.set('policy', `0x${Number(options.get('policy')).toString(16)}`),
  },
  {
    name: 'a measurement with bytes behind it is none',
    codes: [0, 1],
    change: (launch) => repack(launch, (bytes) => Buffer.concat([bytes, Buffer.of(0)])),
  },
  {
    name: 'characters that are no base64 are not overlooked',
    codes: [0, 6],
    change: ({ options }) => options.set('measurement', `*${options.get('measurement')}`),
  },
  {
    name: 'a secret is not packed under a policy that allows debugging',
    codes: [0, 3],
    change: (launch, folder) => {
      setPolicy(launch, 2);
      withSecret(launch, folder, `luks-key:${folder.write('secret', 'x')}`);
    },
  },
  {
    name: 'a secret is not packed for keys that came from elsewhere',
    codes: [0, 3],
    change: (launch, folder) => {
      setPolicy(launch, 3);
      withSecret(launch, folder, `luks-key:${folder.write('secret', 'x')}`);
    },
  },
  {
    name: 'one SEV-ES CPU needs no page for others',
    codes: [6, 0],
    change: (launch, folder) => {
      const boot = new Uint8Array(4096);
      launch.options.set('vmsa-cpu0', folder.write('vmsa0', boot));
      launch.options.set('num-cpus', '1');
      setPolicy(launch, 7, boot);
    },
  },
  {
    name: 'no SEV-ES CPU at all is no launch',
    codes: [0, 2],
    change: (launch, folder) => {
      const page = new Uint8Array(4096);
      launch.options.set('vmsa-cpu0', folder.write('vmsa0', page));
      launch.options.set('vmsa-cpu1', folder.write('vmsa1', page));
      launch.options.set('num-cpus', '0');
      setPolicy(launch, 7, page);
    },
  },
  {
    name: 'the measure of firmware before API 0.17 has its own form',
    codes: [1, 0],
    change: (launch) => {
      launch.options.set('api-major', '0');
      launch.options.set('api-minor', '16');
      setPolicy(launch, 1);
    },
  },
];

const title = `validate differs from virt-qemu-sev-validate${toolMissing ? ` (skipped: ${toolMissing})` : ''}`;

describe.skipIf(toolMissing)(title, () => {
  let tool: ToolDriver;
  beforeAll(() => void (tool = startToolDriver()));
  afterAll(() => tool.close());

  it.each(DIFFERENCES)('$name: $codes', async ({ codes, change }) => {
    const dice = new Dice(1);
    const folder = new TestFolder();
    const launch = plainLaunch(dice, folder);
    change(launch, folder);
    const args = [...launch.options].map(([name, value]) => `--${name}=${value}`);
    const [theirs, ours] = [await tool.run(args), await run('validate', ...args)];
    expect([theirs.code, ours.code], `theirs: ${theirs.err}ours: ${ours.err}`).toEqual(codes);
  });
});
