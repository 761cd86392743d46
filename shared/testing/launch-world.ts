// What a launch's tests need: a simulated platform that was verified, sessions on it, and launches of them.
import { concat } from '../bytes/writer.ts';
import { type Random, webCryptoRandom } from '../crypto/subtle.ts';
import { parseCertChain } from '../sev/formats/cert-chain.ts';
import { parseLaunchMeasure } from '../sev/formats/launch-measure.ts';
import { type LaunchSession, type MakeLaunchSession, makeLaunchSession } from '../sev/session/launch-session.ts';
import { SimulatedAmdSp, type SimulatedAmdSpOptions } from '../simulator/amd-sp.ts';
import type { PinnedRoot } from '../trust/pinned-root.ts';
import { SIMULATED_ROOT } from '../trust/simulated-root.ts';
import { type TrustedPdh, verifyCertChain } from '../sev/verify/cert-chain.ts';
import type { ReportedLaunch } from '../sev/verify/launch-measure.ts';
import { simRoots } from './sim-roots.ts';
import { vectorBytes } from './vectors.ts';

/** The simulated root as if it were AMD's, for what only genuine platforms may do. */
export const GENUINE_ROOT_FOR_TESTS: PinnedRoot = {
  ...SIMULATED_ROOT,
  generation: 'milan',
  name: 'Milan',
  simulated: false,
};

/** Verifies a simulated platform's chain, with the CEK as the simulated AMD signed it. */
export function trustPlatform(amdSp: SimulatedAmdSp, root: PinnedRoot = SIMULATED_ROOT): Promise<TrustedPdh> {
  const { pdh, chain } = amdSp.pdhCertExport();
  const { ask, ark } = amdSp.caCerts();
  const pekAndOca = chain.slice(0, 2 * 2084);
  return verifyCertChain(parseCertChain(concat(pdh, pekAndOca, amdSp.amdCek(), ask, ark)), [root]);
}

/** The PDH of the vectors' own simulated platform. */
export const trustVectorPlatform = (): Promise<TrustedPdh> =>
  verifyCertChain(parseCertChain(vectorBytes('sim/full_chain.cert')), simRoots());

/** Gives these byte strings, one for each call, and then no more. */
export function randomSequence(...parts: readonly Uint8Array[]): Random {
  const left = [...parts];
  return (length) => {
    const next = left.shift();
    if (next?.length !== length) throw new Error(`no ${length} bytes are next in the sequence`);
    return next.slice();
  };
}

/** A session with chosen TEK and TIK; GODH, nonce and IV stay fresh. */
export const sessionWithFixedKeysForTests = (
  keys: { tek: Uint8Array; tik: Uint8Array },
  rest: Omit<MakeLaunchSession, 'random'>,
): Promise<LaunchSession> =>
  makeLaunchSession({
    ...rest,
    random: randomSequence(keys.tek, keys.tik, webCryptoRandom(16), webCryptoRandom(16)),
  });

export interface LaunchWorld {
  readonly amdSp: SimulatedAmdSp;
  readonly session: LaunchSession;
  readonly handle: number;
  readonly reported: ReportedLaunch;
}

/** Launches a guest from these bytes under a fresh session, up to its measurement. */
export async function launchForTests(
  policy: number,
  loaded: readonly Uint8Array[],
  options: SimulatedAmdSpOptions & {
    root?: PinnedRoot;
    acceptsKeySharing?: boolean;
    vmsas?: readonly Uint8Array[];
  } = {},
): Promise<LaunchWorld> {
  const amdSp = await SimulatedAmdSp.create(options);
  const trustedPdh = await trustPlatform(amdSp, options.root ?? GENUINE_ROOT_FOR_TESTS);
  const { acceptsKeySharing = false } = options;
  const session = await makeLaunchSession({ trustedPdh, policy, random: webCryptoRandom, acceptsKeySharing });
  const handle = await amdSp.launchStart({ policy, godh: session.godh, session: session.blob });
  for (const part of loaded) await amdSp.launchUpdateData(handle, part);
  for (const page of options.vmsas ?? []) await amdSp.launchUpdateVmsa(handle, page);
  const { apiMajor, apiMinor, build } = amdSp.platformStatus();
  const blob = parseLaunchMeasure(await amdSp.launchMeasure(handle));
  return { amdSp, session, handle, reported: { ...blob, apiMajor, apiMinor, build, policy } };
}
