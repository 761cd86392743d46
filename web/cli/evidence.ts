// The verb `evidence`: checks the record of a launch again, from its bytes alone.
import { type Evidence, MAX_EVIDENCE_BYTES, parseEvidence } from '../../shared/evidence/record.ts';
import { fromUtf8 } from '../../shared/bytes/text.ts';
import { parseDeviceKey } from '../../shared/evidence/device-key.ts';
import type { ReadImage } from '../../shared/evidence/image-facts.ts';
import { type Check, type Recheck, recheckEvidence } from '../../shared/evidence/recheck.ts';
import { guestImageOf, withCode } from '../../shared/guest/guest-image.ts';
import type { ExitCode } from './exit-code.ts';
import { hashImage } from './hash-file.ts';
import { visibleLine } from '../../shared/text/visible.ts';
import { freeValues, type OptionTable } from './options.ts';
import { readFileIfThere, readSmallFile } from './read-file.ts';
import { KNOWN_ROOTS } from '../../shared/trust/known-roots.ts';
import { readTik } from './transport-key-files.ts';
import { type Result, verb } from './verb.ts';

const HELP = `Usage: sev-verifier evidence FILE [OPTIONS]

Checks the record of a launch again, as the web app exports it: that its chain leads to a root of AMD's that is pinned
here, that the launch digest follows from what the record says was measured, and that policy and firmware are as was
asked for. All of that anyone can write. A record is proven by the session's secret TIK, under which the measure is a
MAC, or by the signature of a device whose key you pinned; where a kernel was measured, the guest image must be known to
check it.

      --tik FILE     the session's TIK, 16 bytes: then the session blob and the measure are checked too
      --device-key KEY
                     the public key of the device that wrote the record (repeatable): the text from its Keys page, or a
                     file with it. A record that is not signed by it is refused
  -f, --firmware FILE
                     the guest image: proves what the record says of it
      --simulated    take a simulated platform too; it proves nothing about any hardware
      --json         one JSON object instead

Exit codes: 0 proven by the TIK or by a pinned device key; 1 refused or a mismatch; 2 wrong use or unreadable input; 3
nothing contradicts the record, and nothing proves it.
`;

const OPTIONS = {
  tik: { kind: 'text' },
  'device-key': { kind: 'list' },
  firmware: { kind: 'text', short: 'f' },
  simulated: { kind: 'flag' },
} as const satisfies OptionTable;

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: async ({ options, free }): Promise<Result> => {
    const [path] = freeValues(free, 'FILE') as [string];
    const evidence = parseEvidence(await readSmallFile(path, MAX_EVIDENCE_BYTES), path);
    const tik = options.tik === undefined ? undefined : await readTik(options.tik);
    const deviceKeys = await Promise.all(options['device-key'].map(readDeviceKey));
    const image = options.firmware === undefined ? undefined : readImage(options.firmware);
    const recheck = await recheckEvidence(evidence, { roots: KNOWN_ROOTS, tik, deviceKeys, image });
    return say(evidence, refuseSimulated(recheck, options.simulated));
  },
});

async function readDeviceKey(value: string): Promise<Uint8Array> {
  const file = await readFileIfThere(value);
  return parseDeviceKey(file ? fromUtf8(file, '--device-key') : value, '--device-key');
}

/** An image that says nothing of itself is still one, of which nothing is known. */
function readImage(path: string): ReadImage {
  const file = hashImage(path);
  const image = guestImageOf(file);
  return { sha256: file.sha256(), image: image && file.whole ? withCode(image, file.whole) : image };
}

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
  const isMeasured = checks.some(({ name, status: held }) => name === 'measure' && held === 'holds');
  const said = status === 'consistent' && isMeasured ? KERNEL_OPEN : VERDICTS[status];
  const answer = `${simulated ? 'SIMULATED: ' : ''}${said}`;
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
    exitCode: EXIT_CODES[status],
    json: { status, simulated, record, checks, untold },
    text,
    verdict: answer,
  };
}

const EXIT_CODES: Readonly<Record<Recheck['status'], ExitCode>> = {
  rechecked: 0,
  signed: 0,
  refused: 1,
  consistent: 3,
};
const MARKS: Readonly<Record<Check['status'], string>> = {
  holds: '[ok]',
  refused: '[NO]',
  said: '[ - ]',
  'not-checked': '[ ? ]',
};
const KERNEL_OPEN = 'MEASURE HOLDS, KERNEL NOT PROVEN: nothing shows that the guest image checks the measured kernel.';
const VERDICTS: Readonly<Record<Recheck['status'], string>> = {
  rechecked: 'RECHECKED: chain, digest, policy, firmware, session and measure hold.',
  signed: 'SIGNED, MEASURE NOT CHECKED: a device whose key you pinned wrote this record, unchanged.',
  consistent: 'CONSISTENT, MEASURE NOT CHECKED: nothing in the record contradicts it, and nothing proves it.',
  refused: 'REFUSED: do not rely on this record.',
};
