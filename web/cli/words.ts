// What verbs say: facts in, sentences out.
import type { ClosestVmsa } from '../../shared/guest/vmsa-reading.ts';

export const SERVE = {
  taken: (host: string, port: number) => ({
    sentence: `Port ${port} is in use at ${host}.`,
    next: 'Do not open the app there: what answers could be any program of this computer. End it if it is yours, or choose another port with --port. Another port has storage of its own.',
  }),
  closed: (port: number) => ({
    sentence: `Port ${port} cannot be opened.`,
    next: 'Choose another with --port. Another port has storage of its own.',
  }),
  at: (url: string, plainUrl: string): string =>
    `The verifier is at ${url}\nIf your browser does not find it: ${plainUrl} (with storage of its own)\n`,
} as const;

/** As many places as one line holds. */
const PLACES = 8;

export const VMSA_WORDS = {
  foreign: ({ variant, cpu, differsAt }: ClosestVmsa): string => {
    const shown = differsAt.slice(0, PLACES).map((offset) => `0x${offset.toString(16).padStart(3, '0')}`);
    const more = differsAt.length > PLACES ? ` and ${differsAt.length - PLACES} more` : '';
    const maker = `${variant} (${cpu === 'boot' ? 'boot CPU' : 'other CPUs'})`;
    return `as made by nobody known here: closest to ${maker}, with other bytes at ${shown.join(', ')}${more}`;
  },
} as const;

export const MEASUREMENT_WORDS = {
  length: (actual: number) => ({
    sentence: `A launch measurement has 48 bytes (32 of measure, 16 of nonce); this has ${actual}.`,
    next: 'Copy it again, from its first to its last character.',
  }),
} as const;

export const SESSION_WORDS = {
  refused: (isSharing: boolean) => ({
    verdict: 'REFUSED: no secret could ever be released under this policy. No session was made.',
    next: isSharing
      ? 'Choose a policy with NOKS, or accept key sharing with --accept-key-sharing. To measure a launch only: --no-secrets.'
      : 'Choose another policy. To measure a launch only: --no-secrets.',
  }),
} as const;

export const DIGEST_WORDS = {
  refused: 'REFUSED: the digest is right for these files, and they are not to be launched.',
} as const;

export const CHAIN_WORDS = {
  warned: (verdict: string): string => `WITH A WARNING, see above. ${verdict}`,
} as const;
