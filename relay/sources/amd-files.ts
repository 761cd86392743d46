// AMD's certificates in the operator's files: recognised by what they hold, whatever they are called.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { caCertSize, type CaCert, parseCaCert } from '../../shared/sev/formats/ca-cert.ts';
import { parseSevCert, SEV_CERT_SIZE, type SevCert } from '../../shared/sev/formats/sev-cert.ts';

const MAX_FILE_BYTES = 64 * 1024;

/** What was found: CA certificates of any generation, and CEKs of any chip. */
export interface AmdShelf {
  readonly asks: readonly CaCert[];
  readonly arks: readonly CaCert[];
  readonly ceks: readonly SevCert[];
}

/**
 * Reads a file, or every file of a folder (not of its subfolders): single certificates, `ask_ark_*.cert` as AMD
 * hands it out, whole exports.
 * @throws SevError RELAY_FILE when a named file holds none of these; in a folder such files are passed over
 */
export function readAmdFiles(path: string): AmdShelf {
  const found = inFiles(path, () => {
    if (!statSync(path).isDirectory()) return [certificatesIn(readSmall(path), path)];
    const names = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile());
    return names.map(({ name }) => tryFile(join(path, name)));
  }).flat();
  const isCa = (cert: CaCert | SevCert): cert is CaCert => cert.usage === 'ARK' || cert.usage === 'ASK';
  const ca = found.filter(isCa);
  return {
    asks: ca.filter(({ usage }) => usage === 'ASK'),
    arks: ca.filter(({ usage }) => usage === 'ARK'),
    ceks: found.filter((cert): cert is SevCert => cert.usage === 'CEK'),
  };
}

function tryFile(path: string): (CaCert | SevCert)[] {
  try {
    return certificatesIn(readSmall(path), path);
  } catch (error) {
    if (error instanceof SevError) return [];
    throw error;
  }
}

/**
 * Certificates one after the other, each of which says its own size.
 * @throws SevError RELAY_FILE
 */
export function certificatesIn(bytes: Uint8Array, at: string): (CaCert | SevCert)[] {
  try {
    const certs: (CaCert | SevCert)[] = [];
    for (let offset = 0; offset < bytes.length; offset += certs.at(-1)!.bytes.length) {
      certs.push(firstCertificate(bytes.subarray(offset)));
    }
    return certs;
  } catch (cause) {
    if (!(cause instanceof SevError)) throw cause;
    throw new SevError('RELAY_FILE', { at, because: `It holds no certificates of AMD: ${cause.sentence}`, cause });
  }
}

// Usage is at 8 in a SEV certificate, where a CA certificate has its key id: try the one, then the other.
function firstCertificate(bytes: Uint8Array): CaCert | SevCert {
  if (bytes.length >= SEV_CERT_SIZE) {
    try {
      return parseSevCert(bytes.subarray(0, SEV_CERT_SIZE));
    } catch (error) {
      if (!(error instanceof SevError)) throw error;
    }
  }
  const size = caCertSize(bytes);
  return parseCaCert(bytes.length < size ? bytes : bytes.subarray(0, size));
}

function readSmall(path: string): Uint8Array {
  const { size } = statSync(path);
  if (size > MAX_FILE_BYTES) throw new SevError('RELAY_FILE', { at: path, because: `It has ${size} bytes.` });
  return new Uint8Array(readFileSync(path));
}

function inFiles<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof SevError) throw cause;
    const said = (cause as NodeJS.ErrnoException).code ?? 'no';
    throw new SevError('RELAY_FILE', { at: path, because: `The system said ${said}.`, cause });
  }
}
