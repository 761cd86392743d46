// The verb `id-block`: what an SNP guest's owner signs beforehand, made, shown and verified.
import { toBase64, toHex, toUtf8 } from '../../shared/bytes/text.ts';
import { fromHex } from '../../shared/bytes/text.ts';
import { requireLength } from '../../shared/bytes/reader.ts';
import { placedIn, SevError } from '../../shared/errors.ts';
import type { IdBlock } from '../../shared/snp/formats/id-block.ts';
import { ID_AUTH_SIZE, ID_BLOCK_SIZE, parseIdBlock } from '../../shared/snp/formats/id-block.ts';
import { parseSnpPolicy, QEMU_SNP_POLICY } from '../../shared/snp/formats/policy.ts';
import { explainSnpPolicy } from '../../shared/snp/formats/policy-words.ts';
import { findSnpReport } from '../../shared/snp/formats/report-shapes.ts';
import { parseSnpReport, type SnpReport } from '../../shared/snp/formats/report.ts';
import { makeIdBlock, type MadeIdBlock } from '../../shared/snp/seal/id-block.ts';
import { verifyIdBlock, type VerifiedIdBlock } from '../../shared/snp/verify/id-block.ts';
import { importOwnerKey, type OwnerKey } from '../../shared/sev/session/owner-key.ts';
import { freeValues, type Given, type OptionTable, required } from './options.ts';
import { makePrivateFolder } from './private-folder.ts';
import { readFileOrBase64, readSmallFile } from './read-file.ts';
import { usage } from './usage.ts';
import { type Result, verb } from './verb.ts';
import { writeOutputs } from './write-file.ts';

const HELP = `Usage: sev-verifier id-block make --digest DIGEST --id-key FILE [OPTIONS]
       sev-verifier id-block show --id-block B --id-auth B
       sev-verifier id-block verify --id-block B --id-auth B [--digest DIGEST] [--policy N] [--report FILE]

An ID block names the launch digest and the policy of an SNP guest, signed by your key. The firmware refuses to start
another guest under it, and every report of the guest carries your key's digest.

make writes id-block.bin (96 bytes) and id-auth.bin (4,096 bytes), and prints them as QEMU and libvirt take them.
verify checks both signatures, and that the block is for this launch or is the one behind a report.

      --digest DIGEST  the launch digest: 48 bytes in hex or base64, or a file that holds them
      --policy N       the guest policy; 0x30000 unless said
      --id-key FILE    signs the block: P-384, PEM or DER
      --author-key FILE
                       signs the ID key. Firmware of 2022 refuses blocks without an author key.
      --family-id ID   16 bytes in hex, or a text of at most 16 bytes
      --image-id ID    the same
      --guest-svn N    your version number of the guest
      --out DIR        where make writes (default: here)
      --force          replace files that are there
      --id-block B  --id-auth B
                       a file, or base64
      --report FILE    an SNP report, in any shape; its signature is not checked here (see \`report\`)
      --json           one JSON object instead

Exit codes: 0 made, or both signatures hold and nothing differs; 1 refused; 2 wrong use or unreadable input.
`;

const OPTIONS = {
  digest: { kind: 'text' },
  policy: { kind: 'text' },
  'id-key': { kind: 'text' },
  'author-key': { kind: 'text' },
  'family-id': { kind: 'text' },
  'image-id': { kind: 'text' },
  'guest-svn': { kind: 'number' },
  out: { kind: 'text' },
  force: { kind: 'flag' },
  'id-block': { kind: 'text' },
  'id-auth': { kind: 'text' },
  report: { kind: 'text' },
} as const satisfies OptionTable;

type Options = Given<typeof OPTIONS>['options'];

const KEY_FILE_MAX = 16_384;
const REPORT_MAX = 512 * 1024;

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: ({ options, free }): Promise<Result> => {
    const [what, ...rest] = free;
    freeValues(rest);
    if (what === 'make') return make(options);
    if (what === 'show') return verify({ ...options, digest: undefined, policy: undefined, report: undefined });
    if (what === 'verify') return verify(options);
    throw usage('', 'It is `id-block make`, `id-block show` or `id-block verify`.');
  },
});

async function make(options: Options): Promise<Result> {
  const policy = readPolicy(options.policy) ?? QEMU_SNP_POLICY;
  parseSnpPolicy(policy, '--policy');
  const block: IdBlock = {
    launchDigest: await readDigest(required(options.digest, '--digest')),
    familyId: readId(options['family-id'], '--family-id'),
    imageId: readId(options['image-id'], '--image-id'),
    guestSvn: options['guest-svn'] ?? 0,
    policy,
  };
  const idKey = await readKey(required(options['id-key'], '--id-key'));
  const author = options['author-key'] === undefined ? undefined : await readKey(options['author-key']);
  const made = await makeIdBlock(block, idKey, author);
  const { out = '.' } = options;
  if (out !== '.') await makePrivateFolder(out);
  const files = [
    { path: `${out}/id-block.bin`, bytes: made.idBlock },
    { path: `${out}/id-auth.bin`, bytes: made.idAuth },
  ];
  await writeOutputs(files, options.force);
  const { json, text } = describe(made, made.verified);
  const lines = files.map(({ path }) => `written         ${path}\n`).join('');
  return { exitCode: 0, json: { status: 'made', ...json, files: files.map(({ path }) => path) }, text: text + lines };
}

async function verify(options: Options): Promise<Result> {
  const idBlock = await readBlob(options['id-block'], '--id-block', ID_BLOCK_SIZE);
  const idAuth = await readBlob(options['id-auth'], '--id-auth', ID_AUTH_SIZE);
  const policy = readPolicy(options.policy);
  const verified = await verifyIdBlock(idBlock, idAuth, {
    ...(options.digest !== undefined && { launchDigest: await readDigest(options.digest) }),
    ...(policy !== undefined && { policy }),
  });
  if (options.report !== undefined) requireReport(await readReport(options.report), verified);
  const { json, text } = describe({ idBlock, idAuth }, verified);
  const said = options.report === undefined ? SIGNED : `${SIGNED} ${OF_THIS_REPORT}`;
  return { exitCode: 0, json: { status: 'verified', ...json }, text: `${text}${said}\n` };
}

const SIGNED = 'Both signatures hold. Whose keys they are, you must know.';
const OF_THIS_REPORT =
  'The report carries the digests of these keys. Verify the report itself with `sev-verifier report`.';

/** Everything that the firmware copies from the block into a report. */
function requireReport(report: SnpReport, { block, idKeyDigest, authorKeyDigest }: VerifiedIdBlock): void {
  const author = report.authorKeyEnabled ? authorKeyDigest : new Uint8Array(48);
  const pairs: readonly (readonly [string, string, string])[] = [
    ['ID_KEY_DIGEST', toHex(report.idKeyDigest), toHex(idKeyDigest)],
    ['AUTHOR_KEY_DIGEST', toHex(report.authorKeyDigest), author ? toHex(author) : 'none'],
    ['MEASUREMENT', toHex(report.measurement), toHex(block.launchDigest)],
    ['POLICY', hexOf(report.policyValue), hexOf(block.policy)],
    ['FAMILY_ID', toHex(report.familyId), toHex(block.familyId)],
    ['IMAGE_ID', toHex(report.imageId), toHex(block.imageId)],
    ['GUEST_SVN', String(report.guestSvn), String(block.guestSvn)],
  ];
  const different = pairs.find(([, actual, expected]) => actual !== expected);
  if (!different) return;
  const [name, actual, expected] = different;
  throw new SevError('SNP_ID_LAUNCH', {
    at: `report.${name}`,
    sentence: 'The guest behind this report was not started under this ID block.',
    because: `${name} is ${actual}; the block says ${expected}.`,
    next: 'Do not trust this guest as yours. Ask the host for a launch with your ID block.',
  });
}

async function readReport(path: string): Promise<SnpReport> {
  const { report } = await findSnpReport(await readSmallFile(path, REPORT_MAX), path);
  return parseSnpReport(report);
}

function describe({ idBlock, idAuth }: Pick<MadeIdBlock, 'idBlock' | 'idAuth'>, verified: VerifiedIdBlock) {
  const { launchDigest, familyId, imageId, guestSvn, policy } = parseIdBlock(idBlock);
  const hasAuthor = verified.authorKeyDigest !== undefined;
  const [block, auth] = [toBase64(idBlock), toBase64(idAuth)];
  const json = {
    launchDigest: toHex(launchDigest),
    policy: hexOf(policy),
    familyId: toHex(familyId),
    imageId: toHex(imageId),
    guestSvn,
    idKeyDigest: toHex(verified.idKeyDigest),
    ...(verified.authorKeyDigest && { authorKeyDigest: toHex(verified.authorKeyDigest) }),
    idBlock: block,
    idAuth: auth,
  };
  const words = explainSnpPolicy(parseSnpPolicy(policy))
    .filter(({ on }) => on)
    .map(({ name }) => name);
  const text = [
    `launch digest   ${json.launchDigest}`,
    `policy          ${json.policy} (${words.join(', ') || 'no bits that matter'})`,
    `family id       ${json.familyId}`,
    `image id        ${json.imageId}`,
    `guest SVN       ${guestSvn} · 0x${guestSvn.toString(16)}`,
    `ID key          ${json.idKeyDigest}`,
    `author key      ${json.authorKeyDigest ?? 'none'}`,
    '',
    'QEMU, in -object sev-snp-guest,…:',
    `  id-block=${block},id-auth=${auth}${hasAuthor ? ',author-key-enabled=on' : ''},policy=${json.policy}`,
    "libvirt, in <launchSecurity type='sev-snp'>" + (hasAuthor ? " with authorKey='yes':" : ':'),
    `  <policy>${json.policy}</policy>`,
    `  <idBlock>${block}</idBlock>`,
    `  <idAuth>${auth}</idAuth>`,
    '',
  ].join('\n');
  return { json, text: `${text}\n` };
}

const hexOf = (value: bigint): string => `0x${value.toString(16)}`;

function readPolicy(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  if (/^(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})$/.test(text)) return BigInt(text);
  throw usage('--policy', 'It is a number, in decimal or as 0x….');
}

/** 48 bytes: hex, base64, or a file with either or with the bytes themselves. */
async function readDigest(value: string): Promise<Uint8Array> {
  if (/^[0-9a-fA-F]{96}$/.test(value)) return fromHex(value);
  const bytes = await readFileOrBase64(value, '--digest');
  const text = bytes.length === 96 || bytes.length === 97 ? new TextDecoder().decode(bytes).trim() : '';
  if (/^[0-9a-fA-F]{96}$/.test(text)) return fromHex(text);
  requireLength(bytes, 48, '--digest');
  return bytes;
}

function readId(text: string | undefined, at: string): Uint8Array {
  const id = new Uint8Array(16);
  if (text === undefined) return id;
  const bytes = /^[0-9a-fA-F]{32}$/.test(text) ? fromHex(text) : toUtf8(text);
  if (bytes.length > 16) throw usage(at, `It has ${bytes.length} bytes; at most 16 fit.`);
  id.set(bytes);
  return id;
}

async function readBlob(value: string | undefined, at: string, size: number): Promise<Uint8Array> {
  const bytes = await readFileOrBase64(required(value, at), at);
  requireLength(bytes, size, at);
  return bytes;
}

async function readKey(path: string): Promise<OwnerKey> {
  const bytes = await readSmallFile(path, KEY_FILE_MAX);
  try {
    return await importOwnerKey(bytes, { extractable: false });
  } catch (error) {
    throw error instanceof SevError ? placedIn(error, path) : error;
  } finally {
    bytes.fill(0);
  }
}
