// The record of a launch for the file, out of what this device holds. Only public values are taken, each by its name.
import { type Evidence, leastVersion } from '../../../shared/evidence/record.ts';
import { toHex } from '../../../shared/bytes/text.ts';
import { plainName } from '../../../shared/text/visible.ts';
import { parseLaunchMeasure } from '../../../shared/sev/formats/launch-measure.ts';
import type { Finding } from '../../../shared/findings/finding.ts';
import type { LaunchRecord } from '../record/launch-record.ts';

export interface EvidenceParts {
  readonly record: LaunchRecord;
  readonly build: string;
  readonly now: number;
}

/** @returns undefined before there was a verdict */
export function evidenceOf({ record, build, now }: EvidenceParts): Evidence | undefined {
  const { session, judged } = record;
  if (!session || !judged) return undefined;
  const { reported, expected, root } = judged;
  const reports = reportsOf(record);
  const { measure, mnonce } = parseLaunchMeasure(reported.measurement);
  const { apiMajor, apiMinor, build: firmwareBuild, policy } = reported;
  const parts = { expected, ...(reports.length > 0 && { reports }) };
  return {
    format: 'sev-launch-evidence',
    version: leastVersion(parts),
    exported: instant(now),
    app: { build },
    launch: {
      name: plainName(record.name, 200),
      platform: plainName(record.platformName, 200),
      simulated: judged.simulated,
    },
    chain: record.chain,
    root,
    session: {
      policy: session.policy,
      acceptsKeySharing: session.acceptsKeySharing,
      godh: session.godh,
      blob: session.blob,
    },
    ...parts,
    expected: withShownNames(expected),
    reported: { measure: toHex(measure), mnonce: toHex(mnonce), apiMajor, apiMinor, build: firmwareBuild, policy },
    verdict: { kind: judged.kind, at: instant(judged.at), findings: judged.findings.map(shownFinding) },
    history: record.history.map(({ at, event, detail }) => ({
      at: instant(at),
      event,
      ...(detail !== undefined && { detail: plainName(detail, 400) }),
    })),
    foundInside: record.finalChecks ?? [],
  };
}

/** The reports that came; what was asked and never answered shows nothing. */
const reportsOf = ({ reports = [] }: LaunchRecord): NonNullable<Evidence['reports']> =>
  reports.flatMap(({ mnonce, askedAt, report, receivedAt = askedAt }) =>
    report ? { mnonce: toHex(mnonce), asked: instant(askedAt), report, received: instant(receivedAt) } : [],
  );

const instant = (ms: number): string => new Date(ms).toISOString();

/** Files are named by whoever made them; the record takes names that can be shown. */
function withShownNames(expected: Evidence['expected']): Evidence['expected'] {
  const { guestImage, kernel, cpus } = expected;
  const pages = cpus?.pages;
  return {
    ...expected,
    guestImage: shown(guestImage),
    ...(kernel && {
      kernel: { ...kernel, kernel: shown(kernel.kernel), ...(kernel.initrd && { initrd: shown(kernel.initrd) }) },
    }),
    ...(cpus &&
      pages && {
        cpus: { ...cpus, pages: { boot: shown(pages.boot), ...(pages.others && { others: shown(pages.others) }) } },
      }),
  };
}

const shown = <T extends { readonly name: string }>(file: T): T => ({ ...file, name: plainName(file.name, 256) });

/** A finding may quote what a host or a file says. */
const shownFinding = ({ sentence, next, expected, actual, ...finding }: Finding): Finding => ({
  ...finding,
  sentence: plainName(sentence, 600),
  ...(next !== undefined && { next: plainName(next, 600) }),
  ...(expected !== undefined && { expected: plainName(expected, 400) }),
  ...(actual !== undefined && { actual: plainName(actual, 400) }),
});
