// The part of an audit that looks at the launch security: whether it is SEV, for whose session, under which policy.
import { equalBytes } from '../bytes/equal.ts';
import { fromBase64 } from '../bytes/text.ts';
import type { Finding } from '../findings/finding.ts';
import { LAUNCH_SESSION_SIZE } from '../sev/formats/launch-session.ts';
import { hasPolicyFlag, showPolicy } from '../sev/formats/policy.ts';
import { SEV_CERT_SIZE } from '../sev/formats/sev-cert.ts';
import type { AuditContext } from './audit-context.ts';
import type { ConfigFacts } from './config-facts.ts';
import { finding } from './config-finding.ts';

/** What is wrong with the launch security: its kind, its session, its policy. */
export function* securityFindings(facts: ConfigFacts, { session }: AuditContext): Generator<Finding> {
  if (facts.security !== 'sev') {
    yield notSev(facts, session !== undefined);
    return;
  }
  if (facts.dhCert === undefined || facts.session === undefined) {
    const sentence = 'GODH or session is missing: the AMD-SP makes keys of its own, and you can verify nothing.';
    yield finding('CONFIG_NO_SESSION', 'refused', sentence, 'Give the host both, as they came from your session.');
  }
  if (facts.policy === undefined) {
    yield finding('CONFIG_NO_POLICY', 'refused', 'The policy is missing, or no number.', "Give the session's policy.");
  } else if (!session) {
    yield* looseFindings(facts.policy);
  } else if (facts.policy !== session.policy) {
    yield {
      ...finding(
        'CONFIG_POLICY_OTHER',
        'refused',
        "The policy is not your session's, so the launch will fail.",
        "Give the session's policy.",
      ),
      expected: showPolicy(session.policy),
      actual: showPolicy(facts.policy),
    };
  }
  if (facts.source === 'libvirt') yield* blobFindings(facts, session);
  else yield* inlineFindings(facts);
}

/** QEMU opens what it is given as a file; guides give it the text itself, which fails with a file that is not there. */
function* inlineFindings(facts: ConfigFacts): Generator<Finding> {
  for (const [option, value, bytes] of [
    ['dh-cert-file', facts.dhCert, SEV_CERT_SIZE],
    ['session-file', facts.session, LAUNCH_SESSION_SIZE],
  ] as const) {
    if (readBase64(value)?.length !== bytes) continue;
    const sentence = `${option} holds the text itself, and QEMU takes it for the name of a file.`;
    yield finding(
      'CONFIG_BLOB_INLINE',
      'refused',
      sentence,
      'Write the text into a file on the host, and name that file.',
    );
  }
}

const OTHERS = { snp: 'SEV-SNP', tdx: 'Intel TDX', other: 'something else than SEV' } as const;

function notSev({ security, source }: ConfigFacts, isForSession: boolean): Finding {
  if (security === 'snp' || security === 'tdx' || security === 'other') {
    const sentence = `The guest is launched under ${OTHERS[security]}, not under SEV or SEV-ES: what is measured there is not looked at here.`;
    return finding('CONFIG_NOT_SEV', 'refused', sentence, 'For a session of yours, launch it under SEV or SEV-ES.');
  }
  if (security === 'unlinked') {
    const sentence =
      'The machine and the sev-guest object do not name each other: nothing of the guest is encrypted or measured.';
    const next = 'Give -machine confidential-guest-support= the id of the sev-guest object.';
    return finding('CONFIG_NOT_SEV', 'refused', sentence, next);
  }
  const what = isForSession ? 'this session protects nothing there' : 'nothing of it is encrypted or measured';
  const where = source === 'libvirt' ? '<launchSecurity>' : 'sev-guest object';
  const next = `Add the ${where} of ${isForSession ? 'your' : 'a'} session.`;
  return finding('CONFIG_NOT_SEV', 'refused', `The guest is not launched under SEV: ${what}.`, next);
}

/** What a policy gives away, where no session says that its owner wants it so. */
function* looseFindings(policy: number): Generator<Finding> {
  const actual = showPolicy(policy);
  if (!hasPolicyFlag(policy, 'noDebug')) {
    const sentence = 'The policy lets the host debug the guest, and thus read its memory.';
    yield { ...finding('CONFIG_POLICY_DEBUG', 'refused', sentence, 'Make a session with NODBG.'), actual };
  }
  if (!hasPolicyFlag(policy, 'noKeySharing')) {
    const sentence = "The policy lets the host share the guest's memory key with other guests.";
    yield { ...finding('CONFIG_POLICY_KEY_SHARING', 'warning', sentence, 'Make a session with NOKS.'), actual };
  }
}

/** The two texts of a session, which libvirt has in the document itself. */
function* blobFindings(facts: ConfigFacts, session: AuditContext['session']): Generator<Finding> {
  const [godh, blob] = [readBase64(facts.dhCert), readBase64(facts.session)];
  if (godh?.length === LAUNCH_SESSION_SIZE && blob?.length === SEV_CERT_SIZE) {
    const sentence = 'dhCert and session are exchanged: each holds what belongs into the other.';
    yield finding('CONFIG_BLOBS_SWAPPED', 'refused', sentence, 'Exchange the two texts.');
    return;
  }
  const next = 'Give the host the two texts of your session, each in its place.';
  if (facts.dhCert !== undefined && godh?.length !== SEV_CERT_SIZE) {
    const sentence = 'The dhCert is no GODH, which is 2,084 bytes in base64.';
    yield finding('CONFIG_GODH_OTHER', 'refused', sentence, next);
  } else if (session && godh && !equalBytes(godh, session.godh)) {
    yield finding('CONFIG_GODH_OTHER', 'refused', "The dhCert is not your session's GODH.", next);
  }
  if (facts.session !== undefined && blob?.length !== LAUNCH_SESSION_SIZE) {
    const sentence = 'The session is no session blob, which is 128 bytes in base64.';
    yield finding('CONFIG_SESSION_OTHER', 'refused', sentence, next);
  } else if (session && blob && !equalBytes(blob, session.blob)) {
    yield finding('CONFIG_SESSION_OTHER', 'refused', 'The session is not yours.', next);
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
