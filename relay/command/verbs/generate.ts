// `sev-relay generate`: a key and a certificate for an owner, in the files that sevctl writes.
import { rmSync } from 'node:fs';
import { makeOcaCertificate } from '../../../shared/sev/session/ownership.ts';
import { exportOwnerKey, makeOwnerKey } from '../../../shared/sev/session/owner-key.ts';
import { type Command, helpOf, HELP_FLAG, readCommandLine } from '../flags.ts';
import { print } from '../process-terminal.ts';
import { writeFile } from './platform-verb.ts';

export const GENERATE_COMMAND = {
  usage: 'sev-relay generate CERT KEY [OPTIONS]',
  summary:
    'Makes an owner: a certificate (OCA) and its private key, which is better made on another device than the host: the verifier does that too.',
  words: [2, 2],
  flags: {
    pem: { help: 'write the key in PEM, as sev-tool reads it, instead of DER' },
    'allow-ownership': { help: 'accepted for symmetry' },
    help: HELP_FLAG,
  },
} as const satisfies Command<Record<string, { help: string }>>;

export async function run(args: readonly string[]): Promise<number> {
  const { values, words } = readCommandLine(args, GENERATE_COMMAND);
  if (values.help) return print(helpOf(GENERATE_COMMAND));
  const [certPath, keyPath] = words as [string, string];
  const key = await makeOwnerKey({ extractable: true });
  const oca = await makeOcaCertificate(key);
  const bytes = await exportOwnerKey(key, values.pem ? 'sec1-pem' : 'sec1-der');
  try {
    writeFile(keyPath, bytes, 0o600);
  } finally {
    bytes.fill(0);
  }
  try {
    writeFile(certPath, oca);
  } catch (error) {
    // Half an owner is of no use, and the key would be in the way the next time.
    rmSync(keyPath, { force: true });
    throw error;
  }
  return print(`${certPath}: the owner's certificate\n${keyPath}: its private key, for your eyes only\n`);
}
