// The journey through a real libvirtd, in front of a real QEMU, in front of the software AMD-SP.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { fromBase64, toBase64, toUtf8 } from '../../../shared/bytes/text.ts';
import { webCryptoRandom } from '../../../shared/crypto/subtle.ts';
import { decide } from '../../../shared/sev/decide/decision.ts';
import { parseLaunchMeasure } from '../../../shared/sev/formats/launch-measure.ts';
import { encodeSecretTable } from '../../../shared/guest/secret-table.ts';
import { makeLaunchSession } from '../../../shared/sev/session/launch-session.ts';
import { sealSecret } from '../../../shared/sev/seal/secret-packet.ts';
import { demoGuestImage } from '../../../shared/simulator/demo-guest/image.ts';
import { BOOT, consoleOf, DISK_GUID, expectationFor, SECRET, TOLD, trustPlatform } from '../testing.ts';
import { type Libvirtd, LibvirtdDidNotStart, startLibvirtd } from './libvirtd.ts';
import { startVirtualSevHost, type VirtualSevHostForTests } from './host.ts';
import { describeOnVirtualHost } from './testing.ts';

interface Guest {
  readonly name: string;
  readonly folder: string;
  readonly shim: string;
  readonly policy: number;
  readonly cpus: number;
  readonly boot: boolean;
  readonly dhCert: string;
  readonly session: string;
  readonly cbitpos: number;
}

const domainXml = ({ name, folder, shim, policy, cpus, boot, dhCert, session, cbitpos }: Guest) => `
<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>${name}</name>
  <memory unit='MiB'>64</memory>
  <vcpu>${cpus}</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <loader readonly='yes' type='pflash' stateless='yes'>${join(folder, 'demo.fd')}</loader>
    ${boot ? `<kernel>${join(folder, 'kernel')}</kernel><initrd>${join(folder, 'initrd')}</initrd><cmdline>${BOOT.cmdline}</cmdline>` : ''}
  </os>
  <features><acpi/></features>
  <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>EPYC</model></cpu>
  <on_reboot>destroy</on_reboot>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <serial type='file'><source path='${join(folder, 'console.log')}'/><target type='isa-serial' port='0'/></serial>
    <memballoon model='none'/>
  </devices>
  <launchSecurity type='sev'${boot ? " kernelHashes='yes'" : ''}>
    <cbitpos>${cbitpos}</cbitpos>
    <reducedPhysBits>1</reducedPhysBits>
    <policy>0x${policy.toString(16).padStart(4, '0')}</policy>
    <dhCert>${dhCert}</dhCert>
    <session>${session}</session>
  </launchSecurity>
  <qemu:commandline><qemu:env name='LD_PRELOAD' value='${shim}'/></qemu:commandline>
</domain>`;

/** Lines such as `sev-policy     : 3`. */
const fields = (output: string): Record<string, string> =>
  Object.fromEntries([...output.matchAll(/^([\w-]+)\s*:\s*(.*)$/gm)].map(([, name, value]) => [name!, value!.trim()]));

describeOnVirtualHost('Through a real libvirtd', ['libvirtd', 'virsh', 'unshare', 'root'], () => {
  let host: VirtualSevHostForTests;
  let libvirt: Libvirtd;
  /** Why none of these can run: a machine whose libvirtd does not start skips them, with what it said. */
  let unable: string | undefined;
  let folder = '';

  // One libvirtd for all: it looks into QEMU at length before it says anything.
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sev-libvirt-'));
    host = await startVirtualSevHost({ dir: join(folder, 'host') });
    const files = { 'demo.fd': demoGuestImage(), kernel: BOOT.kernel, initrd: BOOT.initrd };
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
    try {
      libvirt = await startLibvirtd(join(folder, 'libvirt'), host.shim);
    } catch (error) {
      if (!(error instanceof LibvirtdDidNotStart)) throw error;
      unable = error.message;
    }
  }, 60_000);
  beforeEach((context) => {
    if (unable === undefined) return;
    (context.task.meta as { skipped?: string }).skipped = unable;
    context.skip(unable);
  });
  afterAll(async () => {
    await libvirt?.close();
    await host?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const reportedBy = async (name: string) => {
    const said = fields(await libvirt.virsh('domlaunchsecinfo', name));
    const { measure, mnonce } = parseLaunchMeasure(fromBase64(said['sev-measurement']!));
    const [apiMajor, apiMinor] = [Number(said['sev-api-major']), Number(said['sev-api-minor'])];
    return {
      measure,
      mnonce,
      apiMajor,
      apiMinor,
      build: Number(said['sev-build-id']),
      policy: Number(said['sev-policy']),
    };
  };

  it("nodesevinfo gives the platform's certificates and id", async () => {
    const said = fields(await libvirt.virsh('nodesevinfo'));
    const { pdh, chain } = host.amdSp.pdhCertExport();
    expect(said['pdh']).toBe(toBase64(pdh));
    expect(said['cert-chain']).toBe(toBase64(chain));
    expect(said['cbitpos']).toBe(String(host.cbitpos));
  });

  it.each([
    ['plain', 0x3, 1, false],
    ['plain-boot', 0x3, 1, true],
    ['es', 0x7, 2, false],
    ['es-boot', 0x7, 2, true],
  ])(
    'a guest is launched, measured, given its secret and resumed: %s',
    async (name, policy, cpus, boot) => {
      const trustedPdh = await trustPlatform(host.device, host.amd);
      const session = await makeLaunchSession({ trustedPdh, policy, random: webCryptoRandom });
      const keys = { dhCert: toBase64(session.godh), session: toBase64(session.blob) };
      const { shim, cbitpos } = host;
      writeFileSync(join(folder, 'guest.xml'), domainXml({ name, folder, shim, cbitpos, policy, cpus, boot, ...keys }));
      await libvirt.virsh('define', join(folder, 'guest.xml'));
      await libvirt.virsh('start', '--paused', name);
      onTestFinished(() => libvirt.virsh('destroy', name).then(() => rmSync(join(folder, 'console.log'))));

      const expected = { guestImage: demoGuestImage(), cpus, cpuModel: 'EPYC', ...(boot && { boot: BOOT }) };
      const expectation = await expectationFor(expected, policy);
      const decision = await decide({ session, expectation, reported: await reportedBy(name) });
      if (decision.kind !== 'release') throw new Error(JSON.stringify(decision.findings, undefined, 1));
      const table = encodeSecretTable([{ guid: DISK_GUID, data: toUtf8(SECRET) }]);
      const { header, payload } = await sealSecret(decision, table, webCryptoRandom);
      const [headerFile, secretFile] = [join(folder, 'header.b64'), join(folder, 'secret.b64')];
      writeFileSync(headerFile, toBase64(header));
      writeFileSync(secretFile, toBase64(payload));
      await libvirt.virsh('domsetlaunchsecstate', name, '--secrethdr', headerFile, '--secret', secretFile);
      await libvirt.virsh('resume', name);

      const told = await consoleOf(join(folder, 'console.log'));
      expect(told).toBe(boot ? `Demo guest: kernel hashes found.\r\n${TOLD}` : TOLD);
    },
    60_000,
  );
});
