// What a policy means for releasing secrets: shown before a session is made, and held when one is released.
import { SevError } from '../../errors.ts';
import { parsePolicy, type Policy, showPolicy } from '../formats/policy.ts';
import { type Finding, findingOf } from '../../findings/finding.ts';

/** Of the API versions that SEV firmware has had: 0.x and 1.x. */
const NEWEST_MAJOR = 1;

/** Judges a policy number. `refused` means that no secret will ever be released under it. */
export function policyFindings(value: number, acceptsKeySharing: boolean): readonly Finding[] {
  try {
    const policy = parsePolicy(value);
    return [debugFinding(policy, value), keySharingFinding(policy, value, acceptsKeySharing), ...otherBits(policy)];
  } catch (error) {
    if (error instanceof SevError) return [findingOf(error, { actual: showPolicy(value) })];
    throw error;
  }
}

function debugFinding(policy: Policy, value: number): Finding {
  if (!policy.noDebug) {
    return findingOf(new SevError('MEASURE_DEBUG_POLICY'), { expected: 'NODBG', actual: showPolicy(value) });
  }
  return { code: 'POLICY_NODBG', severity: 'ok', sentence: 'The policy forbids the host to debug the guest.' };
}

function keySharingFinding(policy: Policy, value: number, accepted: boolean): Finding {
  if (policy.noKeySharing) {
    return { code: 'POLICY_NOKS', severity: 'ok', sentence: "The policy keeps the guest's memory key to this guest." };
  }
  if (!accepted) return findingOf(new SevError('MEASURE_KEY_SHARING'), { expected: 'NOKS', actual: showPolicy(value) });
  return {
    code: 'POLICY_KEY_SHARING_ACCEPTED',
    severity: 'warning',
    sentence: "The host may share the guest's memory key with other guests; you accepted this with the session.",
  };
}

function otherBits(policy: Policy): readonly Finding[] {
  const findings: Finding[] = [];
  if (!policy.es) {
    const sentence = 'SEV-ES is not required: the host can see and change the registers of the guest.';
    findings.push({ code: 'POLICY_WITHOUT_ES', severity: 'note', sentence });
  }
  if (!policy.noSend) {
    const sentence = policy.domain
      ? 'The guest may be sent to other platforms of the same owner.'
      : 'The guest may be sent to other platforms.';
    findings.push({ code: 'POLICY_MAY_BE_SENT', severity: 'note', sentence });
  }
  if (policy.apiMajor > NEWEST_MAJOR) {
    const api = `${policy.apiMajor}.${policy.apiMinor}`;
    findings.push({
      code: 'POLICY_UNKNOWN_API',
      severity: 'warning',
      sentence: `The policy asks for API ${api}, which no SEV firmware has: no platform will launch the guest.`,
      next: `Bits 16–23 are the major number, and bits 24–31 the minor one. Was ${policy.apiMinor}.${policy.apiMajor} meant?`,
    });
  }
  if (policy.apiMajor === 0 && policy.apiMinor < 17) {
    const sentence = 'The policy asks for no API that binds secrets; the version is checked after the launch instead.';
    findings.push({ code: 'POLICY_LOW_API', severity: 'note', sentence });
  }
  return findings;
}
