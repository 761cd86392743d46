// Packing secrets for a launch that was just attested, as `validate --inject-secret` asks.
//
// Where the session's record lies beside its keys, everything is judged as in the app, the platform included. Other
// tools leave no record: then the platform is as unchecked as with virt-qemu-sev-validate, and that is said.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { toBase64 } from '../../../shared/bytes/text.ts';
import { mac } from '../../../shared/crypto/mac.ts';
import { webCryptoRandom } from '../../../shared/crypto/subtle.ts';
import { SevError } from '../../../shared/errors.ts';
import { apiAtLeast, parsePolicy, showPolicy } from '../../../shared/formats/policy.ts';
import { sealPacket, type SecretPacket } from '../../../shared/session/packet-crypto.ts';
import { encodeMeasuredLaunch, type ReportedLaunch } from '../../../shared/verify/launch-measure.ts';
import { parseSecretFile, readSecretTable, type SecretFile } from '../secret-files.ts';
import { recordBeside } from '../session-record-path.ts';
import { usage } from '../usage.ts';
import type { Attested } from './attest.ts';
import type { SecretFiles, ValidateOptions } from './options.ts';

export interface Injected {
  readonly count: number;
  readonly platform: 'genuine' | 'simulated' | 'unchecked';
}

interface Sealed extends Pick<Injected, 'platform'> {
  readonly packet: SecretPacket;
}

/** @throws SevError RELAY_USAGE, MEASURE_DEBUG_POLICY, MEASURE_API_TOO_OLD, MEASURE_SESSION_USED, MEASURE_SECRET_… */
export async function inject(
  attested: Attested,
  keys: ValidateOptions['keys'],
  { secrets, header, payload }: SecretFiles,
): Promise<Injected> {
  const files = secrets.map(parseOne);
  requireProtected(attested.reported);
  const table = await readSecretTable(files);
  try {
    const { packet, platform } = await seal(attested, keys, table);
    await write(header, packet.header);
    await write(payload, packet.payload);
    return { count: files.length, platform };
  } finally {
    table.fill(0);
  }
}

function parseOne(text: string): SecretFile {
  if (text.split(':').length !== 2) throw usage('--inject-secret', 'It is written as ALIAS-OR-GUID:PATH.');
  return parseSecretFile(text, '--inject-secret');
}

/** What libvirt's tool lets pass, and we do not: a host that may read the secret, or use the packet elsewhere. */
function requireProtected({ apiMajor, apiMinor, policy }: ReportedLaunch): void {
  if (!parsePolicy(policy).noDebug)
    throw new SevError('MEASURE_DEBUG_POLICY', { because: `It is ${showPolicy(policy)}.` });
  if (!apiAtLeast(apiMajor, apiMinor, 0, 17)) throw new SevError('MEASURE_API_TOO_OLD');
}

async function seal(attested: Attested, { tk, tik }: ValidateOptions['keys'], table: Uint8Array): Promise<Sealed> {
  const record = recordBeside(tk ?? tik ?? '');
  if (record !== undefined && existsSync(record)) {
    const { sealRecorded } = await import('../release.ts');
    return sealRecorded(record, attested, table);
  }
  const { keys, launchDigest, reported } = attested;
  // From our own digest; equal to the reported measure, or this launch would not have been attested.
  const measure = await mac(keys.tik, encodeMeasuredLaunch({ ...reported, launchDigest }));
  return { packet: await sealPacket(keys, measure, webCryptoRandom(16), table), platform: 'unchecked' };
}

/** Base64 without a newline, over what is there: as scripts expect it. Not secret: only the AMD-SP can read it. */
async function write(path: string, bytes: Uint8Array): Promise<void> {
  await writeFile(path, toBase64(bytes)).catch((cause: unknown) => {
    throw new SevError('VAULT_WRITE', {
      at: path,
      because: String((cause as NodeJS.ErrnoException).code ?? ''),
      cause,
    });
  });
}
