// `sev-relay export`: the platform's chain in the files that users of sevctl and sev-tool know.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { concat } from '../../../shared/bytes/writer.ts';
import { SevError } from '../../../shared/errors.ts';
import { type Command, helpOf, readCommandLine } from '../flags.ts';
import type { PlatformCertificates } from '../../sources/types.ts';
import { writeZip } from '../zip.ts';
import { print } from '../process-terminal.ts';
import { PLATFORM_FLAGS, withPlatform, writeFile } from './platform-verb.ts';

export const EXPORT_COMMAND = {
  usage: 'sev-relay export [--full] FILE|FOLDER|FILE.zip [OPTIONS]',
  summary:
    'Writes the chain: one file as sevctl does; into a folder or a zip, single certificates as sev-tool does (pdh.cert, pek.cert …).',
  words: [1, 1],
  flags: { full: { help: "with AMD's ASK and ARK" }, ...PLATFORM_FLAGS },
} as const satisfies Command<typeof PLATFORM_FLAGS & { full: { help: string } }>;

export async function run(args: readonly string[]): Promise<number> {
  const { values, words } = readCommandLine(args, EXPORT_COMMAND);
  if (values.help) return print(helpOf(EXPORT_COMMAND));
  const certificates = await withPlatform(values, (platform) => platform.certificates());
  const [target] = words as [string];
  const wanted = values.full ? requireCa(certificates) : withoutCa(certificates);
  if (target.endsWith('.zip')) writeFile(target, writeZip(singleFiles(wanted)));
  else if (isFolder(target)) writeFolder(target, wanted);
  else writeFile(target, concat(...inOrder(wanted)));
  return print(`${target}: ${inOrder(wanted).length} certificates\n`);
}

function requireCa(certificates: PlatformCertificates): PlatformCertificates {
  if (certificates.ask && certificates.ark) return certificates;
  throw new SevError('CERT_CHAIN_INCOMPLETE', {
    sentence: 'ASK and ARK of this platform are not known here.',
    next: 'Give them with --ca, let the relay reach AMD, or export without --full: a verifier has them itself.',
  });
}

const withoutCa = ({ pdh, pek, oca, cek }: PlatformCertificates): PlatformCertificates => ({ pdh, pek, oca, cek });

/** As in sevctl's export: PDH, PEK, OCA, CEK, ASK, ARK. */
const inOrder = ({ pdh, pek, oca, cek, ask, ark }: PlatformCertificates): Uint8Array[] =>
  [pdh, pek, oca, cek, ask, ark].filter((cert) => cert !== undefined);

/** As in sev-tool's export_cert_chain: one file a certificate. */
const singleFiles = (certificates: PlatformCertificates): Map<string, Uint8Array> => {
  const { pdh, pek, oca, cek, ask, ark } = certificates;
  const named = Object.entries({ pdh, pek, oca, cek, ask, ark });
  return new Map(named.flatMap(([name, cert]) => (cert === undefined ? [] : [[`${name}.cert`, cert]])));
};

function writeFolder(folder: string, certificates: PlatformCertificates): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, cert] of singleFiles(certificates)) writeFile(join(folder, name), cert);
  const { pek, oca, cek } = certificates;
  writeFile(join(folder, 'cert_chain.cert'), concat(pek, oca, cek));
}

const isFolder = (path: string): boolean =>
  path.endsWith('/') || (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
