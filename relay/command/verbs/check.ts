// `sev-relay check`: the host readiness list, each line with its fix; the exit code says what this host can run.
import { readFileSync, writeFileSync } from 'node:fs';
import { SevError } from '../../../shared/errors.ts';
import type { HostCheck } from '../../../shared/relay-protocol.ts';
import { paint, painted, type Painted } from '../../../shared/text/painted.ts';
import { print, screen } from '../process-terminal.ts';
import { type Command, helpOf, HELP_FLAG, readCommandLine } from '../flags.ts';
import { type Recording, recordHost, replayHost } from '../../host/recording.ts';
import { realHost } from '../../host/readings.ts';
import { ALL_CHECKS, checkHost, type Readiness, readinessOf } from '../../host/host-checks.ts';

export const CHECK_COMMAND = {
  usage: 'sev-relay check [OPTIONS]',
  summary:
    'Tells whether this host can run SEV and SEV-ES guests. Ends with 0 for both, 3 for SEV alone, 1 for neither.',
  flags: {
    json: { help: 'print JSON' },
    all: { help: 'print every check, also those that pass' },
    sev: { value: 'PATH', help: 'the device of the AMD-SP (default /dev/sev)' },
    record: { value: 'FILE', help: 'also write down all that was read, so that somebody else can look' },
    replay: { value: 'FILE', help: 'check a host that was written down' },
    help: HELP_FLAG,
  },
} as const satisfies Command<Record<string, { value?: string; help: string }>>;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readCommandLine(args, CHECK_COMMAND);
  if (values.help) return print(helpOf(CHECK_COMMAND));
  const source = values.replay === undefined ? realHost : replayHost(readRecording(values.replay));
  const { host, recording } = recordHost(source);
  const checks = await checkHost({ sev: values.sev ?? '/dev/sev' }, host);
  if (values.record !== undefined)
    writeFileSync(values.record, `${JSON.stringify(recording, undefined, 2)}\n`, { mode: 0o600 });
  const readiness = readinessOf(checks);
  const style = { all: values.all ?? false, colors: screen.isTTY === true && process.env['NO_COLOR'] === undefined };
  print(
    values.json
      ? `${JSON.stringify({ ...readiness, checks }, undefined, 2)}\n`
      : describeChecks(checks, readiness, style),
  );
  return exitCodeOf(readiness);
}

export const exitCodeOf = ({ sev, sevEs }: Readiness): number => (sevEs ? 0 : sev ? 3 : 1);

const MARKS = {
  pass: ['PASS', 'green'],
  warn: ['WARN', 'yellow'],
  fail: ['FAIL', 'red'],
  skip: ['SKIP', 'dim'],
} as const satisfies Record<HostCheck['status'], unknown>;

/** The order in which causes are told: what rules SEV out, then SEV-ES, then the rest. */
const weight = ({ id, status }: HostCheck): number => {
  if (status !== 'fail') return 2;
  return ALL_CHECKS.find((check) => check.id === id)?.needed === 'sev' ? 0 : 1;
};

export interface CheckStyle {
  /** Every check in its order, also those that pass. */
  readonly all: boolean;
  readonly colors: boolean;
}

/** The verdict first, then the causes, each with its fix; what passed as a number, and what was skipped in one line. */
export function describeChecks(
  checks: readonly HostCheck[],
  { sev, sevEs }: Readiness,
  { all, colors }: CheckStyle = { all: false, colors: false },
): Painted {
  const causes = checks.filter(({ status }) => status === 'fail' || status === 'warn');
  const told = all ? checks : causes.toSorted((a, b) => weight(a) - weight(b));
  const verdict = sevEs
    ? 'This host can run SEV and SEV-ES guests.'
    : sev
      ? 'This host can run SEV guests, but no SEV-ES guests.'
      : 'This host cannot run SEV guests.';
  const skipped = checks.filter(({ status }) => status === 'skip').map(({ name }) => name);
  const passed = checks.filter(({ status }) => status === 'pass').length;
  const rest = [`Passed: ${passed}.`, ...(skipped.length > 0 ? [`Skipped: ${skipped.join(', ')}.`] : [])];
  return painted(
    colors ? paint('bold', verdict) : verdict,
    '\n\n',
    ...told.flatMap(({ name, status, message, fix }) => {
      const [mark, color] = MARKS[status];
      const shown = colors ? paint(color, mark) : mark;
      return ['[ ', shown, ` ] ${name}: ${message}\n`, ...(fix === undefined ? [] : [`         ${fix}\n`])];
    }),
    ...(told.length > 0 ? ['\n'] : []),
    `${rest.join(' ')}${all ? '' : ' `--all` prints every check.'}\n`,
  );
}

function readRecording(path: string): Recording {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Recording;
  } catch (cause) {
    throw new SevError('RELAY_FILE', { at: path, because: "This isn't a recording of a host.", cause });
  }
}
