// Whether a platform's chain leads to a pinned root, and what each of its links says. SEV API, certificate chain.
import { toHex } from '../../bytes/text.ts';
import { SevError } from '../../errors.ts';
import { type CertChain, requireChainLength } from '../formats/cert-chain.ts';
import type { SevCert } from '../formats/sev-cert.ts';
import type { Generation, PinnedRoot } from '../../trust/pinned-root.ts';
import { rootOfArk, rootOfAsk } from './ca-links.ts';
import { type CertName, type CertSummary, summarizeCert } from './cert-id.ts';
import { type ChainHints, type LinkFinding, startLinks } from './cert-links.ts';
import { type ChainParts, type PartialChain, rereadChain, splitChainBytes } from './chain-parts.ts';

export type { CertName, CertSummary } from './cert-id.ts';
export type { ChainHints, LinkFinding } from './cert-links.ts';
export type { PartialChain } from './chain-parts.ts';

export interface ChainReport {
  /** `genuine` only under a root of AMD's; a simulated one is never genuine; anything amiss or unchecked is `refused`. */
  readonly status: 'genuine' | 'simulated' | 'refused';
  /** By the root where it is known, else by the ASK's key. */
  readonly generation?: Generation;
  /** From the PDH up, as sevctl lists them; those that are missing or cannot be read are left out. */
  readonly certificates: readonly CertSummary[];
  /** In telling order, from the root down. */
  readonly links: readonly LinkFinding[];
  /** True and harmless things that a careful reader would want to know. */
  readonly notes: readonly string[];
  /** The first fault in telling order. */
  readonly error?: SevError;
  readonly trusted?: TrustedPdh;
}

declare const brand: unique symbol;

/** A PDH that a session may be made for. Only a chain whose every link verified yields one. */
export interface TrustedPdh {
  readonly [brand]: true;
  readonly chain: Required<CertChain>;
  readonly pdh: SevCert;
  readonly generation: Generation;
  readonly simulated: boolean;
  readonly root: PinnedRoot;
  /** sevctl's ids, hex. */
  readonly pdhId: string;
  readonly pekId: string;
  readonly ocaId: string;
  readonly cekId: string;
}

/**
 * Verifies a whole chain up to one of the pinned roots.
 *
 * @returns the PDH that may now be trusted; it says itself whether its root is AMD's or the simulated one
 * @throws SevError the first fault from the root down: CERT_ROOT_UNKNOWN, CERT_SIMULATED, CERT_KEY_ID, CERT_SIGNATURE, CERT_SLOT,
 *   CERT_ALGORITHM, CERT_CEK_UNSIGNED, CERT_CHAIN_INCOMPLETE
 */
export async function verifyCertChain(
  chain: CertChain,
  roots: readonly PinnedRoot[],
  hints: ChainHints = {},
): Promise<TrustedPdh> {
  const { trusted, error } = await inspectCertChain(chain, roots, hints);
  if (trusted) return trusted;
  throw error ?? new SevError('CERT_CHAIN_INCOMPLETE');
}

/** Looks at every link of as much of a chain as there is. Never throws for bad certificates: they are findings. */
export const inspectCertChain = (
  chain: PartialChain,
  roots: readonly PinnedRoot[],
  hints: ChainHints = {},
): Promise<ChainReport> => inspectParts(rereadChain(chain), roots, hints);

/**
 * The same for the bytes of sevctl's export, of which single certificates may be unreadable.
 * @throws SevError BYTES_LENGTH when it cannot be a chain at all
 */
export async function inspectChainBytes(
  bytes: Uint8Array,
  roots: readonly PinnedRoot[],
  hints: ChainHints = {},
): Promise<ChainReport> {
  requireChainLength(bytes, 'chain');
  return inspectParts(splitChainBytes(bytes), roots, hints);
}

async function inspectParts(parts: ChainParts, roots: readonly PinnedRoot[], hints: ChainHints): Promise<ChainReport> {
  const checking = await startLinks(parts, roots, hints);
  const { pdh, pek, oca, cek, ask, ark } = parts.certs;
  const present = [pdh, pek, oca, cek, ask, ark].filter((cert) => cert !== undefined);
  const [certificates, links] = await Promise.all([Promise.all(present.map(summarizeCert)), checking.findings]);
  const root = ark && rootOfArk(ark, roots);
  const rootByAsk = ask && rootOfAsk(ask, roots);
  const generation = (root ?? rootByAsk)?.generation;
  const common = { certificates, links, ...(generation && { generation }) };
  const error = links.find((link) => link.error)?.error;
  if (error || !root || !links.every((link) => link.proven)) {
    return { status: 'refused', ...common, notes: [], ...(error && { error }) };
  }
  const notes = rootByAsk !== root ? [UNUSUAL_ASK] : toHex(ask!.keyId) !== root.ask.keyId ? [UNUSUAL_ASK_ID] : [];
  const trusted = trustPdh(parts.certs as Required<CertChain>, root, certificates);
  return { status: root.simulated ? 'simulated' : 'genuine', ...common, notes, trusted };
}

const trustedPdhs = new WeakSet<TrustedPdh>();

/** Whether a value came from this file; a look-alike that was built by hand or copied did not. */
export const isTrustedPdh = (value: TrustedPdh): boolean => trustedPdhs.has(value);

const UNUSUAL_ASK = 'The signing key (ASK) is signed by this root, but is not the one that is known to belong to it.';

const UNUSUAL_ASK_ID =
  'The signing key (ASK) is the one that belongs to this root, but carries another key id than the one that is known.';

function trustPdh(chain: Required<CertChain>, root: PinnedRoot, certificates: readonly CertSummary[]): TrustedPdh {
  const { generation, simulated } = root;
  const idOf = (name: CertName): string => certificates.find((cert) => cert.name === name)!.id;
  const ids = { pdhId: idOf('PDH'), pekId: idOf('PEK'), ocaId: idOf('OCA'), cekId: idOf('CEK') };
  // The one place where the brand is given; a copy with a word changed is not among them.
  const made = Object.freeze({ chain, pdh: chain.pdh, generation, simulated, root, ...ids }) as TrustedPdh;
  trustedPdhs.add(made);
  return made;
}
