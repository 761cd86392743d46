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
import { ANYTHING, readSnpExpectation, SNP_EXPECT_HELP, SNP_EXPECT_OPTIONS } from './snp-expectation.ts';
import { holdsSnpReport, readSnpFiles, readSnpReport } from './snp-files.ts';
import { judgeSnp } from './snp-report.ts';
import { usage } from './usage.ts';
import { type Result, verb } from './verb.ts';

const HELP = `Usage: sev-verifier report --chain PATH --mnonce N --policy N REPORT [OPTIONS]
       sev-verifier report CHAIN REPORT --signature-only --mnonce N
       sev-verifier report [--chain PATH] REPORT --report-data B --measurement B [OPTIONS]   (SEV-SNP)

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

A report of SEV-SNP is recognized by its content, in any form: raw, hex, base64, a hex dump, the kernel's reply, with
its certificate table, Azure's HCL report, gzip. AMD's ARK, ASK and ASVK are known; --chain gives VCEK or VLEK and CRLs
where they did not come with the report. Further options for SEV-SNP:

      --snp            it is a report of SEV-SNP, whatever it looks like
      --as-of DATE     judge certificates as of this day, such as 2026-11-30; now unless said
${SNP_EXPECT_HELP}

Exit codes: 0 verified (or signed, with --signature-only); 1 refused; 2 wrong use or unreadable input; for SEV-SNP
also 3: signed and nothing differs, but not everything was asked for.
`;

const OPTIONS = {
  ...LAUNCH_OPTIONS,
  ...PLATFORM_OPTIONS,
  chain: { kind: 'list' },
  mnonce: { kind: 'text' },
  policy: { kind: 'number' },
  'signature-only': { kind: 'flag' },
  ...SNP_EXPECT_OPTIONS,
  snp: { kind: 'flag' },
  'as-of': { kind: 'text' },
} as const satisfies OptionTable;

type Options = Given<typeof OPTIONS>['options'];

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: async ({ options, free }): Promise<Result> => {
    const snpPath = free.at(-1);
    if (snpPath !== undefined && (options.snp || (await holdsSnpReport(snpPath)))) {
      return reportOfSnp(snpPath, free.slice(0, -1), options);
    }
    const { paths, file } = readPlaces(options, free);
    const mnonce = await readMnonce(required(options.mnonce, '--mnonce'));
    const expected = { mnonce, ...(await readExpected(options)) };
    const pieces = await recognise(await readSmallFile(file), file);
    const report = parseAttestationReport(expectPiece(pieces, 'attestation-report', file).bytes);
    const platform = await trustPlatform({ ...options, paths });
    return say(await verifyAttestationReport(report, platform, expected));
  },
});

async function reportOfSnp(path: string, before: readonly string[], options: Options): Promise<Result> {
  for (const name of ['mnonce', 'policy'] as const) {
    if (options[name] !== undefined) throw usage(`--${name}`, `--${name} is for reports of SEV and SEV-ES.`);
  }
  const signatureOnly = options['signature-only'];
  const now = new Date();
  return judgeSnp({
    found: await readSnpReport(path),
    files: await readSnpFiles([...options.chain, ...before]),
    expectation: signatureOnly ? ANYTHING : await readSnpExpectation(options),
    signatureOnly,
    simulated: options.simulated,
    asOf: readDay(options['as-of']) ?? now,
    now,
  });
}

/** A day, at its noon; or a whole time as JSON has it. */
function readDay(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T12:00:00Z` : text);
  if (!Number.isNaN(date.getTime())) return date;
  throw usage('--as-of', 'It is a day, such as 2026-11-30.');
}

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
