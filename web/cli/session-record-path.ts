// Where `session` puts its record, seen from the key files.

/** The record beside key files that have the names which `session` gives them. */
export function recordBeside(keyFile: string): string | undefined {
  if (/(^|\/)tmp_tk\.bin$/.test(keyFile)) return keyFile.replace(/tmp_tk\.bin$/, 'launch_record.json');
  if (/_tik\.bin$/.test(keyFile)) return keyFile.replace(/_tik\.bin$/, '_record.json');
  return undefined;
}
