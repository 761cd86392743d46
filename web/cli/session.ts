// The verb `session`: fresh keys for one launch on one verified platform, in the files of the other tools.
import { join } from 'node:path';
import { bothRadices, parseNumber } from '../../shared/bytes/number.ts';
import { toBase64, toUtf8 } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import type { Finding } from '../../shared/findings/finding.ts';
import { policyFindings } from '../../shared/sev/decide/policy-findings.ts';
import { parsePolicy, showPolicy } from '../../shared/sev/formats/policy.ts';
import { type LaunchSession, makeLaunchSession } from '../../shared/sev/session/launch-session.ts';
import { findingLines } from './findings.ts';
import { freeValues, type Given, type OptionTable, required } from './options.ts';
import { PLATFORM_HELP, PLATFORM_OPTIONS, trustPlatform } from './platform-files.ts';
import { makePrivateFolder } from './private-folder.ts';
import { encodeSessionRecord, forgetLaunch, requireUnused } from './session-record.ts';
import { usage } from './usage.ts';
import { type Result, verb } from './verb.ts';
import { SESSION_WORDS } from './words.ts';
import { type Output, writeOutputs } from './write-file.ts';

const HELP = `Usage: sev-verifier session --chain PATH --policy N [OPTIONS]
       sev-verifier session [OPTIONS] CHAIN POLICY

Makes a session for one launch: the certificate and the session blob that go to the host, and the keys TIK and TEK that
stay here. It is made only for a platform whose chain leads to AMD (see \`chain\`), and sevctl does not ask that.

  --chain PATH       the platform's chain: folder, zip, export or file (repeatable)
  --policy N         the policy of the guest, with its minimum API where it has one; nothing is cut off
  --accept-key-sharing
                     secrets may be released although the policy lets the host share the guest's key (NOKS clear)
  --no-secrets       make it also under a policy for which no secret is ever released: the launch can only be measured
  --format FORMAT    whose files: sevctl (the default) or sevtool
                       sevctl:  NAME_godh.b64 NAME_session.b64, NAME_tik.bin NAME_tek.bin, NAME_record.json
                       sevtool: godh.cert launch_blob.bin, tmp_tk.bin, launch_record.json
  --name NAME        begins the names of sevctl's files (default: vm)
  --out DIR          where they go (default: here); made for you alone when it is missing
  --force            replace files that are there
${PLATFORM_HELP}
  --json             one JSON object instead

Key files are readable by you alone (0600), and the folder must be one that others can neither read nor write. The
record is nothing secret: \`secret\` and \`validate\` find it beside the keys, and see by it that the platform was
verified and that the session serves one launch only.

Exit codes: 0 made; 1 refused: the platform, or a policy under which no secret could be released; 2 wrong use or
unreadable input.
`;

const OPTIONS = {
  ...PLATFORM_OPTIONS,
  chain: { kind: 'list' },
  policy: { kind: 'number' },
  'accept-key-sharing': { kind: 'flag' },
  'no-secrets': { kind: 'flag' },
  format: { kind: 'text' },
  name: { kind: 'text', short: 'n' },
  out: { kind: 'text' },
  force: { kind: 'flag' },
} as const satisfies OptionTable;

type Options = Given<typeof OPTIONS>['options'];

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: async ({ options, free }): Promise<Result> => {
    const { paths, policy } = readPlace(options, free);
    const format = readFormat(options.format);
    const name = readName(options.name);
    const findings = judgePolicy(policy, options);
    if (findings.some(({ severity }) => severity === 'refused')) return refuse(policy, findings);
    const trustedPdh = await trustPlatform({ ...options, paths });
    const out = options.out ?? '.';
    if (options.out !== undefined) await makePrivateFolder(out);
    let outputs: readonly Output[] = [];
    const raw: Uint8Array[] = [];
    try {
      const session = await makeLaunchSession({
        trustedPdh,
        policy,
        random: webCryptoRandom,
        acceptsKeySharing: options['accept-key-sharing'],
        godhForm: format === 'sevtool' ? 'sev-tool' : 'sevctl',
        rawKeys: ({ tek, tik }) => void raw.push(tek.slice(), tik.slice()),
      });
      const [tek, tik] = raw as [Uint8Array, Uint8Array];
      const record = await encodeSessionRecord(session, session.keys.tik, new Date());
      outputs = FORMATS[format]({ session, tek, tik, record, path: (file) => join(out, file), name });
      const recordPath = join(out, RECORD_NAMES[format](name));
      if (!options.force) await requireUnused(recordPath);
      await writeOutputs(outputs, options.force);
      if (options.force) await forgetLaunch(recordPath);
      return say(session, outputs, findings);
    } finally {
      for (const bytes of [...raw, ...outputs.filter(({ isKey }) => isKey).map(({ bytes }) => bytes)]) bytes.fill(0);
    }
  },
});

/** Before anything is made; a session that can release nothing is wanted only where that is said. */
function judgePolicy(policy: number, options: Options): readonly Finding[] {
  parsePolicy(policy, '--policy');
  const findings = policyFindings(policy, options['accept-key-sharing']);
  if (!options['no-secrets']) return findings;
  return findings.map((one) => (one.severity === 'refused' ? { ...one, severity: 'warning' } : one));
}

function refuse(policy: number, findings: readonly Finding[]): Result {
  const isSharing = findings.some(({ code }) => code === 'MEASURE_KEY_SHARING');
  const { verdict, next } = SESSION_WORDS.refused(isSharing);
  const json = { status: 'refused', policy: { value: policy, text: bothRadices(policy) }, findings };
  return { exitCode: 1, json, text: [verdict, next, ...findingLines(findings), ''].join('\n'), verdict };
}

interface Parts {
  readonly session: LaunchSession;
  readonly tek: Uint8Array;
  readonly tik: Uint8Array;
  readonly record: Uint8Array;
  readonly name: string;
  readonly path: (file: string) => string;
}

type Format = 'sevctl' | 'sevtool';

const RECORD_NAMES: Readonly<Record<Format, (name: string) => string>> = {
  sevctl: (name) => `${name}_record.json`,
  sevtool: () => 'launch_record.json',
};

const FORMATS: Readonly<Record<Format, (parts: Parts) => readonly Output[]>> = {
  sevctl: ({ session, tek, tik, record, path, name }) => [
    { path: path(`${name}_tik.bin`), bytes: tik, isKey: true },
    { path: path(`${name}_tek.bin`), bytes: tek, isKey: true },
    { path: path(RECORD_NAMES.sevctl(name)), bytes: record },
    { path: path(`${name}_godh.b64`), bytes: toUtf8(toBase64(session.godh)) },
    { path: path(`${name}_session.b64`), bytes: toUtf8(toBase64(session.blob)) },
  ],
  sevtool: ({ session, tek, tik, record, path, name }) => [
    { path: path('tmp_tk.bin'), bytes: concat(tek, tik), isKey: true },
    { path: path(RECORD_NAMES.sevtool(name)), bytes: record },
    { path: path('godh.cert'), bytes: session.godh },
    { path: path('launch_blob.bin'), bytes: session.blob },
  ],
};

/** Our own form with options, or sevctl's with two free values; never a mixture. */
function readPlace(options: Options, free: readonly string[]): { paths: readonly string[]; policy: number } {
  if (options.chain.length === 0 && options.policy === undefined) {
    if (free.length === 0) required(undefined, '--chain');
    const [chain, policy] = freeValues(free, 'CHAIN', 'POLICY') as [string, string];
    return { paths: [chain], policy: parseNumber(policy, 0xffff_ffff, 'POLICY') };
  }
  freeValues(free);
  required(options.chain[0], '--chain');
  return { paths: options.chain, policy: required(options.policy, '--policy') };
}

function readFormat(text = 'sevctl'): Format {
  if (text === 'sevctl' || text === 'sevtool') return text;
  throw usage('--format', `“${text}” is neither sevctl nor sevtool.`);
}

/** A name goes into file names: it must not lead elsewhere. */
function readName(text = 'vm'): string {
  if (/^\w[\w.-]*$/.test(text)) return text;
  throw usage('--name', 'A name has letters, digits, “_”, “-” and “.”, and does not begin with a dot or a dash.');
}

function say(session: LaunchSession, outputs: readonly Output[], findings: readonly Finding[]): Result {
  const { trustedPdh, policy, id } = session;
  const files = outputs.map(({ path, isKey = false }) => ({ path, secret: isKey }));
  const platform = trustedPdh.simulated ? 'SIMULATED platform' : trustedPdh.root.name;
  const text = [
    `Session for ${platform}, PDH ${trustedPdh.pdhId.slice(0, 16)}…, policy ${showPolicy(policy)}.`,
    ...files.map(({ path, secret }) => `  ${path}${secret ? '   keep secret' : ''}`),
    ...findingLines(findings),
    '',
  ].join('\n');
  const json = {
    status: 'made',
    id,
    platform: {
      status: trustedPdh.simulated ? 'simulated' : 'genuine',
      name: trustedPdh.root.name,
      pdhId: trustedPdh.pdhId,
    },
    policy: { value: policy, text: bothRadices(policy) },
    files,
    findings,
  };
  return { exitCode: 0, json, text };
}
