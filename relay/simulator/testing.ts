// What the simulated hosts' tests share: a guest owner who plays a whole launch on a host, by QMP alone.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ascii, fromBase64, toBase64, toUtf8 } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { decide } from '../../shared/sev/decide/decision.ts';
import { expectForTests } from '../../shared/testing/own-launch.ts';
import { parseCertChain } from '../../shared/sev/formats/cert-chain.ts';
import { signatureOfModel } from '../../shared/guest/cpu-signature.ts';
import { parseGuestImage } from '../../shared/guest/guest-image.ts';
import { hashKernel } from '../../shared/guest/kernel-hashes.ts';
import { parseLaunchMeasure } from '../../shared/sev/formats/launch-measure.ts';
import { encodeSecretTable } from '../../shared/guest/secret-table.ts';
import { buildVmsaPages } from '../../shared/guest/vmsa.ts';
import { makeLaunchSession } from '../../shared/sev/session/launch-session.ts';
import { sealSecret } from '../../shared/sev/seal/secret-packet.ts';
import { demoGuestImage } from '../../shared/simulator/demo-guest/image.ts';
import type { DirectBoot } from '../../shared/simulator/loaded-pages.ts';
import { integer, openObject, string } from '../../shared/schema.ts';
import { SIMULATED_ROOT } from '../../shared/trust/simulated-root.ts';
import { type TrustedPdh, verifyCertChain } from '../../shared/sev/verify/cert-chain.ts';
import { hashGuestImage } from '../../shared/sev/verify/launch-digest.ts';
import type { SimulatedHost, SevDevice, AmdCertificateSource } from '../sources/types.ts';
import { QmpConnection } from '../sources/qmp/connection.ts';
import { eventually } from '../testing/testing.ts';

/** What the guest owner expects to be launched, from their own copies. */
export interface ExpectedGuest {
  readonly guestImage: Uint8Array;
  readonly boot?: DirectBoot;
  readonly cpus: number;
  readonly cpuModel: string;
}

/** Verifies the platform's chain to the simulated root. */
export async function trustPlatform(device: SevDevice, amd: AmdCertificateSource): Promise<TrustedPdh> {
  const { pdh, chain } = await device.pdhCertExport();
  const { cek, ask, ark } = await amd.certificatesFor([await device.getId()], chain.slice(4168));
  const whole = parseCertChain(concat(pdh, chain.slice(0, 4168), cek!, ask!, ark!));
  return verifyCertChain(whole, [SIMULATED_ROOT]);
}

/** What the guest owner computes, for a policy. */
export async function expectationFor({ guestImage, boot, cpus, cpuModel }: ExpectedGuest, policy: number) {
  const read = parseGuestImage(guestImage);
  const { resetEip } = read;
  const vmsa = { variant: 'qemu', cpuSignature: signatureOfModel(cpuModel), ...(resetEip && { resetEip }) } as const;
  const inputs = {
    guestImage: hashGuestImage(guestImage),
    ...(boot && { kernelHashes: await hashKernel(boot) }),
    ...((policy & 4) !== 0 && { vmsas: buildVmsaPages(vmsa, cpus) }),
  };
  return expectForTests(inputs, { guestImage: read });
}

const sevInfo = openObject({
  'api-major': integer(0, 255),
  'api-minor': integer(0, 255),
  'build-id': integer(0, 255),
  policy: integer(0, 0xffffffff),
  state: string(32),
});
const measured = openObject({ data: string(64) });

/** Asks a guest's monitor for what it says about its launch. */
export async function reportedBy(monitor: QmpConnection) {
  const info = sevInfo.parse(await monitor.execute('query-sev'), 'query-sev');
  const { data } = measured.parse(await monitor.execute('query-sev-launch-measure'), 'query-sev-launch-measure');
  const { measure, mnonce } = parseLaunchMeasure(fromBase64(data));
  const version = { apiMajor: info['api-major'], apiMinor: info['api-minor'], build: info['build-id'] };
  return { measure, mnonce, ...version, policy: info.policy };
}

export const DISK_GUID = '736869e5-84f0-4973-92ec-06879ce3da0b';

export interface Journey {
  readonly profile: string;
  readonly policy: number;
  readonly expected: ExpectedGuest;
  readonly secret: string;
}

/** From the platform's certificates to a running guest that has its secret. @returns what it says on its console */
export async function playJourney(
  host: SimulatedHost & { readonly guestsFolder: string },
  { profile, policy, expected, secret }: Journey,
): Promise<string> {
  const trustedPdh = await trustPlatform(host.device, host.amd);
  const session = await makeLaunchSession({ trustedPdh, policy, random: webCryptoRandom });
  const request = { profile, policy, dhCert: session.godh, session: session.blob };
  const guest = await host.starter.start(request);
  const monitor = new QmpConnection(guest.qmp, { event: () => undefined, closed: () => undefined });
  try {
    await monitor.ready;
    const expectation = await expectationFor(expected, policy);
    const decision = await decide({ session, expectation, reported: await reportedBy(monitor) });
    if (decision.kind !== 'release') throw new Error(JSON.stringify(decision.findings, undefined, 1));
    const table = encodeSecretTable([{ guid: DISK_GUID, data: toUtf8(secret) }]);
    const { header, payload } = await sealSecret(decision, table, webCryptoRandom);
    const packet = { 'packet-header': toBase64(header), secret: toBase64(payload) };
    await monitor.execute('sev-inject-launch-secret', packet);
    await monitor.execute('cont');
    return await consoleOf(join(host.guestsFolder, guest.name, 'console.log'));
  } finally {
    monitor.close();
    await host.starter.destroy(guest.name);
  }
}

/** What a guest has written on its console, once it is done. */
export const consoleOf = (path: string): Promise<string> =>
  eventually(
    () => (existsSync(path) ? readFileSync(path, 'utf8') : ''),
    (text) => /(end of table|no secret table found)\.\r\n$/.test(text),
    30_000,
  );

/** A file that QEMU takes for a Linux kernel, and that nothing can boot. */
export function kernelThatLoads(): Uint8Array {
  const kernel = new Uint8Array(8192).fill(0x90);
  const header = new DataView(kernel.buffer);
  header.setUint8(0x1f1, 4); // setup sectors
  header.setUint32(0x202, 0x53726448, true); // "HdrS"
  header.setUint16(0x206, 0x020c, true); // boot protocol 2.12
  header.setUint8(0x211, 1); // loaded high
  header.setUint32(0x22c, 0x37ffffff, true); // the initrd's highest address
  header.setUint32(0x238, 2047, true); // the command line's greatest length
  return kernel;
}

/** The secret of the journeys, and what a guest says that has it. */
export const SECRET = 'correct horse battery staple\0';
export const TOLD = [
  'Demo guest: secret table found.',
  `${DISK_GUID} correct horse battery staple\\x00`,
  'Demo guest: end of table.',
  '',
].join('\r\n');

export const BOOT = { kernel: kernelThatLoads(), initrd: ascii('initrd'), cmdline: 'quiet  root=/dev/vda ' };

/** Writes profiles that boot a measured kernel, with their files: `boot` with one CPU, `boot-es` with three. */
export function writeBootProfiles(dir: string, extras: object = {}): string {
  mkdirSync(dir, { recursive: true });
  const files = { 'demo.fd': demoGuestImage(), kernel: BOOT.kernel, initrd: BOOT.initrd };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes);
  const boot = { firmware: 'demo.fd', kernel: 'kernel', initrd: 'initrd', cmdline: BOOT.cmdline };
  const common = { ...boot, cpuModel: 'EPYC-Milan', memoryMiB: 64, ...extras };
  const profiles = [
    { name: 'boot', kind: 'sev', cpus: 1, ...common },
    { name: 'boot-es', kind: 'sev-es', cpus: 3, ...common },
  ];
  const path = join(dir, 'profiles.json');
  writeFileSync(path, JSON.stringify({ profiles }));
  return path;
}
