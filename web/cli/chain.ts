// The verb `chain`: does a platform's chain lead to AMD?
import { adviseOnGeneration } from '../../shared/advisories/advisories.ts';
import type { ChainReport } from '../../shared/sev/verify/cert-chain.ts';
import { sevctlVerifyText } from '../../shared/sev/verify/sevctl-tree.ts';
import { visibleLine } from '../../shared/text/visible.ts';
import { required } from './options.ts';
import { PLATFORM_HELP, PLATFORM_OPTIONS, type ReadPlatform, readPlatform } from './platform-files.ts';
import { errorText, type Result, verb } from './verb.ts';
import { CHAIN_WORDS } from './words.ts';

const HELP = `Usage: sev-verifier chain PATH… [OPTIONS]

Verifies a platform's chain up to a root of AMD's that is pinned by its whole key, and prints it with the ids of
\`sevctl verify\`. A PATH is a folder of certificates, a zip of sev-tool's, an export of sevctl's (with --full or
without), a single certificate, or what QMP or virsh printed; several are taken together.

${PLATFORM_HELP}
  --json             one JSON object instead

Exit codes: 0 genuine (or simulated, with --simulated), 1 refused, 2 wrong use or unreadable input, 3 genuine, with a
warning: something was given beside the chain that does not go with it, or a certificate is unusual.
`;

export const run = verb({
  help: HELP,
  options: PLATFORM_OPTIONS,
  act: async ({ options, free }): Promise<Result> => {
    required(free[0], 'PATH');
    const platform = await readPlatform({ ...options, paths: free });
    const { refusal, collected, report } = platform;
    const isWarned = collected.problems.length > 0 || report.notes.length > 0;
    const exitCode = refusal ? 1 : isWarned ? 3 : 0;
    const said = refusal ? REFUSED : verdictOf(report);
    const verdict = exitCode === 3 ? CHAIN_WORDS.warned(said) : said;
    return { exitCode, json: toJson(platform), text: toText(platform), verdict };
  },
});

/** `refused` also where every link holds, and the platform is simulated or another's. */
function toJson({ report, collected, refusal }: ReadPlatform): object {
  const { generation, certificates, links, notes, trusted } = report;
  return {
    status: refusal ? 'refused' : report.status,
    generation,
    root: trusted?.root.name,
    ...(refusal && { error: refusal }),
    certificates,
    links,
    notes,
    advisories: advisoriesOf(report),
    chipId: collected.chipId,
    missing: collected.missing,
    problems: collected.problems,
  };
}

function toText({ report, collected, refusal }: ReadPlatform): string {
  const links = report.links.map(({ status, sentence }) => visibleLine(`${MARKS[status]} ${sentence}`));
  const missing = collected.missing.filter((error) => error.sentence !== refusal?.sentence).map(errorText);
  const parts = [
    refusal ? `REFUSED\n${errorText(refusal)}` : verdictOf(report),
    links.join('\n'),
    sevctlVerifyText(report).trimEnd(),
    ...missing,
    ...collected.problems.filter((error) => error !== refusal).map(errorText),
    ...report.notes.map((note) => visibleLine(`Note: ${note}`)),
    refusal ? '' : advisoriesText(report),
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

/** What is published about processors of AMD's of this generation; nothing of simulated ones. */
const advisoriesOf = ({ status, trusted }: ChainReport) =>
  status === 'genuine' ? adviseOnGeneration(trusted!.root.generation, new Date()) : [];

/** By their names; the words are long, and in the JSON. */
function advisoriesText(report: ChainReport): string {
  const findings = advisoriesOf(report);
  const names = (severity: string): string =>
    findings
      .filter(({ code, severity: own }) => code.startsWith('ADVISORY_') && own === severity)
      .map(({ code }) => code.replace('ADVISORY_', ''))
      .join(', ');
  const lines = [
    ['Known weaknesses that the version of its SEV firmware tells of: ', names('unchecked')],
    ['Known weaknesses that no attestation tells of: ', names('note')],
  ].filter(([, ids]) => ids !== '');
  if (lines.length === 0) return '';
  return [...lines.map(([text, ids]) => `${text}${ids}.`), 'In words: --json, or the app.'].join('\n');
}

const MARKS = { verified: '[ok]', failed: '[NO]', unchecked: '[ ? ]' };

const REFUSED = 'REFUSED: do not use this platform.';
const verdictOf = ({ status, trusted }: ChainReport): string =>
  status === 'genuine'
    ? `GENUINE: this chain leads to AMD's root for ${trusted!.root.name}.`
    : 'SIMULATED: this chain leads to the published test root. It proves nothing about any hardware.';
