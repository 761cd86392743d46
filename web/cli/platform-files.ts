// A platform's certificates from what was named on the command line: folders, zips, exports, single files.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { placedIn, SevError } from '../../shared/errors.ts';
import type { SevCert } from '../../shared/sev/formats/sev-cert.ts';
import { type CollectedChain, collectChain } from '../../shared/intake/collect-chain.ts';
import { expectPiece, swapped } from '../../shared/intake/expect-piece.ts';
import type { Piece, PieceKind } from '../../shared/intake/piece.ts';
import { isBystander, recognise } from '../../shared/intake/recognise.ts';
import { requireOwner } from '../../shared/sev/session/ownership.ts';
import { type ChainReport, inspectCertChain, type TrustedPdh } from '../../shared/sev/verify/cert-chain.ts';
import type { OptionTable } from './options.ts';
import { readSmallFile, SMALL_FILE_MAX, unreadable } from './read-file.ts';
import { KNOWN_ROOTS } from '../../shared/trust/known-roots.ts';

/** Options of every verb that reads a platform's chain. */
export const PLATFORM_OPTIONS = {
  ca: { kind: 'text' },
  oca: { kind: 'text' },
  simulated: { kind: 'flag' },
} as const satisfies OptionTable;

export const PLATFORM_HELP = `  --ca FILE          AMD's ask_ark_<generation>.cert, where the chain comes without it; trusted only if it is AMD's
  --oca FILE         the owner (OCA) that the platform must have
  --simulated        take a simulated platform too; it is never called genuine`;

export interface PlatformFiles {
  readonly paths: readonly string[];
  readonly ca?: string | undefined;
  readonly oca?: string | undefined;
  readonly simulated: boolean;
}

/** What the files say about a platform. */
export interface ReadPlatform {
  readonly collected: CollectedChain;
  readonly report: ChainReport;
  /** Why the platform is not to be used; undefined when it is. */
  readonly refusal: SevError | undefined;
}

const MAX_FILES = 256;

/** @throws SevError BYTES_… when a file cannot be read or is nothing known here */
export async function readPlatform(files: PlatformFiles): Promise<ReadPlatform> {
  const platform = (await Promise.all(files.paths.map(readPieces))).flat();
  requireCertificates(platform, files.paths);
  const ca = files.ca === undefined ? [] : await readFile(files.ca);
  if (files.ca !== undefined) expectPiece(ca, 'ask', files.ca);
  const pinned = files.oca === undefined ? undefined : await readOca(files.oca);
  const collected = await collectChain([...platform, ...ca], KNOWN_ROOTS);
  const report = await inspectCertChain(collected.chain, KNOWN_ROOTS, { chipId: collected.chipId });
  return { collected, report, refusal: refusalOf(report, collected, pinned, files.simulated) };
}

/** What speaks of a platform: its certificates, what may be taken for one, and the answer that there is none. */
const OF_CHAIN: ReadonlySet<PieceKind> = new Set<PieceKind>([
  ...(['pdh', 'pek', 'oca', 'cek', 'ask', 'ark', 'unreadable', 'godh', 'pek-csr', 'pek-signed', 'qmp-error'] as const),
]);

/** Where there is no certificate at all, nothing is incomplete: something else was given. */
function requireCertificates(pieces: readonly Piece[], paths: readonly string[]): void {
  if (pieces.some(({ kind }) => OF_CHAIN.has(kind))) return;
  const [first] = pieces;
  if (first) throw swapped(first, 'pdh', first.source || paths.join(', '));
}

/** @throws SevError the reason why the platform is not to be trusted; BYTES_… as readPlatform */
export async function trustPlatform(files: PlatformFiles): Promise<TrustedPdh> {
  const { report, refusal } = await readPlatform(files);
  if (refusal) throw refusal;
  return report.trusted!;
}

function refusalOf(
  report: ChainReport,
  { missing, problems }: CollectedChain,
  pinned: SevCert | undefined,
  takesSimulated: boolean,
): SevError | undefined {
  // Of two platforms neither may be taken for the one that was meant.
  const mixed = problems.find(({ code }) => code === 'CERT_MIXED');
  if (mixed) return mixed;
  if (report.status === 'refused') return report.error ?? missing[0] ?? new SevError('CERT_CHAIN_INCOMPLETE');
  if (report.status === 'simulated' && !takesSimulated) {
    return new SevError('CERT_ROOT_UNKNOWN', {
      at: 'ark',
      sentence: 'This is a SIMULATED platform: no hardware of AMD stands behind it.',
      next: 'Use it for practice only, with --simulated.',
    });
  }
  return pinned && otherOwner(report.trusted!, pinned);
}

function otherOwner(trusted: TrustedPdh, pinned: SevCert): SevError | undefined {
  try {
    requireOwner(trusted, pinned);
    return undefined;
  } catch (error) {
    if (error instanceof SevError) return error;
    throw error;
  }
}

async function readOca(path: string): Promise<SevCert> {
  return expectPiece(await readFile(path), 'oca', path).cert;
}

async function readPieces(path: string): Promise<readonly Piece[]> {
  const found = await stat(path).catch((cause: unknown) => Promise.reject(unreadable(path, cause)));
  return found.isDirectory() ? readFolder(path) : readFile(path);
}

/** Of several files it must be told which one is broken. */
export async function readFile(path: string): Promise<readonly Piece[]> {
  const bytes = await readSmallFile(path);
  try {
    return await recognise(bytes, path);
  } catch (error) {
    throw error instanceof SevError ? placedIn(error, path) : error;
  }
}

/** What is nothing known in a folder is passed over, as in a zip; something must be known. */
async function readFolder(path: string): Promise<readonly Piece[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  if (names.length > MAX_FILES) {
    throw new SevError('BYTES_TOO_LARGE', { at: path, because: `${names.length} files; ${MAX_FILES} are looked at.` });
  }
  const pieces = (await Promise.all(names.sort().map((name) => readFileOfFolder(join(path, name))))).flat();
  if (pieces.length > 0) return pieces;
  throw new SevError('BYTES_UNKNOWN', { at: path, sentence: 'Nothing in this folder is known here.' });
}

async function readFileOfFolder(path: string): Promise<readonly Piece[]> {
  const { size } = await stat(path);
  if (size === 0 || size > SMALL_FILE_MAX) return [];
  try {
    return await readFile(path);
  } catch (error) {
    if (isBystander(error)) return [];
    throw error;
  }
}
