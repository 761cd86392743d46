// Fuzz targets of a launch's parsers: each takes any bytes, and either returns or throws a SevError.
import { parseNumber } from '../bytes/number.ts';
import { ascii } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { auditDomainXml, auditQemuArguments } from '../configure/audit.ts';
import { splitCommand } from '../configure/shell.ts';
import { readDocument } from '../configure/xml.ts';
import { encodeMidstate, parseMidstate } from '../crypto/sha256-midstate.ts';
import { Sha256Stream } from '../crypto/sha256-stream.ts';
import { firmwareCodeOf } from '../guest/firmware-code.ts';
import { imageFindings } from '../guest/image-findings.ts';
import { policyFindings } from '../sev/decide/policy-findings.ts';
import { cpuSignature, cpuVersion, signatureOfModel } from '../guest/cpu-signature.ts';
import { parseGuestImage, parseGuestImageEnds } from '../guest/guest-image.ts';
import { encodeKernelHashes, parseKernelHashes } from '../guest/kernel-hashes.ts';
import { encodeLaunchMeasure, parseLaunchMeasure } from '../sev/formats/launch-measure.ts';
import { encodeLaunchSession, parseLaunchSession } from '../sev/formats/launch-session.ts';
import { explainPolicy } from '../sev/formats/policy-words.ts';
import { encodePolicy, parsePolicy, showPolicy } from '../sev/formats/policy.ts';
import { encodePacketHeader, parsePacketHeader } from '../sev/formats/secret-packet.ts';
import { encodeSecretTable, parseSecretTable } from '../guest/secret-table.ts';
import { readVmsa } from '../guest/vmsa-reading.ts';
import { buildVmsa } from '../guest/vmsa.ts';
import { importSession } from '../sev/session/session-import.ts';
import { readReportedLaunch } from '../sev/verify/launch-measure.ts';
import { latin, requireSame, type SeededTarget } from './fuzz-target.ts';
import { amdSevImage } from './firmware-images.ts';
import { area, entry, HASHES, image, le, RESET, SECRET } from './guest-images.ts';

const u32 = (bytes: Uint8Array): number => bytes.slice(0, 4).reduce((sum, byte) => sum * 256 + byte, 0);

const hash = new Uint8Array(32);
const session = Uint8Array.from({ length: 128 }, (_, i) => i);
const tek = Uint8Array.from({ length: 16 }, (_, i) => i);
const domain = `<domain type='kvm'>
  <memory unit='GiB'>1</memory><vcpu>2</vcpu>
  <os><type machine='q35'>hvm</type><loader stateless='yes' type='pflash'>/f&amp;g</loader></os><!-- x -->
  <devices><interface type='user'><model type='virtio'/><rom enabled='no'/></interface></devices>
  <launchSecurity type='sev' kernelHashes='yes'><policy>0x1</policy><dhCert>AQ==</dhCert></launchSecurity>
</domain>`;
const qemu =
  'qemu -machine q35,confidential-guest-support=s -object sev-guest,id=s,policy=1 -smp cpus=2 -append "a \\"b" -S ' +
  `-blockdev '{"driver":"file","filename":"/f","node-name":"n"}' -device virtio-net-pci,romfile= -drive if=pflash,file=/a,,b`;

export const LAUNCH_FUZZ_TARGETS: readonly SeededTarget[] = [
  {
    name: 'session blob',
    seeds: [session],
    run: (bytes) => requireSame(encodeLaunchSession(parseLaunchSession(bytes)), bytes),
  },
  {
    name: 'measurement',
    seeds: [new Uint8Array(48)],
    run: (bytes) => requireSame(encodeLaunchMeasure(parseLaunchMeasure(bytes)), bytes),
  },
  {
    name: 'packet header',
    seeds: [new Uint8Array(52)],
    run: (bytes) => requireSame(encodePacketHeader(parsePacketHeader(bytes)), bytes),
  },
  {
    name: 'kernel hashes',
    seeds: [encodeKernelHashes({ kernel: hash, initrd: hash, cmdline: hash })],
    run: (bytes) => requireSame(encodeKernelHashes(parseKernelHashes(bytes)), bytes),
  },
  {
    name: 'midstate',
    seeds: [encodeMidstate(new Sha256Stream().update(new Uint8Array(100)).midstate())],
    run: runMidstate,
  },
  {
    name: 'secret table',
    seeds: [
      encodeSecretTable([
        { guid: '736869e5-84f0-4973-92ec-06879ce3da0b', data: new Uint8Array(20) },
        { guid: 'e6f5a162-d67f-4750-a67c-5d065f2a9910', data: new Uint8Array() },
      ]),
    ],
    run: runSecretTable,
  },
  { name: 'policy', seeds: [Uint8Array.of(0x11, 0, 0, 0x0f)], run: runPolicy },
  {
    name: 'guest image',
    seeds: [image([area(HASHES, 1, 200), area(SECRET, 5, 64), entry(RESET, le(5))]), amdSevImage()],
    run: runGuestImage,
  },
  {
    name: 'vmsa page',
    seeds: [buildVmsa({ variant: 'qemu', cpuSignature: 1 }, 'boot')],
    run: (bytes) => void readVmsa(bytes),
  },
  { name: 'cpu model', seeds: [ascii('EPYC-Milan-v2')], run: (bytes) => void signatureOfModel(latin(bytes)) },
  { name: 'cpu signature', seeds: [Uint8Array.of(0, 0xa0, 0x0f, 0x11)], run: runSignature },
  {
    name: 'number',
    seeds: [ascii('0x1f'), ascii('22')],
    run: (bytes) => void parseNumber(latin(bytes), 0xffffffff, 'number'),
  },
  {
    name: 'reported launch',
    seeds: [concat(Uint8Array.of(0, 0, 0, 55, 56, 22), new Uint8Array(48))],
    run: runReported,
  },
  { name: 'session files', seeds: [concat(Uint8Array.of(1), tek, tek.slice(1), session)], run: runSessionFiles },
  { name: 'xml document', seeds: [ascii(domain)], run: (bytes) => void readDocument(latin(bytes)) },
  { name: 'domain xml', seeds: [ascii(domain)], run: (bytes) => void auditDomainXml(latin(bytes)) },
  { name: 'shell words', seeds: [ascii(qemu)], run: (bytes) => void splitCommand(latin(bytes)) },
  { name: 'qemu arguments', seeds: [ascii(qemu)], run: (bytes) => void auditQemuArguments(latin(bytes)) },
];

function runMidstate(bytes: Uint8Array): void {
  const midstate = parseMidstate(bytes);
  requireSame(encodeMidstate(midstate), bytes);
  Sha256Stream.from(midstate).update(bytes).digest();
}

function runSecretTable(bytes: Uint8Array): void {
  const entries = parseSecretTable(bytes);
  // The padding may have been another tool's, the entries are the same.
  const again = parseSecretTable(encodeSecretTable(entries));
  if (again.length !== entries.length) throw new Error('the entries differ');
}

function runPolicy(bytes: Uint8Array): void {
  const value = u32(bytes);
  showPolicy(value);
  policyFindings(value, bytes.length % 2 === 0);
  const policy = parsePolicy(value);
  explainPolicy(policy);
  if (encodePolicy(policy) !== value) throw new Error('the policy is written differently');
}

function runGuestImage(bytes: Uint8Array): void {
  // The code is looked into whatever the table says, and never throws.
  firmwareCodeOf(bytes);
  const image = parseGuestImage(bytes);
  imageFindings(image, { kernelHashes: true, es: true, secret: true });
  parseGuestImageEnds({ head: bytes.subarray(0, 10), tail: bytes, size: 2 ** 31 });
}

function runSignature(bytes: Uint8Array): void {
  const signature = u32(bytes);
  if (cpuSignature(cpuVersion(signature)) !== (signature & 0x0fff0fff) && ((signature >>> 8) & 15) === 15) {
    throw new Error('the signature is written differently');
  }
}

function runReported(bytes: Uint8Array): void {
  const [apiMajor, apiMinor, build] = [u32(bytes), (bytes[4] ?? 0) - 1, bytes[5] ?? 0.5];
  const [measure, mnonce] = [bytes.slice(6, 38), bytes.slice(38, 54)];
  readReportedLaunch({ measure, mnonce, apiMajor, apiMinor, build, policy: u32(bytes) });
}

/** The first byte says where one file ends and the next begins, in steps of 32. */
function runSessionFiles(bytes: Uint8Array): void {
  const cut = 32 * (bytes[0] ?? 0);
  importSession([
    { name: 'tmp_tk.bin', bytes: bytes.slice(0, cut) },
    { name: 'launch_blob.bin', bytes: bytes.slice(cut) },
  ]);
}
