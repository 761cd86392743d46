// The SEV commands, side by side: the simulated monitor and a real QEMU, both in front of the same software AMD-SP.
import { expect, it } from 'vitest';
import { toBase64 } from '../../../shared/bytes/text.ts';
import { webCryptoRandom } from '../../../shared/crypto/subtle.ts';
import { demoGuestImage } from '../../../shared/simulator/demo-guest/image.ts';
import { makeLaunchSession } from '../../../shared/sev/session/launch-session.ts';
import { eventually } from '../../testing/testing.ts';
import { monitoredGuest, RawClient, withoutTimes } from '../qmp/testing.ts';
import { trustPlatform } from '../testing.ts';
import { describeOnVirtualHost, virtualHost } from './testing.ts';

const [header, payload] = [toBase64(new Uint8Array(52)), toBase64(new Uint8Array(32))];
const command = (execute: string, args?: object) =>
  JSON.stringify({ execute, ...(args && { arguments: args }), id: execute });
const inject = (packetHeader: string, secret: string, more: object = {}) =>
  command('sev-inject-launch-secret', { 'packet-header': packetHeader, secret, ...more });
const report = (mnonce: string) => command('query-sev-attestation-report', { mnonce });

const LINES = [
  command('query-sev'),
  command('query-sev-capabilities'),
  command('query-sev-launch-measure'),
  command('query-kvm'),
  inject(header, payload),
  inject(header.slice(4), payload),
  inject(header, toBase64(new Uint8Array(31))),
  inject(header, toBase64(new Uint8Array(16_384))),
  inject('', payload),
  inject('?', payload),
  inject(header, ''),
  inject(header, '====', {}),
  inject(header, payload, { gpa: 0x810000 }),
  inject(header, payload, { gpa: 0x40000000 }),
  inject(header, payload, { gpa: 0x7fffffffffff0000 }),
  report(''),
  report('AAAA'),
  report(toBase64(new Uint8Array(17))),
  report(toBase64(new Uint8Array(16))),
  command('cont'),
  command('query-sev'),
  command('query-sev-launch-measure'),
  command('query-status'),
  inject(header, payload),
  inject('', ''),
  report(toBase64(new Uint8Array(16))),
  command('stop'),
  command('cont'),
  command('query-sev'),
];

/** An answer with its members in one order, and without what two guests or two machines cannot have in common. */
const comparable = (line: string): unknown => {
  const masked = ['data', 'cbitpos', 'reduced-phys-bits', 'handle'];
  const seen: unknown = JSON.parse(withoutTimes(line), (name, value: unknown) =>
    masked.includes(name) ? (typeof value === 'string' ? value.length : typeof value) : value,
  );
  return seen;
};

describeOnVirtualHost('SEV commands on the simulated monitor and on a real QEMU', [], () => {
  it.each([
    ['plain SEV', 'demo', 3],
    ['SEV-ES', 'demo-es', 7],
  ])('are answered alike: %s', async (_, profile, policy) => {
    const host = await virtualHost();
    const trustedPdh = await trustPlatform(host.device, host.amd);
    const session = await makeLaunchSession({ trustedPdh, policy, random: webCryptoRandom });
    const keys = { policy, dhCert: session.godh, session: session.blob };
    const real = await host.starter.start({ profile, ...keys });
    const settings = { guestImage: demoGuestImage(), memoryBytes: 256 * 1024 * 1024, cpus: 1 };
    const simulated = await monitoredGuest({ ...settings, ...keys }, { stored: host.amdSp.store() });
    const paths = [simulated.path, (real.qmp as { path: string }).path];
    const clients = await Promise.all(paths.map((path) => new RawClient(path).negotiate()));
    for (const line of LINES) {
      const [ours, theirs] = await Promise.all(clients.map((client) => client.exchange(line)));
      expect({ line, answers: ours!.map(comparable) }).toEqual({ line, answers: theirs!.map(comparable) });
    }
    const ends = await Promise.all(
      clients.map(async (client) => {
        client.write(`${command('system_reset')}\n`);
        const lines = await eventually(
          () => client.lines,
          (seen) => seen.length >= 2,
        );
        return lines.splice(0).map(comparable);
      }),
    );
    expect(ends[0]).toEqual(ends[1]);
  });
});
