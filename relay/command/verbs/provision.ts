// `sev-relay provision`: an owner takes the platform, with the owner's key here, or signing elsewhere in two steps.
import { readFileSync } from 'node:fs';
import { SevError } from '../../../shared/errors.ts';
import { parseSevCert } from '../../../shared/sev/formats/sev-cert.ts';
import { parsePekCsr, signPekCsr, verifyOca } from '../../../shared/sev/session/ownership.ts';
import { importOwnerKey } from '../../../shared/sev/session/owner-key.ts';
import { type Command, helpOf, readCommandLine, usageError } from '../flags.ts';
import type { PlatformSource } from '../../sources/types.ts';
import { print } from '../process-terminal.ts';
import { OWNER_FLAGS, requireOwnership, withPlatform, writeFile } from './platform-verb.ts';

export const PROVISION_COMMAND = {
  usage: 'sev-relay provision CERT KEY | --csr FILE | --import SIGNED-PEK OCA [OPTIONS]',
  summary:
    "Makes an owner's certificate the owner of this platform. With the owner's key elsewhere: --csr, sign there (the verifier, or `sevtool --sign_pek_csr`), --import.",
  words: [0, 2],
  flags: {
    csr: { value: 'FILE', help: 'write the request that the owner signs, and change nothing' },
    import: { help: "take the signed PEK and the owner's certificate" },
    ...OWNER_FLAGS,
  },
} as const satisfies Command<Record<string, { value?: string; bare?: true; help: string }>>;

const CONSEQUENCE = 'change the owner of this platform and make a new PDH; sessions made for the old one are void';
const MAX_FILE_BYTES = 16_384;

export async function run(args: readonly string[]): Promise<number> {
  const { values, words } = readCommandLine(args, PROVISION_COMMAND);
  if (values.help) return print(helpOf(PROVISION_COMMAND));
  if (values.csr !== undefined) {
    if (words.length > 0 || values.import) throw usageError('--csr stands alone.', '--csr');
    const csr = await withPlatform(values, (platform) => platform.owner.csr());
    writeFile(values.csr, csr);
    return print(`${values.csr}: the request, to be signed by the owner\n`);
  }
  const [first, second] = words;
  if (first === undefined || second === undefined)
    throw usageError(`Something is missing: ${PROVISION_COMMAND.usage}.`);
  await requireOwnership(values, CONSEQUENCE);
  return withPlatform(values, async (platform) => {
    if (values.import) await platform.owner.import(readFile(first), (await verifyOca(readFile(second))).bytes);
    else await provisionHere(platform, readFile(first), readFile(second));
    return print('The platform has a new owner and a new PDH. Export its chain again.\n');
  });
}

/** The seed guide's first option: the owner's key is on this host. */
async function provisionHere(platform: PlatformSource, certBytes: Uint8Array, keyBytes: Uint8Array): Promise<void> {
  const oca = await verifyOca(certBytes);
  const key = await importOwnerKey(keyBytes, { extractable: false });
  keyBytes.fill(0);
  const pek = parseSevCert((await platform.certificates()).pek, 'pek');
  const signed = await signPekCsr(parsePekCsr(await platform.owner.csr(), pek), { key, oca });
  await platform.owner.import(signed, oca.bytes);
}

function readFile(path: string): Uint8Array {
  try {
    const bytes = new Uint8Array(readFileSync(path));
    if (bytes.length <= MAX_FILE_BYTES) return bytes;
    throw new SevError('RELAY_FILE', { at: path, because: `It has ${bytes.length} bytes.` });
  } catch (cause) {
    if (cause instanceof SevError) throw cause;
    throw new SevError('RELAY_FILE', {
      at: path,
      because: `The system said ${(cause as NodeJS.ErrnoException).code}.`,
      cause,
    });
  }
}
