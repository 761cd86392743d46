// Checks a record of a launch again, from its bytes alone: what holds, what does not, and what nobody can tell from it.
import type { CheckName } from './check-name.ts';
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
import { imageStateOf, type ReadImage } from './image-facts.ts';
import type { Evidence } from './record.ts';
import { signatureOf, type SignatureState } from './sign.ts';
import { RECHECK_WORDS as WORDS, SELF_TOLD } from './words.ts';

export type { CheckName } from './check-name.ts';

export interface Check {
  readonly name: CheckName;
  /** `said`: it fits, and nothing but the record itself says so. */
  readonly status: 'holds' | 'refused' | 'said' | 'not-checked';
  readonly sentence: string;
}

export interface Recheck {
  /**
   * `rechecked`: the measure fits under the session's key, and all that it is about. `signed`: a pinned device vouches for
   * the record. `consistent`: nothing contradicts, and nothing proves it. `refused`: something does not hold.
   */
  readonly status: 'rechecked' | 'signed' | 'consistent' | 'refused';
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
  /** Device keys that the reader trusts, 65 bytes each. */
  readonly deviceKeys?: readonly Uint8Array[];
  /** The guest image, where the reader has it. */
  readonly image?: ReadImage | undefined;
}

export async function recheckEvidence(evidence: Evidence, options: RecheckOptions): Promise<Recheck> {
  const { roots, tik, deviceKeys = [] } = options;
  const chain = await chainCheck(evidence, roots);
  const signature = await signatureOf(evidence, deviceKeys);
  const macs = [await sessionMacCheck(evidence, tik), await measureCheck(evidence, tik)];
  const isSigned = signature.kind === 'pinned';
  const isMeasured = macs.every(({ status }) => status === 'holds');
  const looked = [
    chain,
    sessionCheck(evidence),
    imageCheck(evidence),
    ...kernelChecks(evidence, options.image, isSigned),
    await digestCheck(evidence),
    policyCheck(evidence),
    firmwareCheck(evidence),
    verdictCheck(evidence),
    ...(await reportChecks(evidence, chain.trusted)),
  ].map((check) => (isProven(check, isSigned, isMeasured) ? check : asSaid(check)));
  const checks = [...looked, ...signatureChecks(signature, deviceKeys.length > 0), ...macs];
  const told = checks.map(({ name, status, sentence }) => ({ name, status, sentence }));
  return {
    status: statusOf(checks, isSigned, isMeasured),
    simulated: chain.simulated,
    checks: told,
    untold: untoldOf(evidence, signature, isMeasured),
  };
}

function statusOf(checks: readonly Check[], isSigned: boolean, isMeasured: boolean): Recheck['status'] {
  if (checks.some(({ status }) => status === 'refused')) return 'refused';
  const isKernelOpen = checks.some(({ name, status }) => name === 'kernel' && status === 'not-checked');
  if (isMeasured && !isKernelOpen) return 'rechecked';
  return isSigned && !isKernelOpen ? 'signed' : 'consistent';
}

/** What only the record says is proven by the device's signature; all but the verdict by the measure, which it goes into. */
const isProven = ({ name }: Check, isSigned: boolean, isMeasured: boolean): boolean =>
  !SELF_TOLD.has(name) || isSigned || (isMeasured && name !== 'verdict');

const asSaid = (check: Check): Check =>
  check.status === 'holds' ? { ...check, status: 'said', sentence: WORDS.recordSays(check.sentence) } : check;

function untoldOf({ reports }: Evidence, { kind }: SignatureState, isMeasured: boolean): readonly string[] {
  const first = isMeasured
    ? WORDS.symmetric
    : kind === 'pinned'
      ? WORDS.signedOnly
      : kind === 'missing'
        ? WORDS.unsigned
        : WORDS.unpinned;
  return [first, ...WORDS.untold, ...(reports ? [WORDS.reportsUntold] : [])];
}

/** Nothing where no kernel was measured. */
function kernelChecks(evidence: Evidence, read: ReadImage | undefined, isSigned: boolean): readonly Check[] {
  const state = imageStateOf(evidence, read);
  const isMeasured = evidence.expected.kernel !== undefined;
  switch (state.kind) {
    case 'other-image':
      return [refused('kernel', WORDS.imageOther(state.own, evidence.expected.guestImage.sha256))];
    case 'other-facts':
      return [refused('kernel', WORDS.imageFactsDiffer)];
    case 'refused':
      return [refused('kernel', state.finding.sentence)];
    case 'proven':
      return isMeasured ? [holds('kernel', WORDS.kernelProven)] : [];
    case 'claimed':
      if (!isMeasured) return [];
      return [isSigned ? holds('kernel', WORDS.kernelProven) : notChecked('kernel', WORDS.kernelClaimed)];
    case 'untold':
      return isMeasured ? [notChecked('kernel', WORDS.kernelUntold)] : [];
  }
}

function signatureChecks({ kind, id }: SignatureState, isAsked: boolean): readonly Check[] {
  switch (kind) {
    case 'missing':
      return isAsked ? [refused('signature', WORDS.signatureMissing)] : [];
    case 'wrong':
      return [refused('signature', WORDS.signatureWrong)];
    case 'other':
      return [refused('signature', WORDS.signedByOther(id))];
    case 'unpinned':
      return [notChecked('signature', WORDS.signedUnpinned(id))];
    case 'pinned':
      return [holds('signature', WORDS.signed(id))];
  }
}

const holds = (name: CheckName, sentence: string): Check => ({ name, status: 'holds', sentence });
const refused = (name: CheckName, sentence: string): Check => ({ name, status: 'refused', sentence });
const notChecked = (name: CheckName, sentence: string): Check => ({ name, status: 'not-checked', sentence });

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
    return refused('verdict', `The record says that the secret was withheld. ${against?.sentence ?? ''}`.trim());
  if (against)
    return refused('verdict', `The record says “release” beside a finding that forbids it: ${against.code}.`);
  return holds('verdict', 'The secret could be released, and no finding speaks against it.');
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
  if (!tik) return notChecked('session-mac', WORDS.noTik);
  try {
    return (await sessionFitsPolicy(session.blob, tik, session.policy))
      ? holds('session-mac', 'The session blob fits the TIK and the policy.')
      : refused('session-mac', 'The session blob does not fit this TIK and this policy.');
  } catch (error) {
    return refusal('session-mac', error);
  }
}

async function measureCheck({ session, expected, reported }: Evidence, tik: CryptoKey | undefined): Promise<Check> {
  if (!tik) return notChecked('measure', WORDS.noTik);
  const told = { ...reported, measure: fromHex(reported.measure), mnonce: fromHex(reported.mnonce) };
  const wanted = { launchDigest: fromHex(expected.launchDigest), policy: session.policy };
  return (await launchMeasureMatches(tik, wanted, told))
    ? holds('measure', 'The measure is the one of the launch digest, policy, firmware and nonce, under this TIK.')
    : refused('measure', 'The measure is not the one of this launch digest, policy, firmware, nonce and TIK.');
}
