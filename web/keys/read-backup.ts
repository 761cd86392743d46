// A backup's file, bounded before it is read.
import { SevError } from '../../shared/errors.ts';
import { MAX_BACKUP_SIZE } from '../vault/backup/limits.ts';

/** @throws SevError VAULT_BACKUP */
export async function readBackupFile(file: File): Promise<Uint8Array> {
  if (file.size > MAX_BACKUP_SIZE) throw new SevError('VAULT_BACKUP', { because: 'It is too large for one.' });
  return new Uint8Array(await file.arrayBuffer());
}
