// Signing the record of a launch with the key of the device that wrote it, and looking at such a signature.
import { equalBytes } from '../bytes/equal.ts';
import { toUtf8 } from '../bytes/text.ts';
import { deviceKeyId, type DeviceSigner, verifyDeviceSignature } from './device-key.ts';
import { canonicalEvidence, type Evidence, SIGNED_VERSION } from './record.ts';

const CONTEXT = 'sev-launch-evidence.signature.v1\0';

/** What is signed: the context, and the record without its signature, as JSON without blanks in the schema's order. */
function messageOf({ signature: _, ...record }: Evidence): Uint8Array {
  return toUtf8(CONTEXT + canonicalEvidence(record));
}

/** The record with its device's signature. A signature that it had is replaced. */
export async function signEvidence(evidence: Evidence, signer: DeviceSigner): Promise<Evidence> {
  const record = { ...evidence, version: Math.max(evidence.version, SIGNED_VERSION) };
  const signature = await signer.sign(messageOf(record));
  return { ...record, signature: { key: signer.publicKey, signature } };
}

/** `pinned` alone proves anything; `unpinned` is right, and by a key that nobody was asked about. */
export interface SignatureState {
  readonly kind: 'missing' | 'wrong' | 'unpinned' | 'other' | 'pinned';
  /** The signing key's id; empty where there is none. */
  readonly id: string;
}

/** @param pinned the keys that the reader trusts, 65 bytes each */
export async function signatureOf(evidence: Evidence, pinned: readonly Uint8Array[]): Promise<SignatureState> {
  if (!evidence.signature) return { kind: 'missing', id: '' };
  const { key, signature } = evidence.signature;
  const id = await deviceKeyId(key);
  if (!(await verifyDeviceSignature(key, signature, messageOf(evidence)))) return { kind: 'wrong', id };
  if (pinned.length === 0) return { kind: 'unpinned', id };
  return { kind: pinned.some((one) => equalBytes(one, key)) ? 'pinned' : 'other', id };
}
