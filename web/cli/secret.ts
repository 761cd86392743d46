// The verb `secret`: packs secrets for one verified launch of a recorded session.
import { injectCommand, injectFiles, qmpInjectCommand } from '../../shared/configure/host-commands.ts';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { type Decision, decide, type Release } from '../../shared/sev/decide/decision.ts';
import type { Finding } from '../../shared/findings/finding.ts';
import { passphraseWarning } from '../../shared/guest/known-secrets.ts';
import { parsePolicy, showPolicy } from '../../shared/sev/formats/policy.ts';
import { parseSecretTable } from '../../shared/guest/secret-table.ts';
import type { SecretPacket } from '../../shared/sev/seal/secret-packet.ts';
import { visibleLine } from '../../shared/text/visible.ts';
import { findingLines } from './findings.ts';
import { type ExpectedLaunch, expectationOf, LAUNCH_HELP, LAUNCH_OPTIONS, readLaunch } from './launch-files.ts';
import { freeValues, type OptionTable, required } from './options.ts';
import { requireAsked, sealOnce } from './release.ts';
import { readReported, REPORTED_HELP, REPORTED_OPTIONS } from './reported.ts';
import { parseSecretFile, readSecretTable } from './secret-files.ts';
import { requireRecord } from './session-record-path.ts';
import { resumeFromRecord } from './session-record.ts';
import { KEY_OPTIONS, readTransportKeys } from './transport-key-files.ts';
import { type Result, verb } from './verb.ts';
import { type Output, writeOutputs } from './write-file.ts';

const HELP = `Usage: sev-verifier secret [build] OPTIONS HEADER PAYLOAD

Packs secrets for a launch, into the two files HEADER and PAYLOAD, with the options of \`sevctl secret build\`.

Unlike sevctl it believes no measurement. The packet is authenticated over the measurement that follows from your own
files, and made only if the host reports the same, under the session's policy, on firmware that binds secrets to the
launch (API 0.17), for a session that \`sev-verifier session\` made for a verified platform; once for each session.

      --tik FILE  --tek FILE
                       the keys of the session, or
      --tk FILE        both in one file, TEK first; only from files, never from the command line
      --record FILE    the session's record; found beside the keys when they have the names that \`session\` gave them
      --secret GUID:FILE
                       a secret (repeatable); the file as it is: no newline is cut, no NUL added.
                       luks-key stands for the GUID of a disk passphrase
${REPORTED_HELP}
      --policy N       the policy that the host reports, when it is to be compared with the session's
${LAUNCH_HELP}
      --accept-unread-image
                       release although nothing shows which guest image, kernel and CPUs are in a launch digest, or
                       the guest image cannot be read: you answer for it
      --base64         write base64 text, as virsh domsetlaunchsecstate reads it, instead of bytes as sevctl does;
                       says the command
      --simulated      pack for a simulated platform too: anyone can read what it gets
      --force          replace files that are there
      --json           one JSON object instead, with the QMP command

Exit codes: 0 packed, 1 withheld, 2 wrong use or unreadable input.
`;

const OPTIONS = {
  ...LAUNCH_OPTIONS,
  ...REPORTED_OPTIONS,
  ...KEY_OPTIONS,
  record: { kind: 'text' },
  secret: { kind: 'list', short: 's' },
  'accept-unread-image': { kind: 'flag' },
  base64: { kind: 'flag' },
  force: { kind: 'flag' },
  simulated: { kind: 'flag' },
} as const satisfies OptionTable;

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: async ({ options, free }): Promise<Result> => {
    const [header, payload] = freeValues(free[0] === 'build' ? free.slice(1) : free, 'HEADER', 'PAYLOAD') as [
      string,
      string,
    ];
    required(options.secret[0], '--secret');
    const files = options.secret.map((text) => parseSecretFile(text, '--secret'));
    const keys = await readTransportKeys(options);
    const record = requireRecord(options);
    const session = await resumeFromRecord(record, keys);
    const launch = await readLaunch(options, parsePolicy(session.policy).es, true);
    const reported = await readReported(options, session.policy);
    const expectation = expectationOf(launch, options['accept-unread-image']);
    const decision = await decide({ session, expectation, reported });
    const { policy } = session;
    const findings = [...decision.findings, ...imageWarnings(launch, decision)];
    if (decision.kind === 'withhold') return say(decision, { policy, findings }, []);
    const release = requireAsked(decision, options.simulated);
    const table = await readSecretTable(files, launch.inputs?.guestImage?.secretArea?.size);
    try {
      const packet = await sealOnce(record, release, table);
      const outputs = outputsOf(packet, header, payload, options.base64);
      await writeOutputs(outputs, options.force);
      const virsh = options.base64 ? { virsh: virshCommand(header, payload) } : {};
      return say(decision, { policy, findings }, outputs, { packet, table, ...virsh });
    } finally {
      table.fill(0);
    }
  },
});

/** What the image does in its own way; what is among the decision's findings is not said twice. */
const imageWarnings = ({ inputs }: ExpectedLaunch, { findings }: Decision): readonly Finding[] =>
  (inputs?.findings ?? []).filter(
    ({ severity, code }) => severity === 'warning' && !findings.some((other) => other.code === code),
  );

function outputsOf(packet: SecretPacket, header: string, payload: string, asText: boolean): readonly Output[] {
  const text = injectFiles(packet);
  return [
    { path: header, bytes: asText ? toUtf8(text.header) : packet.header },
    { path: payload, bytes: asText ? toUtf8(text.payload) : packet.payload },
  ];
}

interface Packed {
  readonly packet: SecretPacket;
  readonly table: Uint8Array;
  /** Where the files are what virsh reads. */
  readonly virsh?: string;
}

/** For the host's operator, who puts the guest's name in DOMAIN's place; a name that begins with a dash is no option. */
function virshCommand(header: string, payload: string): string {
  const plain = (path: string): string => (path.startsWith('-') ? `./${path}` : path);
  return injectCommand('DOMAIN', { header: plain(header), payload: plain(payload) });
}

interface Judged {
  readonly policy: number;
  readonly findings: readonly Finding[];
}

function say(decision: Decision, { policy, findings }: Judged, outputs: readonly Output[], packed?: Packed): Result {
  const { simulated } = decision;
  const warnings = packed ? warningsOf(packed.table) : [];
  const released = decision.kind === 'release';
  const json = {
    status: released ? 'released' : 'withheld',
    simulated,
    policy: { value: policy, text: showPolicy(policy) },
    findings,
    warnings,
    files: outputs.map(({ path }) => path),
    ...(packed && { qmp: qmpInjectCommand(packed.packet) }),
    ...(packed?.virsh !== undefined && { virsh: packed.virsh }),
  };
  const verdict = released ? verdictOf(decision) : 'WITHHELD: nothing was packed. Keep the secret.';
  const lines = [
    verdict,
    ...outputs.map(({ path }) => visibleLine(`  ${path}`)),
    ...(packed?.virsh === undefined ? [] : ['Inject it with', `  ${packed.virsh}`]),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...findingLines(findings),
    ...(findings.some(({ code }) => code === 'MEASURE_MISMATCH')
      ? ['`sev-verifier doctor` looks for the reason.']
      : []),
    '',
  ];
  return { exitCode: released ? 0 : 1, json, text: lines.join('\n'), verdict };
}

const verdictOf = ({ simulated }: Release): string =>
  simulated
    ? 'PACKED for a SIMULATED platform: nothing protects this secret.'
    : 'PACKED for this launch, and for no other.';

function warningsOf(table: Uint8Array): readonly string[] {
  const entries = parseSecretTable(table);
  const warnings = entries.flatMap(({ guid, data }) => passphraseWarning(guid, data) ?? []);
  for (const { data } of entries) data.fill(0);
  return warnings;
}
