// Files and answers → the messages that cross the air gap.
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { AirgapMessage } from '../../../shared/airgap/index.ts';
import { SevError } from '../../../shared/errors.ts';
import type { CaCert } from '../../../shared/sev/formats/ca-cert.ts';
import type { SevCert } from '../../../shared/sev/formats/sev-cert.ts';
import type { Piece, PieceKind, PieceOf } from '../../../shared/intake/piece.ts';
import { recognise } from '../../../shared/intake/recognise.ts';

const MAX_FILE_BYTES = 1024 * 1024;

/**
 * @returns one message for everything that the files hold
 * @throws SevError BYTES_UNKNOWN, BYTES_SWAPPED for what must not leave by a code, RELAY_FILE
 */
export async function messageOfFiles(paths: readonly string[], policy: number | undefined): Promise<AirgapMessage> {
  const pieces = (await Promise.all(paths.map(async (path) => recognise(readSmall(path), basename(path))))).flat();
  return messageOfPieces(pieces, policy);
}

export function messageOfPieces(pieces: readonly Piece[], policy: number | undefined): AirgapMessage {
  const find = <K extends PieceKind>(kind: K): PieceOf<K> | undefined =>
    pieces.find((piece): piece is PieceOf<K> => piece.kind === kind);
  const secret = find('private-key') ?? find('transport-key');
  if (secret)
    throw new SevError('BYTES_SWAPPED', { at: secret.source, sentence: 'This is a key. Keys do not leave by a code.' });
  const certs = certificatesAmong(pieces);
  const { pdh, pek, oca, cek, ask, ark } = certs;
  if (pdh && pek && oca && cek) return { kind: 'chain', pdh, pek, oca, cek, ...(ask && { ask }), ...(ark && { ark }) };
  const [godh, session, signed, csr] = [find('godh'), find('session'), find('pek-signed'), find('pek-csr')];
  if (godh && session) return launchOf(godh.cert.bytes, session.bytes, policy ?? find('launch-security')?.policy);
  if (signed && oca) return { kind: 'pek', pek: signed.cert.bytes, oca };
  if (csr) return { kind: 'csr', csr: csr.cert.bytes };
  const [measure, info, report] = [find('launch-measure'), find('launch-info'), find('attestation-report')];
  if (measure && info?.policy !== undefined) {
    const { apiMajor, apiMinor, build } = info;
    return { kind: 'measurement', measurement: measure.bytes, apiMajor, apiMinor, build, policy: info.policy };
  }
  if (report) return { kind: 'report', report: report.bytes };
  return singleCertificate(certs);
}

type Certificates = Partial<Record<'pdh' | 'pek' | 'oca' | 'cek' | 'ask' | 'ark', Uint8Array>>;

function certificatesAmong(pieces: readonly Piece[]): Certificates {
  const known = ['pdh', 'pek', 'oca', 'cek', 'ask', 'ark'];
  const found = pieces.filter((piece) => known.includes(piece.kind)) as {
    kind: keyof Certificates;
    cert: SevCert | CaCert;
  }[];
  return Object.fromEntries(found.map(({ kind, cert }) => [kind, cert.bytes]));
}

function singleCertificate(certs: Certificates): AirgapMessage {
  const [[name, cert] = []] = Object.entries(certs);
  if (Object.keys(certs).length === 1 && name !== undefined && cert !== undefined) {
    if (name === 'oca') return { kind: 'oca', oca: cert };
    return { kind: 'cert', role: name.toUpperCase() as 'PDH' | 'PEK' | 'CEK' | 'ASK' | 'ARK', cert };
  }
  throw new SevError('BYTES_UNKNOWN', {
    sentence: 'These files do not make up one message.',
    next: 'Give a chain, one certificate, a request, GODH and session, a measurement with query-sev, or a report.',
  });
}

function launchOf(godh: Uint8Array, session: Uint8Array, policy: number | undefined): AirgapMessage {
  if (policy !== undefined) return { kind: 'launch', godh, session, policy };
  throw new SevError('RELAY_USAGE', { at: '--policy', because: 'A session is of no use without its policy.' });
}

function readSmall(path: string): Uint8Array {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw new SevError('BYTES_TOO_LARGE', { at: path });
    return new Uint8Array(readFileSync(path));
  } catch (cause) {
    if (cause instanceof SevError) throw cause;
    throw new SevError('RELAY_FILE', {
      at: path,
      because: `The system said ${(cause as NodeJS.ErrnoException).code}.`,
      cause,
    });
  }
}
