// Issue 3: verifying a chain, the verdict on a measurement, and the doctor.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64 } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { decide } from '../../shared/sev/decide/decision.ts';
import { diagnose, rawKeyOracle } from '../../shared/sev/decide/doctor.ts';
import { parseCertChain } from '../../shared/sev/formats/cert-chain.ts';
import { encodeSecretTable } from '../../shared/guest/secret-table.ts';
import { parseLaunchMeasure } from '../../shared/sev/formats/launch-measure.ts';
import { buildVmsaPages } from '../../shared/guest/vmsa.ts';
import { makeLaunchSession } from '../../shared/sev/session/launch-session.ts';
import { sealSecret } from '../../shared/sev/seal/secret-packet.ts';
import { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import { AMD_ROOTS } from '../../shared/trust/amd-roots.ts';
import type { PinnedRoot } from '../../shared/trust/pinned-root.ts';
import { SIMULATED_ROOT } from '../../shared/trust/simulated-root.ts';
import { verifyCertChain } from '../../shared/sev/verify/cert-chain.ts';
import { expectMeasured } from '../../shared/sev/decide/expectation.ts';
import { hashGuestImage, launchDigestOf } from '../../shared/sev/verify/launch-digest.ts';
import { type Bench, type BenchContext, beside, type Figure, skipped, within } from './bench.ts';
import { libvirtTool } from './libvirt-tool.ts';
import { commandEnding, time, timeInTurns } from './measure.ts';

const POLICY = 7;
const SECRET = [{ guid: '736869e5-84f0-4973-92ec-06879ce3da0b', data: new Uint8Array(32) }];

export const bench: Bench = {
  issue: 3,
  title: 'core',
  run: async (context) => {
    const world = await launch();
    return [
      ...(await chainFigures(world, context)),
      ...(await verdictFigures(world, context)),
      await doctorFigure(world, context),
    ];
  },
};

type World = Awaited<ReturnType<typeof launch>>;

/** A launch with 64 vCPUs of a small image on the simulated AMD-SP, under a session of ours. */
async function launch() {
  const amdSp = await SimulatedAmdSp.create();
  const { pdh, chain } = amdSp.pdhCertExport();
  const { ask, ark } = amdSp.caCerts();
  const bytes = concat(pdh, chain.slice(0, 2 * 2084), amdSp.amdCek(), ask, ark);
  const trustedPdh = await verifyCertChain(parseCertChain(bytes), [SIMULATED_ROOT]);
  const keys: Uint8Array[] = [];
  const rawKeys = ({ tek, tik }: { tek: Uint8Array; tik: Uint8Array }): void =>
    void keys.push(tek.slice(), tik.slice());
  const session = await makeLaunchSession({ trustedPdh, policy: POLICY, random: webCryptoRandom, rawKeys });
  const image = webCryptoRandom(65_536);
  const vmsas = buildVmsaPages({ variant: 'qemu', cpuSignature: 0xa00f11, resetEip: 0x80b004 }, 64);
  const handle = await amdSp.launchStart({ policy: POLICY, godh: session.godh, session: session.blob });
  await amdSp.launchUpdateData(handle, image);
  for (let cpu = 0; cpu < vmsas.vcpus; cpu++)
    await amdSp.launchUpdateVmsa(handle, cpu === 0 ? vmsas.boot : vmsas.others!);
  const measurement = await amdSp.launchMeasure(handle);
  const { apiMajor, apiMinor, build } = amdSp.platformStatus();
  const reported = { ...parseLaunchMeasure(measurement), apiMajor, apiMinor, build, policy: POLICY };
  const launchDigest = launchDigestOf({ guestImage: hashGuestImage(image), vmsas });
  return { chain: bytes, session, keys, image, vmsas, measurement, reported, launchDigest };
}

/**
 * The simulated chain has RSA keys of 4,096 bits; the real one of the vectors, a Naples machine's, of 2,048. Beside it,
 * what no code of ours can make quicker: the engine's four checks on P-384 alone, at the same time, keys imported.
 */
async function chainFigures({ chain }: World, { quick }: BenchContext): Promise<readonly Figure[]> {
  const fourChecks = await engineChecks(4);
  const figure = async (name: string, bytes: Uint8Array, roots: readonly PinnedRoot[]): Promise<Figure> => {
    const whole = (): Promise<unknown> => verifyCertChain(parseCertChain(bytes), roots);
    const [ours, theirs] = await timeInTurns(quick ? 5 : 200, whole, fourChecks);
    const engine = { name: "the engine's four P-384 checks alone", value: theirs! };
    return { ...within(name, 'ms', ours!, 3), other: engine };
  };
  const name = 'whole chain, read and verified';
  const real = join(process.env['SEV_VECTORS'] ?? '', 'certs/naples/full_chain.cert');
  return [
    await figure(name, chain, [SIMULATED_ROOT]),
    existsSync(real)
      ? await figure(`${name}: a real Naples`, new Uint8Array(readFileSync(real)), AMD_ROOTS)
      : skipped(`${name}: a real Naples`, 'ms', 'no vectors'),
  ];
}

async function engineChecks(times: number): Promise<() => Promise<unknown>> {
  const ecdsa = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-256' };
  const { publicKey, privateKey } = await crypto.subtle.generateKey(ecdsa, false, ['sign', 'verify']);
  const message = new Uint8Array(1044);
  const signature = await crypto.subtle.sign(ecdsa, privateKey, message);
  const check = (): Promise<boolean> => crypto.subtle.verify(ecdsa, publicKey, signature, message);
  return () => Promise.all(Array.from({ length: times }, check));
}

/** The image is known, as in the app: its digest is not computed again. */
async function verdictFigures(world: World, { quick, folder }: BenchContext): Promise<readonly Figure[]> {
  const { session, reported, launchDigest } = world;
  const guestImage = { size: 1, kind: 'unknown', entries: [] } as const;
  const own = { origins: { image: 'hashed-here' }, guestImage } as const;
  const expectation = expectMeasured({ launchDigest, kernelHashes: false, vcpus: 64 }, own);
  const verdict = () => decide({ session, reported, expectation });
  const packet = async (): Promise<void> => {
    const decision = await verdict();
    if (decision.kind !== 'release') throw new Error('the launch was withheld');
    await sealSecret(decision, encodeSecretTable(SECRET), webCryptoRandom);
  };
  const times = quick ? 5 : 60;
  const tool = libvirtTool();
  if ('missing' in tool) {
    return [
      within('measurement to verdict', 'ms', await time(times, verdict), 2),
      within('measurement to packet', 'ms', await time(times, packet), 2),
      skipped('beside virt-qemu-sev-validate', 'ms', tool.missing),
    ];
  }
  const args = toolArguments(world, folder);
  const inject = ['--inject-secret', `luks-key:${join(folder, 'secret')}`];
  const files = ['--secret-header', join(folder, 'header'), '--secret-payload', join(folder, 'payload')];
  const [ours, theirs] = await timeInTurns(quick ? 1 : 9, verdict, () => commandEnding(0, ...tool.command, ...args));
  const [oursPacket, theirsPacket] = await timeInTurns(quick ? 1 : 9, packet, () =>
    commandEnding(0, ...tool.command, ...args, ...inject, ...files),
  );
  const name = 'virt-qemu-sev-validate, whole process';
  return [
    within('measurement to verdict', 'ms', await time(times, verdict), 2),
    beside('the same, in turns', 'ms', ours!, { name, value: theirs! }),
    within('measurement to packet', 'ms', await time(times, packet), 2),
    beside('the same, in turns', 'ms', oursPacket!, { name, value: theirsPacket! }),
  ];
}

function toolArguments({ image, keys, vmsas, measurement, reported }: World, folder: string): readonly string[] {
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  file('secret', SECRET[0]!.data);
  return [
    ...['--firmware', file('firmware', image), '--tk', file('tk', concat(...keys)), '--policy', String(POLICY)],
    ...['--vmsa-cpu0', file('vmsa0', vmsas.boot), '--vmsa-cpu1', file('vmsa1', vmsas.others!), '--num-cpus', '64'],
    ...['--measurement', toBase64(measurement), '--build-id', String(reported.build)],
    ...['--api-major', String(reported.apiMajor), '--api-minor', String(reported.apiMinor)],
  ];
}

/** A measurement that nothing explains, so that the search goes through. */
async function doctorFigure({ keys, image, reported }: World, { quick }: BenchContext): Promise<Figure> {
  const expected = {
    image: { name: 'OVMF', state: hashGuestImage(image), resetEip: 0x80b004 },
    registers: { variant: 'qemu', cpuSignature: 0xa00f11, vcpus: 64 },
  } as const;
  const key = { role: 'this-session', name: 'vm', oracle: rawKeyOracle(keys[1]!) } as const;
  const unexplained = { ...reported, measure: webCryptoRandom(32) };
  const started = performance.now();
  const { tried } = await diagnose(
    { reported: unexplained, policy: POLICY, expected, keys: [key] },
    { depth: 2, limit: quick ? 50_000 : 2_000_000 },
  );
  return within('doctor', '/s', (tried / (performance.now() - started)) * 1000, 100_000);
}
