// Fuzz target of the record of a launch: any bytes are refused by the schema, or checked without anything else than a verdict.
import { toHex, toUtf8 } from '../bytes/text.ts';
import { encodeMidstate } from '../crypto/sha256-midstate.ts';
import { sha256Sync, Sha256Stream } from '../crypto/sha256-stream.ts';
import { encodeEvidence, type Evidence, parseEvidence } from '../evidence/record.ts';
import { recheckEvidence } from '../evidence/recheck.ts';
import { KNOWN_ROOTS } from '../trust/known-roots.ts';
import { SIMULATED_ROOT } from '../trust/simulated-root.ts';
import { requireSame, type SeededTarget } from './fuzz-target.ts';

const image = new Uint8Array(64);
const hash = toHex(sha256Sync(image));
const AT = '2026-01-31T12:00:00.000Z';

/** Of the right form in every field; its chain proves nothing. */
const RECORD: Evidence = {
  ...{ format: 'sev-launch-evidence', version: 1, exported: AT, app: { build: 'b' } },
  launch: { name: 'n', platform: 'p', simulated: true },
  ...{ chain: new Uint8Array(8336), root: SIMULATED_ROOT.name },
  session: { policy: 5, acceptsKeySharing: false, godh: new Uint8Array(2084), blob: new Uint8Array(128) },
  expected: {
    launchDigest: hash,
    guestImage: {
      ...{ name: 'f', size: 64, sha256: hash, resetEip: 0xfffff0 },
      midstate: encodeMidstate(new Sha256Stream().update(image).midstate()),
    },
    kernel: { kernel: { name: 'k', size: 1, sha256: hash }, cmdline: 'a' },
    cpus: { vcpus: 2, model: 'EPYC', variant: 'qemu', debugSwap: true },
    floor: { apiMajor: 1, apiMinor: 55, build: 29 },
  },
  reported: { measure: hash, mnonce: hash.slice(32), apiMajor: 1, apiMinor: 55, build: 29, policy: 5 },
  verdict: { kind: 'release', at: AT, findings: [{ code: 'C', severity: 'ok', sentence: 's', actual: 'a' }] },
  history: [{ at: AT, event: 'verified' }],
  foundInside: ['sev-active'],
};

const WITH_REPORT: Evidence = {
  ...RECORD,
  version: 2,
  reports: [{ mnonce: hash.slice(32), asked: AT, report: new Uint8Array(208), received: AT }],
};

export const EVIDENCE_FUZZ_TARGETS: readonly SeededTarget[] = [
  {
    name: 'a record of a launch',
    seeds: [RECORD, WITH_REPORT].map((record) => toUtf8(encodeEvidence(record))),
    run: async (bytes) => {
      const evidence = parseEvidence(bytes);
      const written = toUtf8(encodeEvidence(evidence));
      requireSame(toUtf8(encodeEvidence(parseEvidence(written))), written);
      const { status } = await recheckEvidence(evidence, { roots: KNOWN_ROOTS });
      if (status !== 'refused') throw new Error('a record without a true chain was not refused');
    },
  },
];
