// Checks a record of a launch again, from its bytes alone: what holds, what does not, and what nobody can tell from it.
import { equalBytes } from '../bytes/equal.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { parseMidstate } from '../crypto/sha256-midstate.ts';
import { Sha256Stream } from '../crypto/sha256-stream.ts';
import type { CryptoKey } from '../crypto/subtle.ts';
import { describedInputs } from '../sev/decide/described-launch.ts';
import { policyFindings } from '../sev/decide/policy-findings.ts';
import { decideReport } from '../sev/decide/report-decision.ts';
import { SevError } from '../errors.ts';
import { parseCertChain } from '../sev/formats/cert-chain.ts';
import { parseLaunchSession } from '../sev/formats/launch-session.ts';
import { FIRST_BINDING_SECRETS, firmwareVersion, isOlder, showFirmware } from '../sev/formats/firmware-version.ts';
import { parsePolicy, showPolicy } from '../sev/formats/policy.ts';
import { parseSevCert } from '../sev/formats/sev-cert.ts';
import { sessionFitsPolicy } from '../sev/session/session-blob.ts';
import type { PinnedRoot } from '../trust/pinned-root.ts';
import { type TrustedPdh, verifyCertChain } from '../sev/verify/cert-chain.ts';
import { computeLaunchDigest } from '../sev/verify/launch-digest.ts';
import { launchMeasureMatches } from '../sev/verify/launch-measure.ts';
import type { Evidence } from './record.ts';

export type CheckName =
  'chain' | 'session' | 'image' | 'digest' | 'policy' | 'firmware' | 'verdict' | 'reports' | 'session-mac' | 'measure';

export interface Check {
  readonly name: CheckName;
  readonly status: 'holds' | 'refused' | 'not-checked';
  readonly sentence: string;
}

export interface Recheck {
  /** `refused` where anything does not hold; `consistent` where the measure itself could not be looked at. */
  readonly status: 'rechecked' | 'consistent' | 'refused';
  /** Whether the chain leads to the published test root. */
  readonly simulated: boolean;
  readonly checks: readonly Check[];
  /** What a record cannot show, however it is checked. */
  readonly untold: readonly string[];
}

export interface RecheckOptions {
  readonly roots: readonly PinnedRoot[];
  /** The session's TIK; without it nobody can check a measure. */
  readonly tik?: CryptoKey | undefined;
}

export async function recheckEvidence(evidence: Evidence, { roots, tik }: RecheckOptions): Promise<Recheck> {
  const chain = await chainCheck(evidence, roots);
  const checks = [
    chain,
    sessionCheck(evidence),
    imageCheck(evidence),
    await digestCheck(evidence),
    policyCheck(evidence),
    firmwareCheck(evidence),
    verdictCheck(evidence),
    ...(await reportChecks(evidence, chain.trusted)),
    await sessionMacCheck(evidence, tik),
    await measureCheck(evidence, tik),
  ];
  const refused = checks.some((check) => check.status === 'refused');
  const whole = checks.every((check) => check.status === 'holds');
  const status = refused ? 'refused' : whole ? 'rechecked' : 'consistent';
  const untold = [tik ? SYMMETRIC : UNSIGNED, ...UNTOLD, ...(evidence.reports ? [REPORTS_UNTOLD] : [])];
  const told = checks.map(({ name, status: held, sentence }) => ({ name, status: held, sentence }));
  return { status, simulated: chain.simulated, checks: told, untold };
}

const SYMMETRIC =
  'Whoever has the TIK can make a measure that fits: this convinces those who know that the guest owner alone had it.';
const UNSIGNED =
  'The record is not signed, and the measure was not checked: who wrote the record could have written any measure.';
const UNTOLD: readonly string[] = [
  'That the session went to this very platform: the key that would show it was never kept.',
  'Times, history and what was found inside the guest: they are as the exporting device told them.',
  'That the secret arrived in the guest: no platform attests that.',
];

const REPORTS_UNTOLD =
  'Which guest an attestation report is of: a host can answer with the report of another guest with the same digest and policy.';

const holds = (name: CheckName, sentence: string): Check => ({ name, status: 'holds', sentence });
const refused = (name: CheckName, sentence: string): Check => ({ name, status: 'refused', sentence });
const NO_TIK = 'Not checked: it is a MAC under the secret TIK of the session, which was not given (--tik).';

/** A fault of ours becomes a refusal with its words; any other goes on. */
function refusal(name: CheckName, error: unknown): Check {
  if (error instanceof SevError) return refused(name, error.sentence);
  throw error;
}

async function chainCheck(
  { chain, root, launch }: Evidence,
  roots: readonly PinnedRoot[],
): Promise<Check & { readonly simulated: boolean; readonly trusted?: TrustedPdh }> {
  try {
    const trusted = await verifyCertChain(parseCertChain(chain, 'chain'), roots);
    const { simulated } = trusted;
    if (trusted.root.name !== root || simulated !== launch.simulated) {
      return {
        ...refused('chain', `The chain leads to ${trusted.root.name}, and the record says ${root}.`),
        simulated,
      };
    }
    const sentence = simulated
      ? 'The chain leads to the published test root: it is SIMULATED, and proves nothing about any hardware.'
      : `The chain leads to AMD's root for ${trusted.root.name}, which this program pins by its whole key.`;
    return { ...holds('chain', sentence), simulated, trusted };
  } catch (error) {
    return { ...refusal('chain', error), simulated: false };
  }
}

function sessionCheck({ session }: Evidence): Check {
  try {
    parseSevCert(session.godh, 'session.godh');
    parseLaunchSession(session.blob, 'session.blob');
    return holds('session', 'GODH and session blob are well formed.');
  } catch (error) {
    return refusal('session', error);
  }
}

function imageCheck({ expected: { guestImage } }: Evidence): Check {
  try {
    const midstate = parseMidstate(guestImage.midstate, 'expected.guestImage.midstate');
    const own = toHex(Sha256Stream.from(midstate).digest());
    if (own === guestImage.sha256 && midstate.length === guestImage.size)
      return holds('image', `The state of the hash is the one of a guest image with the SHA-256 ${own}.`);
    return refused('image', 'The state of the hash is not the one of the guest image that the record names.');
  } catch (error) {
    return refusal('image', error);
  }
}

async function digestCheck({ session, expected }: Evidence): Promise<Check> {
  try {
    const { es } = parsePolicy(session.policy);
    if (es !== (expected.cpus !== undefined))
      return refused('digest', 'SEV-ES measures virtual CPUs, SEV measures none: the record does not fit its policy.');
    if (equalBytes(await recompute(expected), fromHex(expected.launchDigest)))
      return holds('digest', 'The launch digest follows from the guest image and all that is measured with it.');
    return refused('digest', 'The launch digest does not follow from what the record says was measured.');
  } catch (error) {
    return refusal('digest', error);
  }
}

async function recompute({ guestImage, kernel, cpus }: Evidence['expected']): Promise<Uint8Array> {
  const inputs = await describedInputs({
    guestImage: parseMidstate(guestImage.midstate),
    resetEip: guestImage.resetEip,
    cpus,
    kernel: kernel && {
      kernel: fromHex(kernel.kernel.sha256),
      ...(kernel.initrd && { initrd: fromHex(kernel.initrd.sha256) }),
      cmdline: kernel.cmdline,
    },
  });
  return computeLaunchDigest(inputs);
}

function policyCheck({ session, reported }: Evidence): Check {
  if (session.policy !== reported.policy) {
    const [own, other] = [showPolicy(session.policy), showPolicy(reported.policy)];
    return refused('policy', `The session's policy is ${own}, and the host reported ${other}.`);
  }
  const against = policyFindings(session.policy, session.acceptsKeySharing).find(
    ({ severity }) => severity === 'refused',
  );
  if (against) return refused('policy', against.sentence);
  return holds('policy', `Session and report have the policy ${showPolicy(session.policy)}, which forbids debugging.`);
}

function firmwareCheck({ session, expected, reported }: Evidence): Check {
  const said = showFirmware(reported);
  if (isOlder(reported, FIRST_BINDING_SECRETS))
    return refused('firmware', `With the API ${said} no secret is bound to a measurement.`);
  try {
    const { apiMajor, apiMinor } = parsePolicy(session.policy);
    const floors = [firmwareVersion(apiMajor, apiMinor, 0), ...(expected.floor ? [expected.floor] : [])];
    const missed = floors.find((floor) => isOlder(reported, floor));
    if (missed) {
      return refused('firmware', `The firmware ${said} is older than ${showFirmware(missed)}, which was asked for.`);
    }
    return holds('firmware', `The reported firmware ${said} is as new as was asked for.`);
  } catch (error) {
    return refusal('firmware', error);
  }
}

function verdictCheck({ verdict }: Evidence): Check {
  const against = verdict.findings.find(({ severity }) => severity === 'refused' || severity === 'unchecked');
  if (verdict.kind === 'withhold')
    return refused('verdict', `The record says itself that the secret was withheld. ${against?.sentence ?? ''}`.trim());
  if (against)
    return refused('verdict', `The record says “release” beside a finding that forbids it: ${against.code}.`);
  return holds('verdict', 'The record says that the secret could be released, and no finding of it speaks against.');
}

/** One check for all of them; none where the record has none. */
async function reportChecks(
  { reports, session, expected }: Evidence,
  platform: TrustedPdh | undefined,
): Promise<readonly Check[]> {
  if (!reports) return [];
  if (!platform) return [refused('reports', 'Without a chain that holds, nobody can say who signed the reports.')];
  const asked = { launchDigest: fromHex(expected.launchDigest), policy: session.policy };
  for (const { report, mnonce, received } of reports) {
    const { kind, findings } = await decideReport(report, platform, { ...asked, mnonce: fromHex(mnonce) });
    const against = findings.find(({ severity }) => severity === 'refused');
    if (kind !== 'proven')
      return [refused('reports', `The attestation report of ${received}: ${against?.sentence ?? kind}`)];
  }
  const many = reports.length === 1 ? 'The attestation report is' : `All ${reports.length} attestation reports are`;
  return [
    holds('reports', `${many} signed by the PEK of this chain, for the nonce, launch digest and policy of the record.`),
  ];
}

async function sessionMacCheck({ session }: Evidence, tik: CryptoKey | undefined): Promise<Check> {
  if (!tik) return { name: 'session-mac', status: 'not-checked', sentence: NO_TIK };
  try {
    return (await sessionFitsPolicy(session.blob, tik, session.policy))
      ? holds('session-mac', 'The session blob fits the TIK and the policy.')
      : refused('session-mac', 'The session blob does not fit this TIK and this policy.');
  } catch (error) {
    return refusal('session-mac', error);
  }
}

async function measureCheck({ session, expected, reported }: Evidence, tik: CryptoKey | undefined): Promise<Check> {
  if (!tik) return { name: 'measure', status: 'not-checked', sentence: NO_TIK };
  const told = { ...reported, measure: fromHex(reported.measure), mnonce: fromHex(reported.mnonce) };
  const wanted = { launchDigest: fromHex(expected.launchDigest), policy: session.policy };
  return (await launchMeasureMatches(tik, wanted, told))
    ? holds('measure', 'The measure is the one of the launch digest, policy, firmware and nonce, under this TIK.')
    : refused('measure', 'The measure is not the one of this launch digest, policy, firmware, nonce and TIK.');
}
