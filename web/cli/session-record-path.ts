// Where `session` puts its record, seen from the key files.
import { existsSync } from 'node:fs';
import { SevError } from '../../shared/errors.ts';

/** How a session is named on the command line: by its key files, and its record where that lies elsewhere. */
export interface NamedSession {
  readonly record?: string | undefined;
  readonly tk?: string | undefined;
  readonly tik?: string | undefined;
}

/**
 * The session's record: as it was named, or the one beside the keys. Without it nothing can be released: key files alone
 * do not say for which PDH they were wrapped, and whoever gave the PDH may hold its private key.
 * @throws SevError MEASURE_SESSION_IMPORTED when there is none
 */
export function requireRecord({ record, tk, tik }: NamedSession): string {
  if (record !== undefined) return record;
  const beside = recordBeside(tk ?? tik ?? '');
  if (beside !== undefined && existsSync(beside)) return beside;
  throw new SevError('MEASURE_SESSION_IMPORTED', {
    at: '--record',
    sentence: 'Nothing proves that the platform was verified before this session was made.',
    because: 'No record of it lies beside its keys.',
    next: 'Make the session with `sev-verifier session` and launch again, or say with --record where its record is.',
  });
}

/** The record beside key files that have the names which `session` gives them. */
function recordBeside(keyFile: string): string | undefined {
  if (/(^|\/)tmp_tk\.bin$/.test(keyFile)) return keyFile.replace(/tmp_tk\.bin$/, 'launch_record.json');
  if (/_tik\.bin$/.test(keyFile)) return keyFile.replace(/_tik\.bin$/, '_record.json');
  return undefined;
}
