// The verb `evidence`: checks the record of a launch again, from its bytes alone.
import { type Evidence, MAX_EVIDENCE_BYTES, parseEvidence } from '../../shared/evidence/record.ts';
import { type Check, type Recheck, recheckEvidence } from '../../shared/evidence/recheck.ts';
import { visibleLine } from '../../shared/text/visible.ts';
import { freeValues, type OptionTable } from './options.ts';
import { readSmallFile } from './read-file.ts';
import { KNOWN_ROOTS } from '../../shared/trust/known-roots.ts';
import { readTik } from './transport-key-files.ts';
import { type Result, verb } from './verb.ts';

const HELP = `Usage: sev-verifier evidence FILE [--tik FILE] [OPTIONS]

Checks the record of a launch again, as the web app exports it: that its chain leads to a root of AMD's that is pinned
here, that the launch digest follows from what the record says was measured, and that policy and firmware are as was
asked for. The measure is a MAC under the session's secret TIK: without --tik nobody can check it, and it says so.

      --tik FILE     the session's TIK, 16 bytes: then the session blob and the measure are checked too
      --simulated    take a simulated platform too; it proves nothing about any hardware
      --json         one JSON object instead

Exit codes: 0 all that could be checked holds (read what could not), 1 refused or a mismatch, 2 wrong use or unreadable
input.
`;

const OPTIONS = { tik: { kind: 'text' }, simulated: { kind: 'flag' } } as const satisfies OptionTable;

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: async ({ options, free }): Promise<Result> => {
    const [path] = freeValues(free, 'FILE') as [string];
    const evidence = parseEvidence(await readSmallFile(path, MAX_EVIDENCE_BYTES), path);
    const tik = options.tik === undefined ? undefined : await readTik(options.tik);
    const recheck = await recheckEvidence(evidence, { roots: KNOWN_ROOTS, tik });
    return say(evidence, refuseSimulated(recheck, options.simulated));
  },
});

function refuseSimulated(recheck: Recheck, taken: boolean): Recheck {
  if (!recheck.simulated || taken) return recheck;
  const sentence = 'This is a SIMULATED platform: no hardware of AMD stands behind it. Take it with --simulated.';
  const checks = recheck.checks.map((check): Check =>
    check.name === 'chain' ? { ...check, status: 'refused', sentence } : check,
  );
  return { ...recheck, status: 'refused', checks };
}

function say({ launch, verdict, exported, app }: Evidence, recheck: Recheck): Result {
  const { status, simulated, checks, untold } = recheck;
  const record = { launch: launch.name, platform: launch.platform, verified: verdict.at, exported, build: app.build };
  const answer = `${simulated ? 'SIMULATED: ' : ''}${VERDICTS[status]}`;
  const text = [
    answer,
    '',
    `launch    ${launch.name}`,
    `platform  ${launch.platform}`,
    `verified  ${verdict.at}, so the record says`,
    '',
    ...checks.map((check) => visibleLine(`${MARKS[check.status]} ${check.name}: ${check.sentence}`)),
    '',
    'What this record cannot show:',
    ...untold.map((sentence) => `- ${sentence}`),
    '',
  ].join('\n');
  return {
    exitCode: status === 'refused' ? 1 : 0,
    json: { status, simulated, record, checks, untold },
    text,
    verdict: answer,
  };
}

const MARKS = { holds: '[ok]', refused: '[NO]', 'not-checked': '[ ? ]' };
const VERDICTS = {
  rechecked: 'RECHECKED: chain, digest, policy, firmware, session and measure hold.',
  consistent:
    'CONSISTENT, MEASURE NOT CHECKED: chain, digest, policy and firmware hold. Without the TIK no more can be said.',
  refused: 'REFUSED: do not rely on this record.',
};
