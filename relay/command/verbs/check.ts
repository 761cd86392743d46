// `sev-relay check`: the host readiness list, each line with its fix; the exit code says what this host can run.
import { readFileSync, writeFileSync } from 'node:fs';
import { SevError } from '../../../shared/errors.ts';
import type { HostCheck } from '../../../shared/relay-protocol.ts';
import { print } from '../process-terminal.ts';
import { type Command, helpOf, HELP_FLAG, readCommandLine } from '../flags.ts';
import { type Recording, recordHost, replayHost } from '../../host/recording.ts';
import { realHost } from '../../host/readings.ts';
import { checkHost, type Readiness, readinessOf } from '../../host/host-checks.ts';

export const CHECK_COMMAND = {
  usage: 'sev-relay check [OPTIONS]',
  summary:
    'Tells whether this host can run SEV and SEV-ES guests. Ends with 0 for both, 3 for SEV alone, 1 for neither.',
  flags: {
    json: { help: 'print JSON' },
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
  print(
    values.json ? `${JSON.stringify({ ...readiness, checks }, undefined, 2)}\n` : describeChecks(checks, readiness),
  );
  return exitCodeOf(readiness);
}

export const exitCodeOf = ({ sev, sevEs }: Readiness): number => (sevEs ? 0 : sev ? 3 : 1);

const MARKS: Record<HostCheck['status'], string> = { pass: 'PASS', warn: 'WARN', fail: 'FAIL', skip: 'SKIP' };

export function describeChecks(checks: readonly HostCheck[], { sev, sevEs }: Readiness): string {
  const lines = checks.flatMap(({ name, status, message, fix }) => [
    `[ ${MARKS[status]} ] ${name}: ${message}`,
    ...(fix === undefined ? [] : [`         ${fix}`]),
  ]);
  const verdict = sevEs
    ? 'This host can run SEV and SEV-ES guests.'
    : sev
      ? 'This host can run SEV guests, but no SEV-ES guests.'
      : 'This host cannot run SEV guests.';
  return [...lines, '', verdict, ''].join('\n');
}

function readRecording(path: string): Recording {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Recording;
  } catch (cause) {
    throw new SevError('RELAY_FILE', { at: path, because: 'It is no recording of a host.', cause });
  }
}
