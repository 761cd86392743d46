// The verb `report`: verifies an attestation report against a platform's chain.
import { requireLength } from '../../shared/bytes/reader.ts';
import { fromBase64, fromHex, toHex } from '../../shared/bytes/text.ts';
import { parseAttestationReport } from '../../shared/sev/formats/attestation-report.ts';
import { parsePolicy, showPolicy } from '../../shared/sev/formats/policy.ts';
import { expectPiece } from '../../shared/intake/expect-piece.ts';
import { recognise } from '../../shared/intake/recognise.ts';
import { asText } from '../../shared/intake/text.ts';
import { type VerifiedReport, verifyAttestationReport } from '../../shared/sev/verify/attestation-report.ts';
import { REPORT_LEAVES_UNPROVEN } from '../../shared/sev/verify/report-unproven.ts';
import { LAUNCH_HELP, LAUNCH_OPTIONS, readLaunch } from './launch-files.ts';
import { freeValues, type Given, type OptionTable, required } from './options.ts';
import { PLATFORM_HELP, PLATFORM_OPTIONS, trustPlatform } from './platform-files.ts';
import { readFileOrBase64, readSmallFile } from './read-file.ts';
import { usage } from './usage.ts';
import { type Result, verb } from './verb.ts';

const HELP = `Usage: sev-verifier report --chain PATH --mnonce N --policy N REPORT [OPTIONS]
       sev-verifier report CHAIN REPORT --signature-only --mnonce N

Verifies an attestation report of SEV or SEV-ES: that the chain leads to AMD, that its PEK signed the report, that the
nonce is the one you sent (16 bytes: \`openssl rand -base64 16\`), and that digest and policy are those you expect.
REPORT is a file of 208 bytes, or what QMP printed.

      --chain PATH     the platform's chain: folder, zip, export or file (repeatable)
      --mnonce N       the nonce that you sent: a file, base64 or 32 hex digits
      --policy N       the policy that you expect
${LAUNCH_HELP}
      --signature-only say what the report says, without comparing digest and policy: it then proves little
${PLATFORM_HELP}
      --json           one JSON object instead

Exit codes: 0 verified (or signed, with --signature-only), 1 refused, 2 wrong use or unreadable input.
`;

const OPTIONS = {
  ...LAUNCH_OPTIONS,
  ...PLATFORM_OPTIONS,
  chain: { kind: 'list' },
  mnonce: { kind: 'text' },
  policy: { kind: 'number' },
  'signature-only': { kind: 'flag' },
} as const satisfies OptionTable;

type Options = Given<typeof OPTIONS>['options'];

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: async ({ options, free }): Promise<Result> => {
    const { paths, file } = readPlaces(options, free);
    const mnonce = await readMnonce(required(options.mnonce, '--mnonce'));
    const expected = { mnonce, ...(await readExpected(options)) };
    const pieces = await recognise(await readSmallFile(file), file);
    const report = parseAttestationReport(expectPiece(pieces, 'attestation-report', file).bytes);
    const platform = await trustPlatform({ ...options, paths });
    return say(await verifyAttestationReport(report, platform, expected));
  },
});

function readPlaces({ chain }: Options, free: readonly string[]): { paths: readonly string[]; file: string } {
  if (chain.length > 0) {
    const [file] = freeValues(free, 'REPORT') as [string];
    return { paths: chain, file };
  }
  const [path, file] = freeValues(free, 'CHAIN', 'REPORT') as [string, string];
  return { paths: [path], file };
}

async function readMnonce(text: string): Promise<Uint8Array> {
  if (HEX.test(text)) return fromHex(text);
  const bytes = await readFileOrBase64(text, '--mnonce');
  // A file may hold what `openssl rand -base64 16` or `openssl rand -hex 16` printed.
  const inner = bytes.length === 16 ? '' : (asText(bytes)?.trim() ?? '');
  const mnonce = HEX.test(inner) ? fromHex(inner) : BASE64.test(inner) ? fromBase64(inner, '--mnonce') : bytes;
  requireLength(mnonce, 16, '--mnonce');
  return mnonce;
}

const HEX = /^[0-9a-fA-F]{32}$/;
const BASE64 = /^[A-Za-z0-9+/]{22}==$/;

async function readExpected(options: Options): Promise<{ launchDigest?: Uint8Array; policy?: number }> {
  const { policy } = options;
  if (options['signature-only']) {
    if (policy !== undefined) throw usage('--signature-only', 'With it nothing is compared, --policy neither.');
    return {};
  }
  const next = 'Or give --signature-only, which compares neither.';
  if (policy === undefined)
    throw usage('--policy', '--policy is missing, and so is what you expect to be measured.', next);
  return { policy, launchDigest: (await readLaunch(options, parsePolicy(policy, '--policy').es)).launchDigest };
}

function say({ report, simulated, unchecked }: VerifiedReport): Result {
  const isWhole = unchecked.length === 0;
  const json = {
    status: isWhole ? 'verified' : 'signed',
    simulated,
    mnonce: toHex(report.mnonce),
    launchDigest: toHex(report.launchDigest),
    policy: { value: report.policy, text: showPolicy(report.policy) },
    unchecked,
    unproven: REPORT_LEAVES_UNPROVEN,
  };
  const verdict = `${simulated ? 'SIMULATED: ' : ''}${isWhole ? WHOLE : SIGNED}`;
  const text = [
    verdict,
    `launch digest  ${toHex(report.launchDigest)}`,
    `policy         ${showPolicy(report.policy)}`,
    ...REPORT_LEAVES_UNPROVEN.map(({ sentence }) => `note: ${sentence}`),
    '',
  ].join('\n');
  return { exitCode: 0, json, text, verdict };
}

const WHOLE = 'VERIFIED: the platform signed this report for your nonce; digest and policy are as you expect.';
const SIGNED =
  'SIGNED, NOT COMPARED: the platform signed this report for your nonce. Digest and policy were not checked.';
