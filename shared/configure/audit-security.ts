// The part of an audit that looks at the launch security: whether it is SEV, for whose session, under which policy.
import { equalBytes } from '../bytes/equal.ts';
import { fromBase64 } from '../bytes/text.ts';
import type { Finding } from '../findings/finding.ts';
import { LAUNCH_SESSION_SIZE } from '../sev/formats/launch-session.ts';
import { apiAtLeast, hasPolicyFlag, reservedPolicyBits, showPolicy } from '../sev/formats/policy.ts';
import { SEV_CERT_SIZE } from '../sev/formats/sev-cert.ts';
import type { Generation } from '../trust/pinned-root.ts';
import type { AuditContext } from './audit-context.ts';
import type { ConfigFacts } from './config-facts.ts';
import { finding } from './config-finding.ts';
import { cbitOf } from './launch-config.ts';
import { isUnknown, UNKNOWN } from './script.ts';

/** What is wrong with the launch security: its kind, its session, its policy. */
export function* securityFindings(facts: ConfigFacts, context: AuditContext): Generator<Finding> {
  const { security, source } = facts;
  const { session } = context;
  if (security === 'unseen') return;
  if (security !== 'sev') {
    yield finding('CONFIG_NOT_SEV', 'refused', { security, source, forSession: session !== undefined });
    return;
  }
  if (facts.hasSession === false) yield finding('CONFIG_NO_SESSION', 'refused');
  if (facts.noPolicy) yield finding('CONFIG_NO_POLICY', 'refused');
  if (facts.policy !== undefined) yield* policyFindings(facts.policy, context);
  yield* bitFindings(facts, context.generation);
  if (facts.blobs === 'text') yield* blobFindings(facts, session);
  else yield* inlineFindings(facts);
}

function* policyFindings(policy: number, { session, api }: AuditContext): Generator<Finding> {
  const actual = showPolicy(policy);
  if (session && policy !== session.policy) {
    yield { ...finding('CONFIG_POLICY_OTHER', 'refused'), expected: showPolicy(session.policy), actual };
  }
  const reserved = reservedPolicyBits(policy);
  if (reserved.length > 0) yield { ...finding('CONFIG_POLICY_RESERVED', 'refused', reserved), actual };
  const [major, minor] = [(policy >>> 16) & 0xff, policy >>> 24];
  const needed = `${major}.${minor}`;
  // SEV's API is at 0.x and 1.x.
  if (major > 1) yield { ...finding('CONFIG_POLICY_API', 'refused', { api: needed, swapped: minor <= 1 }), actual };
  else if (api && !apiAtLeast(api.major, api.minor, major, minor)) {
    const has = `${api.major}.${api.minor}`;
    yield { ...finding('CONFIG_POLICY_API_NEWER', 'refused', { api: needed, has }), actual };
  }
  // Where a session says that its owner wants it so, it is not told again.
  if (session) return;
  if (!hasPolicyFlag(policy, 'noDebug')) yield { ...finding('CONFIG_POLICY_DEBUG', 'refused'), actual };
  if (!hasPolicyFlag(policy, 'noKeySharing')) yield { ...finding('CONFIG_POLICY_KEY_SHARING', 'warning'), actual };
}

/** The C-bit of every generation with SEV. */
const CBITS = [47, 51];

/** What QEMU compares with the host's processor. libvirt fills in what is missing. */
function* bitFindings(facts: ConfigFacts, generation: Generation | undefined): Generator<Finding> {
  if (generation === 'simulated') return;
  const { cbitpos, reducedPhysBits, bitsMissing } = facts;
  const expected = generation && cbitOf(generation);
  if (cbitpos !== undefined && !(expected === undefined ? CBITS : [expected]).includes(cbitpos)) {
    const name = generation && generation[0]!.toUpperCase() + generation.slice(1);
    yield {
      ...finding('CONFIG_CBIT', 'warning', name === undefined ? {} : { generation: name }),
      expected: expected === undefined ? CBITS.join(' or ') : String(expected),
      actual: String(cbitpos),
    };
  }
  if (bitsMissing && cbitpos === undefined) yield finding('CONFIG_CBIT', 'warning', { missing: true });
  const isOdd = reducedPhysBits !== undefined && (reducedPhysBits < 1 || reducedPhysBits > 63);
  if (isOdd || (bitsMissing && reducedPhysBits === undefined)) yield finding('CONFIG_REDUCED_BITS', 'warning');
}

/** A command that prints a file's content, where a name of a file belongs. */
const PRINTS = new RegExp(`^${UNKNOWN}(?:\\$\\(|\`)\\s{0,9}(?:base64|cat|<|openssl|xxd)`);

/** QEMU opens what it is given as a file; guides give it the text itself, which fails with a file that is not there. */
function* inlineFindings(facts: ConfigFacts): Generator<Finding> {
  for (const [option, value, bytes] of [
    ['dh-cert-file', facts.dhCert, SEV_CERT_SIZE],
    ['session-file', facts.session, LAUNCH_SESSION_SIZE],
  ] as const) {
    const isText = isUnknown(value) ? PRINTS.test(value!) : readBase64(value)?.length === bytes;
    if (isText) yield finding('CONFIG_BLOB_INLINE', 'refused', option);
  }
}

/** The two texts of a session, which libvirt has in the document itself. */
function* blobFindings(facts: ConfigFacts, session: AuditContext['session']): Generator<Finding> {
  const [godh, blob] = [readBase64(facts.dhCert), readBase64(facts.session)];
  if (godh?.length === LAUNCH_SESSION_SIZE && blob?.length === SEV_CERT_SIZE) {
    yield finding('CONFIG_BLOBS_SWAPPED', 'refused');
    return;
  }
  if (facts.dhCert !== undefined && godh?.length !== SEV_CERT_SIZE) {
    yield finding('CONFIG_GODH_OTHER', 'refused', false);
  } else if (session && godh && !equalBytes(godh, session.godh)) {
    yield finding('CONFIG_GODH_OTHER', 'refused', true);
  }
  if (facts.session !== undefined && blob?.length !== LAUNCH_SESSION_SIZE) {
    yield finding('CONFIG_SESSION_OTHER', 'refused', false);
  } else if (session && blob && !equalBytes(blob, session.blob)) {
    yield finding('CONFIG_SESSION_OTHER', 'refused', true);
  }
}

/** The bytes of a text; libvirt keeps line breaks that were pasted. */
function readBase64(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  try {
    return fromBase64(text.replace(/[ \t\r\n]/g, ''));
  } catch {
    return undefined;
  }
}
