// A launch on a simulated platform, and the record that a guest owner's device would export of it.
import { toHex, toUtf8 } from '../bytes/text.ts';
import { importMacKey } from '../crypto/mac.ts';
import { encodeMidstate } from '../crypto/sha256-midstate.ts';
import { sha256Sync, Sha256Stream } from '../crypto/sha256-stream.ts';
import { type CryptoKey, webCryptoRandom } from '../crypto/subtle.ts';
import { decide } from '../sev/decide/decision.ts';
import { describedInputs, type SuppliedPages } from '../sev/decide/described-launch.ts';
import { deviceSigner, makeDeviceKey } from '../evidence/device-key.ts';
import { factsOfImage } from '../evidence/image-facts.ts';
import { expectForTests } from './own-launch.ts';
import type { Evidence } from '../evidence/record.ts';
import { signEvidence } from '../evidence/sign.ts';
import { encodeCertChain } from '../sev/formats/cert-chain.ts';
import type { GuestImage } from '../guest/guest-image.ts';
import { encodeKernelHashes } from '../guest/kernel-hashes.ts';
import { parseLaunchMeasure } from '../sev/formats/launch-measure.ts';
import { vmsaSequence } from '../guest/vmsa.ts';
import { makeLaunchSession } from '../sev/session/launch-session.ts';
import { SimulatedAmdSp } from '../simulator/amd-sp.ts';
import { trustPlatform } from './launch-world.ts';

export interface EvidenceWorld {
  readonly evidence: Evidence;
  /** The same record with an attestation report, as the AMD-SP gave it. */
  readonly reported: Evidence;
  /** The VMSA pages that were measured, as files. */
  readonly pages: Required<SuppliedPages>;
  readonly tik: CryptoKey;
  /** The first record, signed; and the public key of the device. */
  readonly signed: Evidence;
  readonly deviceKey: Uint8Array;
  /** The raw keys, to look for where they must not be. */
  readonly raw: { readonly tek: Uint8Array; readonly tik: Uint8Array };
}

const AT = '2026-01-31T12:00:00.000Z';
const CPUS = { vcpus: 2, model: 'EPYC-Milan', variant: 'qemu', debugSwap: false } as const;
const RESET_EIP = 0x80b004;

/** SEV-ES with two CPUs and a measured kernel; every part of a record is there. */
export async function evidenceForTests(policy = 0x7): Promise<EvidenceWorld> {
  const amdSp = await SimulatedAmdSp.create();
  const trustedPdh = await trustPlatform(amdSp);
  let raw: EvidenceWorld['raw'] = { tek: new Uint8Array(), tik: new Uint8Array() };
  const rawKeys = ({ tek, tik }: EvidenceWorld['raw']): void => void (raw = { tek: tek.slice(), tik: tik.slice() });
  const session = await makeLaunchSession({ trustedPdh, policy, random: webCryptoRandom, rawKeys });
  const image = webCryptoRandom(4096);
  const midstate = new Sha256Stream().update(image).midstate();
  const kernel = {
    kernel: sha256Sync(toUtf8('kernel')),
    initrd: sha256Sync(toUtf8('initrd')),
    cmdline: 'console=ttyS0',
  };
  const inputs = await describedInputs({ guestImage: midstate, resetEip: RESET_EIP, kernel, cpus: CPUS });
  const hashArea = { base: 0x810c00, size: 0x400 };
  const code = { kernelHashes: 'found', secrets: 'found' } as const;
  const guestImage: GuestImage = { size: 4096, kind: 'amd-sev', entries: [], resetEip: RESET_EIP, hashArea, code };
  const expectation = await expectForTests(inputs, { guestImage, cmdline: kernel.cmdline });
  const handle = await amdSp.launchStart({ policy, godh: session.godh, session: session.blob });
  await amdSp.launchUpdateData(handle, image);
  await amdSp.launchUpdateData(handle, encodeKernelHashes(inputs.kernelHashes!));
  for (const page of vmsaSequence(inputs.vmsas!)) await amdSp.launchUpdateVmsa(handle, page);
  const { apiMajor, apiMinor, build } = amdSp.platformStatus();
  const measured = parseLaunchMeasure(await amdSp.launchMeasure(handle));
  const decision = await decide({ session, expectation, reported: { ...measured, apiMajor, apiMinor, build, policy } });
  const file = (name: string, sha256: Uint8Array) => ({ name, size: 6, sha256: toHex(sha256) });
  const evidence: Evidence = {
    ...{ format: 'sev-launch-evidence', version: 4, exported: AT, app: { build: 'sha256-test' } },
    launch: { name: 'web01', platform: 'rack 7', simulated: true },
    chain: encodeCertChain(trustedPdh.chain),
    root: trustedPdh.root.name,
    session: { policy, acceptsKeySharing: false, godh: session.godh, blob: session.blob },
    expected: {
      launchDigest: toHex(expectation.launchDigest),
      guestImage: {
        ...{ name: 'OVMF.fd', size: image.length, sha256: toHex(sha256Sync(image)) },
        ...{ midstate: encodeMidstate(midstate), resetEip: RESET_EIP, facts: factsOfImage(guestImage) },
      },
      kernel: {
        kernel: file('bzImage', kernel.kernel),
        initrd: file('initrd', kernel.initrd),
        cmdline: kernel.cmdline,
      },
      cpus: CPUS,
      floor: { apiMajor, apiMinor, build },
    },
    reported: { measure: toHex(measured.measure), mnonce: toHex(measured.mnonce), apiMajor, apiMinor, build, policy },
    verdict: { kind: decision.kind, at: AT, findings: decision.findings },
    history: [{ at: AT, event: 'verified', detail: 'OVMF.fd' }],
    foundInside: ['sev-active'],
  };
  const mnonce = webCryptoRandom(16);
  const report = await amdSp.attestationReport(handle, mnonce);
  const reported: Evidence = {
    ...evidence,
    reports: [{ mnonce: toHex(mnonce), asked: AT, report, received: AT }],
  };
  const { boot, others } = inputs.vmsas!;
  const pages = { boot: { name: 'vmsa0.bin', page: boot }, others: { name: 'vmsa1.bin', page: others! } };
  const signer = await deviceSigner(await makeDeviceKey());
  const signed = await signEvidence(evidence, signer);
  return {
    evidence,
    reported,
    signed,
    deviceKey: signer.publicKey,
    pages,
    tik: await importMacKey(raw.tik.slice()),
    raw,
  };
}
