// The verb `doctor`: why does the measurement differ? It names what would have matched, and accepts nothing.
import { diagnose, type DoctorReport } from '../../shared/sev/decide/doctor.ts';
import { DOCTOR_OPTIONS, withDoctorCase } from './doctor-case.ts';
import { own, painted } from '../../shared/text/painted.ts';
import { visibleLine } from '../../shared/text/visible.ts';
import { INPUT_HELP } from './launch-files.ts';
import { freeValues } from './options.ts';
import { REPORTED_HELP } from './reported.ts';
import type { Terminal } from './terminal.ts';
import { type Result, verb } from './verb.ts';

const HELP = `Usage: sev-verifier doctor --policy N --firmware FILE OPTIONS

Looks for the reason why a measurement is not the expected one: other images, kernels and CPUs, kernel hashes on or off,
numbers read in the wrong radix, another policy, another session's key, and more; one surprise, then two together. What
it finds is a diagnosis. It never accepts a launch, and nothing can be released by it.

      --policy N       the policy of the session
      --tik FILE  --tek FILE, or --tk FILE
                       the keys of the session
${REPORTED_HELP}
      --reported-policy N
                       the policy that the host reports, if it is another
${INPUT_HELP}
      --other-firmware FILE  --other-kernel FILE  --other-initrd FILE  --other-cmdline TEXT
                       what else the host may have started (each repeatable)
      --other-signature N
                       CPUID leaf 1 EAX of another CPU, such as the host's own (repeatable)
      --other-tik FILE the key of another session (repeatable)
      --pek FILE       the platform's PEK or chain, whose version may have been taken for the firmware's
      --report FILE    an attestation report of this guest, for its digest
      --depth N        how many surprises at once: 2 unless told; 3 takes minutes
      --json           one JSON object instead

Ctrl-C ends the search. Exit codes: 0 the measurement is the expected one after all, 1 it is not, whether or not the
reason was found, 2 wrong use or unreadable input.
`;

export const run = verb({
  help: HELP,
  options: DOCTOR_OPTIONS,
  act: async ({ options, free }, terminal): Promise<Result> => {
    freeValues(free);
    const started = performance.now();
    const report = await withDoctorCase(options, (given) =>
      interruptibly((signal) =>
        diagnose(given, {
          ...{ signal, onProgress: (tried) => showProgress(tried, terminal) },
          ...(options.depth !== undefined && { depth: options.depth }),
        }),
      ),
    );
    return say(report, performance.now() - started, options.depth ?? 2);
  },
});

/** The first Ctrl-C ends the search, which then says how far it came. */
async function interruptibly<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop);
  }
}

function showProgress(tried: number, { err, isLive }: Terminal): void {
  if (isLive) err(painted(own('lineStart'), `${tried.toLocaleString('en')} tried … `));
}

const ENDINGS: Readonly<Record<DoctorReport['ended'], string>> = {
  found: '',
  exhausted: 'NOT FOUND: none of the plausible other inputs gives this measurement.',
  aborted: 'ENDED before everything was tried.',
  limit: 'ENDED before everything was tried.',
};

/** Where nothing was found: what else it may be, and how to search on. */
const furtherSteps = (beyond: readonly string[], depth: number): readonly string[] => [
  'It may be, the likeliest first:',
  ...beyond.map((reason) => `  - ${reason}`),
  ...(depth < 3 ? ['Or three surprises at once: search again with --depth 3, which takes minutes.'] : []),
];

function say({ diagnosis, tried, ended, beyond }: DoctorReport, ms: number, depth: number): Result {
  const matches = diagnosis?.changes.length === 0;
  const json = { status: matches ? 'matches' : 'mismatch', ended, tried, ms: Math.round(ms), diagnosis, beyond };
  const text = [
    ...(diagnosis
      ? [`${matches ? 'MATCHES' : 'FOUND'}: ${diagnosis.sentence}`, `Next: ${diagnosis.next}`]
      : [ENDINGS[ended]]
    ).map(visibleLine),
    ...(diagnosis?.changes ?? []).map(({ factor, expected, found }) =>
      visibleLine(`  ${factor}: expected ${expected}; measured ${found}`),
    ),
    ...(ended === 'exhausted' && beyond ? furtherSteps(beyond, depth) : []),
    `${tried.toLocaleString('en')} ${tried === 1 ? 'candidate' : 'candidates'} in ${(ms / 1000).toFixed(1)} s.`,
    '',
  ].join('\n');
  const verdict = matches
    ? 'MATCHES: the measurement is the expected one.'
    : 'This is a diagnosis, not an acceptance: keep the secret.';
  return { exitCode: matches ? 0 : 1, json, text, verdict };
}
