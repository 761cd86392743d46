// libvirt's own verifier as a guest owner: it accepts what the simulated host measured, and its secret arrives.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { toBase64 } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { makeLaunchSession } from '../../shared/sev/session/launch-session.ts';
import { QmpConnection } from '../sources/qmp/connection.ts';
import { temporaryFolder } from '../testing/testing.ts';
import { startSimulatedHost } from './host.ts';
import { BOOT, consoleOf, DISK_GUID, reportedBy, trustPlatform, writeBootProfiles } from './testing.ts';

// The system's Python has the tool's libraries; another one that comes first in PATH may not.
const PYTHON = '/usr/bin/python3';
const TOOL = '/usr/bin/virt-qemu-sev-validate';
const works = spawnSync(PYTHON, [TOOL, '--help']).status === 0;

describe.skipIf(!works)('virt-qemu-sev-validate (needs libvirt-clients-qemu)', () => {
  it.each([
    ['boot', 0x3, []],
    ['boot-es', 0x7, ['--num-cpus', '3', '--cpu-family', '25', '--cpu-model', '1', '--cpu-stepping', '1']],
  ])('verifies a simulated guest and gives it its secret: %s', async (profile, policy, cpus) => {
    const dir = temporaryFolder();
    const at = (name: string) => join(dir, name);
    const host = await startSimulatedHost({ dir, profiles: writeBootProfiles(dir) });
    onTestFinished(() => host.close());
    const session = await makeLaunchSession({
      trustedPdh: await trustPlatform(host.device, host.amd),
      policy,
      random: webCryptoRandom,
      rawKeys: ({ tek, tik }) => writeFileSync(at('tk.bin'), concat(tek, tik)),
    });
    const guest = await host.starter.start({ profile, policy, dhCert: session.godh, session: session.blob });
    const monitor = new QmpConnection(guest.qmp, { event: () => undefined, closed: () => undefined });
    onTestFinished(() => monitor.close());
    await monitor.ready;
    const { measure, mnonce, apiMajor, apiMinor, build } = await reportedBy(monitor);

    writeFileSync(at('secret'), 'open sesame');
    const options = {
      measurement: toBase64(concat(measure, mnonce)),
      'api-major': `${apiMajor}`,
      'api-minor': `${apiMinor}`,
      'build-id': `${build}`,
      policy: `${policy}`,
      firmware: at('demo.fd'),
      kernel: at('kernel'),
      initrd: at('initrd'),
      cmdline: BOOT.cmdline,
      tk: at('tk.bin'),
      'inject-secret': `${DISK_GUID}:${at('secret')}`,
      'secret-header': at('header.b64'),
      'secret-payload': at('payload.b64'),
    };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    const said = execFileSync(PYTHON, [TOOL, ...args, ...cpus], { encoding: 'utf8' });
    expect(said).toContain('OK: Looks good to me');

    const read = (name: string) => readFileSync(at(name), 'utf8').trim();
    const packet = { 'packet-header': read('header.b64'), secret: read('payload.b64') };
    await monitor.execute('sev-inject-launch-secret', packet);
    await monitor.execute('cont');
    const told = await consoleOf(join(host.guestsFolder, guest.name, 'console.log'));
    expect(told).toContain(`${DISK_GUID} open sesame\r\n`);
  });
});
