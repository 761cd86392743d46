// Certificates in a row: one alone, sevctl's export, PDH_CERT_EXPORT's buffers, ask_ark files, or some of them joined.
import { CA_CERT_SIZES } from '../sev/formats/sizes.ts';
import { SevError } from '../errors.ts';
import { isZero } from '../bytes/equal.ts';
import { verifyEcdsa } from '../crypto/signatures.ts';
import { caCertSize, parseCaCert } from '../sev/formats/ca-cert.ts';
import { requireUsage } from '../sev/formats/cert-chain.ts';
import { parseEcdsaSlotValue, parseSevCert, SEV_CERT_SIZE, type SevCert } from '../sev/formats/sev-cert.ts';
import { SIGNERS, USAGE, usageName } from '../sev/formats/sev-names.ts';
import type { Piece } from './piece.ts';
import { nameOfSource, type Place, placesOf } from './places.ts';

/** Whether these bytes are certificates by their beginning or by their size; they are then read and refused as such. */
export const looksLikeCertificates = (bytes: Uint8Array): boolean =>
  certAt(bytes) !== undefined || bytes.length === SEV_CERT_SIZE || placesOf(bytes.length) !== undefined;

/**
 * Reads certificates to the end of the bytes. Where the size says which file this is, each must be in its place. One that
 * cannot be read becomes a piece of its own where its place or its file's name says which it is, so that the rest can
 * still be shown.
 *
 * @returns no pieces when nothing is a certificate after all
 * @throws SevError as parseSevCert and parseCaCert, with the certificate's name in `at`; BYTES_LENGTH when the end is none
 */
export async function readCertificates(bytes: Uint8Array, source: string): Promise<Piece[]> {
  const places = placesOf(bytes.length);
  if (places) {
    const pieces = await Promise.all(places.map((place) => readPlace(bytes, place, source)));
    return pieces.some(isCertificate) ? pieces : [];
  }
  try {
    return await readRow(bytes, source);
  } catch (error) {
    const name = nameOfSource(source);
    if (!name || !(error instanceof SevError)) throw error;
    return [{ kind: 'unreadable', name, bytes: bytes.slice(), error, source }];
  }
}

/** One that can be read, or one that stands in another's place. */
const isCertificate = (piece: Piece): boolean => piece.kind !== 'unreadable' || piece.error.code === 'CERT_USAGE';

async function readPlace(bytes: Uint8Array, { name, start, end }: Place, source: string): Promise<Piece> {
  const own = bytes.slice(start, end);
  try {
    if (name === 'ask' || name === 'ark') {
      const cert = requireUsage(parseCaCert(own, name), name === 'ask' ? 'ASK' : 'ARK', name);
      return { kind: name, cert, source };
    }
    const usage = name.toUpperCase() as Uppercase<typeof name>;
    const cert = requireUsage(parseSevCert(own, name), usage, name);
    // In its place a PEK is the platform's, whatever signature it lacks: what it lacks is the verifier's to tell.
    if (name === 'pdh' && (await isGodh(cert))) throw new SevError('CERT_USAGE', { at: name, sentence: GODH_FOR_PDH });
    return { kind: name, cert, source };
  } catch (error) {
    if (!(error instanceof SevError)) throw error;
    return { kind: 'unreadable', name, bytes: own, error, source };
  }
}

const GODH_FOR_PDH = "This is a guest owner's certificate (GODH), where the platform's PDH belongs.";

async function readRow(bytes: Uint8Array, source: string): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const form = certAt(rest);
    if (!form && rest.length < SEV_CERT_SIZE && pieces.length > 0) throw leftOver(rest.length, pieces.at(-1)!);
    const [piece, size] = form === 'ca' ? readCa(rest, source) : await readSev(rest, source);
    pieces.push(piece);
    rest = rest.subarray(size);
  }
  return pieces;
}

function leftOver(count: number, { kind }: Piece): SevError {
  const because = `${count === 1 ? 'One more byte follows' : `${count} more bytes follow`} after the ${kind.toUpperCase()}.`;
  return new SevError('BYTES_LENGTH', { at: 'certificates', because });
}

function readCa(rest: Uint8Array, source: string): [Piece, number] {
  const at = u32(rest, 36) === USAGE.ARK ? 'ark' : 'ask';
  const size = at === 'ark' && rest.length === CA_CERT_SIZES.unsigned ? CA_CERT_SIZES.unsigned : caCertSize(rest, at);
  const cert = parseCaCert(rest.subarray(0, size), at);
  return [{ kind: at, cert, source }, size];
}

async function readSev(rest: Uint8Array, source: string): Promise<[Piece, number]> {
  const usage = rest.length >= 12 ? usageName(u32(rest, 8)) : undefined;
  const at = usage && usage in SIGNERS ? usage.toLowerCase() : (nameOfSource(source) ?? 'certificates');
  const cert = parseSevCert(rest.subarray(0, SEV_CERT_SIZE), at);
  return [{ kind: await kindOf(cert), cert, source }, SEV_CERT_SIZE];
}

const u32 = (bytes: Uint8Array, offset: number): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);

/** Which certificate begins here, by the fields that tell: version and usage, and a CA certificate's size. */
function certAt(bytes: Uint8Array): 'sev' | 'ca' | undefined {
  if (bytes.length < 64 || u32(bytes, 0) !== 1) return undefined;
  const isCa = [USAGE.ARK, USAGE.ASK].includes(u32(bytes, 36)) && isZero(bytes.subarray(40, 56));
  if (isCa && [2048, 4096].includes(u32(bytes, 60))) return 'ca';
  return [USAGE.OCA, USAGE.PEK, USAGE.PDH, USAGE.CEK].includes(u32(bytes, 8)) ? 'sev' : undefined;
}

type SevKind = Extract<Piece, { cert: SevCert }>['kind'];

async function kindOf(cert: SevCert): Promise<SevKind> {
  const signers = cert.signatures.flatMap((slot) => slot?.usage ?? []);
  if (cert.usage === 'PDH') return (await isGodh(cert)) ? 'godh' : 'pdh';
  if (cert.usage !== 'PEK') return cert.usage === 'OCA' ? 'oca' : 'cek';
  if (signers.length === 0) return 'pek-csr';
  return signers.length === 1 && signers[0] === 'OCA' ? 'pek-signed' : 'pek';
}

/** A GODH is unsigned (sevctl) or signed with its own key (sev-tool); a platform's PDH is signed by its PEK. */
async function isGodh(cert: SevCert): Promise<boolean> {
  const slot = cert.signatures.find((used) => used !== undefined);
  return !slot || verifyEcdsa(cert.publicKey, 'SHA-256', parseEcdsaSlotValue(slot.value), cert.signedBody);
}
