// The guest owner in the tamper lab: the app's own checks, in the app's own order, on whatever a host says. It knows no
// lie; what comes out is what those checks come to.
import { toUtf8 } from '../../../shared/bytes/text.ts';
import { webCryptoRandom } from '../../../shared/crypto/subtle.ts';
import { decide } from '../../../shared/sev/decide/decision.ts';
import { decideReport } from '../../../shared/sev/decide/report-decision.ts';
import { parseGuestImage } from '../../../shared/guest/guest-image.ts';
import { type Expectation, expectLaunch } from '../../../shared/sev/decide/expectation.ts';
import type { Finding } from '../../../shared/findings/finding.ts';
import { SevError } from '../../../shared/errors.ts';
import { REPORT_NONCE_SIZE } from '../../../shared/sev/formats/attestation-report.ts';
import { LUKS_PASSPHRASE_GUID } from '../../../shared/guest/known-secrets.ts';
import { parseLaunchMeasure } from '../../../shared/sev/formats/launch-measure.ts';
import { encodePolicy } from '../../../shared/sev/formats/policy.ts';
import { recommendedPolicy } from '../../../shared/sev/formats/policy-words.ts';
import { encodeSecretTable } from '../../../shared/guest/secret-table.ts';
import { collectChain } from '../../../shared/intake/collect-chain.ts';
import { expectPiece } from '../../../shared/intake/expect-piece.ts';
import { recognise } from '../../../shared/intake/recognise.ts';
import { makeLaunchSession } from '../../../shared/sev/session/launch-session.ts';
import { sealSecret } from '../../../shared/sev/seal/secret-packet.ts';
import { demoGuestImage } from '../../../shared/simulator/demo-guest/image.ts';
import { launchFailure } from '../../../shared/simulator/qemu-words.ts';
import type { SimulatedMachine } from '../../../shared/simulator/virtual-machine.ts';
import { KNOWN_ROOTS } from '../../../shared/trust/known-roots.ts';
import type { PinnedRoot } from '../../../shared/trust/pinned-root.ts';
import { inspectCertChain } from '../../../shared/sev/verify/cert-chain.ts';
import { hashGuestImage } from '../../../shared/sev/verify/launch-digest.ts';
import { caught, caughtFault, type Outcome } from './outcome.ts';
import { type Certificates, type LabHost, type LabPlatform, type Told, truthOf } from './host.ts';

/** The checks that stand between a lie and the secret. A test takes one out, and the lie goes through. */
export interface Checks {
  readonly roots: readonly PinnedRoot[];
  readonly expectPiece: typeof expectPiece;
  readonly decide: typeof decide;
  readonly decideReport: typeof decideReport;
}

export const APP_CHECKS: Checks = { roots: KNOWN_ROOTS, expectPiece, decide, decideReport };

export const LAB_POLICY = encodePolicy(recommendedPolicy({ es: false }));
export const LAB_SECRET = 'the secret of the lab';

/** From the platform's certificates to a guest that has the secret, or to whatever stops it. */
export async function playLaunch(platform: LabPlatform, host: LabHost, checks = APP_CHECKS): Promise<Outcome> {
  const report = await inspect(await host.certificates(), checks.roots);
  const broken = report.links.find(({ status }) => status !== 'verified');
  if (!report.trusted) return caught('chain', report.error ?? new SevError('CERT_CHAIN_INCOMPLETE'), broken);

  const session = await makeLaunchSession({ trustedPdh: report.trusted, policy: LAB_POLICY, random: webCryptoRandom });
  const given = await host.carry({ policy: session.policy, dhCert: session.godh, session: session.blob });
  const swapped = await refusalOf(async () => {
    checks.expectPiece(await recognise(given.dhCert, 'dhCert'), 'godh', 'dhCert');
    checks.expectPiece(await recognise(given.session, 'session'), 'session', 'session');
  });
  if (swapped) return caught('hand-over', swapped);

  let machine: SimulatedMachine | undefined;
  const started = await host.start(given);
  const refused = await refusalOf(async () => void (machine = await platform.launch(started)));
  if (refused || !machine) return caught('amd-sp', refused ?? new SevError('RELAY_LAUNCH'));
  const told = await host.tell(truthOf(machine), given);
  const unfit = await refusalOf(async () => {
    checks.expectPiece(await recognise(told.measurement, 'measurement'), 'launch-measure', 'measurement');
  });
  if (unfit) return caught('measurement', unfit);

  const decision = await checks.decide({ session, expectation: await expectation(), reported: reportedBy(told) });
  if (decision.kind !== 'release') {
    return caughtFault('decision', decision.findings.filter(isRefusal));
  }
  const launched = machine;
  const mnonce = webCryptoRandom(REPORT_NONCE_SIZE);
  const { launchDigest } = await expectation();
  const asked = { mnonce, launchDigest, policy: session.policy };
  const answer = await checks.decideReport(await host.report(launched, mnonce), report.trusted, asked);
  if (answer.kind !== 'proven') return caughtFault('report', answer.findings.filter(isRefusal));

  const table = encodeSecretTable([{ guid: LUKS_PASSPHRASE_GUID, data: toUtf8(LAB_SECRET) }]);
  const { header, payload } = await sealSecret(decision, table, webCryptoRandom);
  const unsealed = await refusalOf(() => launched.inject(header, payload, undefined));
  if (unsealed) return caught('seal', unsealed);
  await machine.cont();
  return { kind: 'released', simulated: decision.simulated, console: machine.console };
}

const isRefusal = ({ severity }: Finding): boolean => severity === 'refused' || severity === 'unchecked';

async function inspect(certificates: Certificates, roots: readonly PinnedRoot[]) {
  const given = Object.entries(certificates) as [string, Uint8Array][];
  const pieces = await Promise.all(given.map(([name, bytes]) => recognise(bytes, `${name}.cert`)));
  const { chain, chipId } = await collectChain(pieces.flat(), roots);
  return inspectCertChain(chain, roots, { chipId });
}

/** What the guest owner expects: computed from their own copy of the image. */
const expectation = (): Promise<Expectation> => {
  const image = demoGuestImage();
  const origins = { image: 'hashed-here' } as const;
  return expectLaunch({ guestImage: hashGuestImage(image) }, { origins, guestImage: parseGuestImage(image) });
};

function reportedBy({ measurement, ...rest }: Told) {
  return { ...parseLaunchMeasure(measurement), ...rest };
}

/** What something was refused with, by our own code or by the AMD-SP through QEMU. */
async function refusalOf(work: () => Promise<void>): Promise<SevError | undefined> {
  try {
    await work();
    return undefined;
  } catch (failure) {
    const error = launchFailure(failure);
    if (error instanceof SevError) return error;
    throw error;
  }
}
