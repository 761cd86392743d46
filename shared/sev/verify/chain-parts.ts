// A chain taken apart for checking: what could be read, and what is wrong with the rest.
import { CA_CERT_SIZES } from '../formats/sizes.ts';
import { SevError } from '../../errors.ts';
import { type CaCert, caCertSize, parseCaCert } from '../formats/ca-cert.ts';
import { type CertChain, requireUsage, SEV_CHAIN_SIZE } from '../formats/cert-chain.ts';
import { parseSevCert, SEV_CERT_SIZE, type SevCert } from '../formats/sev-cert.ts';
import type { CertName } from './cert-id.ts';

/**
 * As much of a chain as there is. Only the bytes are looked at: whoever inspects may have some of the certificates yet, or
 * one that cannot be read, with the fault for which it was given up where more is known than its bytes tell.
 */
export type PartialChain = { readonly [Name in keyof CertChain]?: Part | undefined };

interface Part {
  readonly bytes: Uint8Array;
  readonly fault?: SevError;
}

/** The certificates that could be read, in fresh copies, and the faults of those that could not. */
export interface ChainParts {
  readonly certs: { -readonly [Name in keyof CertChain]?: NonNullable<CertChain[Name]> };
  readonly faults: Partial<Record<CertName, SevError>>;
}

const SEV_NAMES = ['pdh', 'pek', 'oca', 'cek'] as const;
const CA_NAMES = ['ask', 'ark'] as const;
type Place = (typeof SEV_NAMES)[number] | (typeof CA_NAMES)[number];

/**
 * Reads every certificate anew from its own bytes. What is then checked are copies that nobody else holds, in which no
 * field can differ from the bytes that were signed.
 */
export function rereadChain(chain: PartialChain): ChainParts {
  return readParts(
    [...SEV_NAMES, ...CA_NAMES].map((place) => [place, chain[place]?.bytes, chain[place]?.fault] as const),
  );
}

/** Takes sevctl's export apart without giving up at the first certificate that cannot be read. */
export function splitChainBytes(bytes: Uint8Array): ChainParts {
  const sev = SEV_NAMES.map((name, i) => [name, bytes.subarray(i * SEV_CERT_SIZE, (i + 1) * SEV_CERT_SIZE)] as const);
  const ca = bytes.subarray(SEV_CHAIN_SIZE);
  if (ca.length === 0) return readParts(sev);
  // The ASK's own header may be what is broken; the two lengths that occur tell the places then.
  const askSize = sizeOrElse(ca, ca.length > 2 * CA_CERT_SIZES.short ? CA_CERT_SIZES.long : CA_CERT_SIZES.short);
  return readParts([...sev, ['ask', ca.subarray(0, askSize)], ['ark', ca.subarray(askSize)]]);
}

type Source = readonly [place: Place, bytes: Uint8Array | undefined, fault?: SevError | undefined];

function readParts(sources: readonly Source[]): ChainParts {
  const parts: ChainParts = { certs: {}, faults: {} };
  for (const [place, bytes, fault] of sources) {
    const name = place.toUpperCase() as CertName;
    if (!bytes) continue;
    try {
      if (fault) throw fault;
      Object.assign(parts.certs, { [place]: readPart(name, bytes, place) });
    } catch (error) {
      if (!(error instanceof SevError)) throw error;
      parts.faults[name] = error;
    }
  }
  return parts;
}

function readPart(name: CertName, bytes: Uint8Array, at: string): SevCert | CaCert {
  return name === 'ARK' || name === 'ASK'
    ? requireUsage(parseCaCert(bytes, at), name, at)
    : requireUsage(parseSevCert(bytes, at), name, at);
}

function sizeOrElse(ca: Uint8Array, otherwise: number): number {
  try {
    return caCertSize(ca, 'ask');
  } catch (error) {
    if (error instanceof SevError) return otherwise;
    throw error;
  }
}
