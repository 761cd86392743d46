// Puts a platform's chain together from whatever has been given so far, and says what is still missing.
import { SevError } from '../errors.ts';
import { equalBytes } from '../bytes/equal.ts';
import type { CaCert } from '../sev/formats/ca-cert.ts';
import type { CertChain } from '../sev/formats/cert-chain.ts';
import type { SevCert } from '../sev/formats/sev-cert.ts';
import type { PinnedRoot } from '../trust/pinned-root.ts';
import type { PartialChain } from '../sev/verify/cert-chain.ts';
import { certMissing } from '../sev/verify/missing-certs.ts';
import { cekUnsigned, verifyCek } from '../sev/verify/sev-links.ts';
import { qmpRefusal, swapped } from './expect-piece.ts';
import type { Piece, PieceKind } from './piece.ts';

export interface CollectedChain {
  /** For `inspectCertChain`; unreadable certificates are in it, so that the drawing breaks where they stand. */
  readonly chain: PartialChain;
  /** All six, each of them readable: for `verifyCertChain`. */
  readonly whole?: CertChain;
  /** GET_ID of socket 0, 128 hex digits. */
  readonly chipId?: string;
  /** What is still needed, each with where it can be had: CERT_CHAIN_INCOMPLETE, CERT_CEK_UNSIGNED. */
  readonly missing: readonly SevError[];
  /** What does not go together: CERT_CEK_OTHER_CHIP, certificates of two platforms, an unreadable certificate. */
  readonly problems: readonly SevError[];
}

const PLATFORM = ['pdh', 'pek', 'oca'] as const;

/**
 * The latest piece of a kind counts. Of several CEKs the one that AMD signed counts, if its key is the platform's own; of
 * several ASKs the one that signed the CEK, and with it its ARK, so that all generations may be given at once.
 */
export async function collectChain(pieces: readonly Piece[], roots: readonly PinnedRoot[]): Promise<CollectedChain> {
  const problems: SevError[] = [];
  const chipId = pieces.filter((piece) => piece.kind === 'chip-id').findLast(({ socket }) => socket !== 1)?.id;
  const cek = chooseCek(certsOf(pieces, 'cek'), problems);
  const ask = await chooseAsk(certsOf(pieces, 'ask'), cek);
  const ark = chooseArk(certsOf(pieces, 'ark'), ask);
  const platform = Object.fromEntries(PLATFORM.map((name) => [name, chooseLatest(pieces, name, problems)]));
  const found: PartialChain = { ...platform, cek, ask, ark };
  const readable = Object.fromEntries(Object.entries(found).filter(([, cert]) => cert)) as Partial<CertChain>;
  const unreadable = unreadableOf(pieces, readable, problems);
  problems.push(...mistakenFor(pieces, { ...unreadable, ...readable }));
  const missing = missingFrom(readable, unreadable, roots, chipId);
  return {
    chain: { ...unreadable, ...readable },
    ...(isWhole(readable) && { whole: readable }),
    ...(chipId && { chipId }),
    missing,
    problems,
  };
}

type CertPiece = Extract<Piece, { cert: unknown }>;
type CertOf<K extends CertPiece['kind']> = Extract<CertPiece, { kind: K }>['cert'];

/** The certificates of one kind, each once, in the order in which they were given. */
function certsOf<K extends CertPiece['kind']>(pieces: readonly Piece[], kind: K): CertOf<K>[] {
  const certs = pieces.filter((piece) => piece.kind === kind).map((piece) => (piece as CertPiece).cert as CertOf<K>);
  return certs.filter((cert, i) => certs.findIndex((other) => equalBytes(other.bytes, cert.bytes)) === i);
}

function chooseLatest(
  pieces: readonly Piece[],
  name: (typeof PLATFORM)[number],
  problems: SevError[],
): SevCert | undefined {
  const certs = certsOf(pieces, name);
  if (certs.length > 1) {
    const because = `There are different ${name.toUpperCase()}s.`;
    problems.push(new SevError('CERT_MIXED', { at: name, because }));
  }
  return certs.at(-1);
}

const isSigned = (cek: SevCert): boolean => cek.signatures.some((slot) => slot !== undefined);

/** By its key: AMD's copy may name another API version than the firmware that exports the CEK now. */
const isSameKey = (a: SevCert, b: SevCert): boolean =>
  equalBytes(a.publicKey.x, b.publicKey.x) && equalBytes(a.publicKey.y, b.publicKey.y);

function chooseCek(ceks: readonly SevCert[], problems: SevError[]): SevCert | undefined {
  const exported = ceks.findLast((cek) => !isSigned(cek));
  const signed = ceks.filter(isSigned);
  const own = exported ? signed.filter((cek) => isSameKey(cek, exported)) : signed;
  if (own.length < signed.length) problems.push(new SevError('CERT_CEK_OTHER_CHIP', { at: 'cek' }));
  if (own.some((cek) => !isSameKey(cek, own[0]!)))
    problems.push(new SevError('CERT_MIXED', { at: 'cek', because: 'There are CEKs of different chips.' }));
  return own.at(-1) ?? exported;
}

async function chooseAsk(asks: readonly CaCert[], cek: SevCert | undefined): Promise<CaCert | undefined> {
  if (!cek || !isSigned(cek) || asks.length < 2) return asks.at(-1);
  const signs = await Promise.all(
    asks.map((ask) =>
      verifyCek(ask, cek).then(
        () => true,
        () => false,
      ),
    ),
  );
  return asks[signs.indexOf(true)] ?? asks.at(-1);
}

/** The ARK that the ASK names; of the two forms of Naples' the one with its signature. */
function chooseArk(arks: readonly CaCert[], ask: CaCert | undefined): CaCert | undefined {
  const named = ask ? arks.filter((ark) => equalBytes(ark.keyId, ask.certifyingKeyId)) : arks;
  const fitting = named.length > 0 ? named : arks;
  return fitting.findLast((ark) => ark.signature) ?? fitting.at(-1);
}

function unreadableOf(pieces: readonly Piece[], readable: Partial<CertChain>, problems: SevError[]): PartialChain {
  const unreadable = pieces.filter((piece) => piece.kind === 'unreadable').filter(({ name }) => !readable[name]);
  problems.push(...unreadable.map(({ error }) => error));
  return Object.fromEntries(unreadable.map(({ name, bytes, error }) => [name, { bytes, fault: error }]));
}

/** What was given where a certificate is missing: another of its form, or the answer that there is none. */
function mistakenFor(pieces: readonly Piece[], chain: PartialChain): SevError[] {
  const given = (kinds: readonly PieceKind[]): Piece[] => pieces.filter(({ kind }) => kinds.includes(kind));
  const refusals = pieces.filter((piece) => piece.kind === 'qmp-error').slice(0, 1);
  return [
    ...(chain.pdh ? [] : given(['godh']).map((piece) => swapped(piece, 'pdh', 'pdh'))),
    ...(chain.pek ? [] : given(['pek-csr', 'pek-signed']).map((piece) => swapped(piece, 'pek', 'pek'))),
    ...(chain.pdh ? [] : refusals.map((refusal) => qmpRefusal(refusal, 'pdh'))),
  ];
}

function missingFrom(
  readable: Partial<CertChain>,
  unreadable: PartialChain,
  roots: readonly PinnedRoot[],
  chipId: string | undefined,
): SevError[] {
  const names = (['PDH', 'PEK', 'OCA', 'CEK', 'ASK', 'ARK'] as const).filter((name) => {
    const place = name.toLowerCase() as keyof CertChain;
    return !readable[place] && !unreadable[place];
  });
  const missing = names.map((name) => certMissing(name, readable, roots));
  const unsigned = readable.cek && !isSigned(readable.cek) ? [cekUnsigned(chipId)] : [];
  // ASK and ARK come in one file: one sentence is enough.
  return [
    ...unsigned,
    ...missing.filter((error, i) => missing.findIndex((other) => other.sentence === error.sentence) === i),
  ];
}

const isWhole = (chain: Partial<CertChain>): chain is CertChain =>
  [chain.pdh, chain.pek, chain.oca, chain.cek, chain.ask, chain.ark].every((cert) => cert !== undefined);
