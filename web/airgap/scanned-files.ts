// A platform's certificates out of codes, as the files that they would have come in.
import { type AirgapMessage, expectMessage } from '../../shared/airgap/index.ts';

const CHAIN = ['pdh', 'pek', 'oca', 'cek', 'ask', 'ark'] as const;

/** @throws SevError BYTES_SWAPPED when it holds no certificate of a platform */
export function filesOfMessage(message: AirgapMessage): readonly File[] {
  const scanned = expectMessage(message, { kinds: ['chain', 'cert', 'oca'] });
  const file = (bytes: Uint8Array, role: string): File => new File([bytes as BlobPart], scanned.name ?? `${role}.cert`);
  if (scanned.kind === 'cert') return [file(scanned.cert, scanned.role.toLowerCase())];
  if (scanned.kind === 'oca') return [file(scanned.oca, 'oca')];
  return CHAIN.flatMap((role) => (scanned[role] ? [file(scanned[role], role)] : []));
}
