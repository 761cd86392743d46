// AMD's side of a chain: the root (ARK) is pinned and signs itself, and it signs the signing key (ASK).
import { SevError } from '../../errors.ts';
import { isZero } from '../../bytes/equal.ts';
import { toHex } from '../../bytes/text.ts';
import { verifyRsaPss } from '../../crypto/signatures.ts';
import { sha256Sync } from '../../crypto/sha256-stream.ts';
import type { CaCert } from '../formats/ca-cert.ts';
import { AMD_ROOTS } from '../../trust/amd-roots.ts';
import type { PinnedRoot } from '../../trust/pinned-root.ts';
import { SIMULATED_ARK_SHA256 } from '../../trust/simulated-ark.ts';
import { caHash } from './cert-id.ts';
import { signatureWrong } from './sev-links.ts';

/**
 * The ARK's whole key is a pinned one, both its ids are the pin's, and it signs itself; only a root that AMD serves
 * without its signature may lack it.
 *
 * @throws SevError CERT_ROOT_UNKNOWN, CERT_SIMULATED, CERT_NOT_SIMULATED, CERT_KEY_ID, CERT_SIGNATURE
 */
export async function verifyRoot(ark: CaCert, roots: readonly PinnedRoot[]): Promise<PinnedRoot> {
  const root = rootOfArk(ark, roots);
  if (!root) throw rootUnknown(ark, roots);
  requireKeyId(ark.keyId, root.keyId, 'ark.keyId', 'The root key is a pinned one, but carries another id.');
  requireKeyId(ark.certifyingKeyId, root.keyId, 'ark.certifyingKeyId', 'The root does not name itself as its signer.');
  // sev-tool takes AMD's file of Naples apart and fills the ARK with zeros to its full length.
  const isUnsigned = ark.signature === undefined || isZero(ark.signature);
  if (!(isUnsigned && root.servedWithoutSignature)) await verifyCaSignature(ark, ark);
  return root;
}

/**
 * The ASK names the ARK by all 16 bytes of its id and carries the ARK's signature.
 * @throws SevError CERT_KEY_ID, CERT_SIGNATURE
 */
export async function verifyAsk(ark: CaCert, ask: CaCert): Promise<void> {
  const because = 'The ASK names another root as its signer.';
  requireKeyId(ask.certifyingKeyId, toHex(ark.keyId), 'ask.certifyingKeyId', because);
  await verifyCaSignature(ark, ask);
}

/** The pinned root that has this whole key; undefined for a key that nobody pinned. Says nothing about the rest of the ARK. */
export function rootOfArk(ark: CaCert, roots: readonly PinnedRoot[]): PinnedRoot | undefined {
  const keySha256 = toHex(sha256Sync(ark.keyField));
  return roots.find((pin) => pin.keySha256 === keySha256);
}

/** The pinned root whose ASK this is by its whole key; undefined for an ASK that no root here is known to have signed. */
export function rootOfAsk(ask: CaCert, roots: readonly PinnedRoot[]): PinnedRoot | undefined {
  const keySha256 = toHex(sha256Sync(ask.keyField));
  return roots.find((pin) => pin.ask.keySha256 === keySha256);
}

/** A root that nobody pinned; a copied key id is called what it is. */
function rootUnknown(ark: CaCert, roots: readonly PinnedRoot[]): SevError {
  if (toHex(sha256Sync(ark.keyField)) === SIMULATED_ARK_SHA256) return new SevError('CERT_SIMULATED', { at: 'ark' });
  const onlySimulated = roots.length > 0 && roots.every(({ simulated }) => simulated);
  if (onlySimulated && rootOfArk(ark, AMD_ROOTS)) return new SevError('CERT_NOT_SIMULATED', { at: 'ark' });
  const copied = roots.find((pin) => pin.keyId === toHex(ark.keyId));
  if (!copied) return new SevError('CERT_ROOT_UNKNOWN', { at: 'ark' });
  const owner = copied.simulated ? 'the simulated root' : `AMD's root for ${copied.name}`;
  const sentence = `This root (ARK) carries the key id of ${owner}, but not its key: the file is damaged, or somebody copied the id.`;
  return new SevError('CERT_ROOT_UNKNOWN', { at: 'ark', sentence });
}

async function verifyCaSignature(signer: CaCert, subject: CaCert): Promise<void> {
  const at = `${subject.usage.toLowerCase()}.signature`;
  if (!subject.signature) {
    throw new SevError('CERT_SIGNATURE', { at, sentence: `The ${subject.usage} ends before its signature.` });
  }
  const hash = caHash(signer.modulusSizeBits);
  const isAsWide = subject.signature.length === signer.key.modulus.length;
  if (isAsWide && (await verifyRsaPss(signer.key, hash, subject.signature, subject.signedBody))) return;
  throw new SevError('CERT_SIGNATURE', { at, sentence: signatureWrong(signer.usage, subject.usage) });
}

function requireKeyId(actual: Uint8Array, expectedHex: string, at: string, because: string): void {
  if (toHex(actual) !== expectedHex) throw new SevError('CERT_KEY_ID', { at, because });
}
