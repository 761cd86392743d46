// Packing secrets for a launch that was just attested, as `validate --inject-secret` asks: the one place where this verb
// differs from libvirt's tool on purpose. That tool packs for any keys; here the session's record must show that the
// platform was verified before the keys were made, and everything is judged as in the app.
import { lstat, open, rm } from 'node:fs/promises';
import { toBase64 } from '../../../shared/bytes/text.ts';
import { SevError } from '../../../shared/errors.ts';
import { cmdlineFindings } from '../../../shared/guest/cmdline.ts';
import { imageFindings } from '../../../shared/guest/image-findings.ts';
import { expectMeasured } from '../../../shared/sev/decide/expectation.ts';
import { apiAtLeast, parsePolicy, showPolicy } from '../../../shared/sev/formats/policy.ts';
import type { SecretPacket } from '../../../shared/sev/seal/secret-packet.ts';
import type { ReportedLaunch } from '../../../shared/sev/verify/launch-measure.ts';
import { ORIGINS } from '../launch-files.ts';
import { parseSecretFile, readSecretTable, type SecretFile } from '../secret-files.ts';
import { requireRecord } from '../session-record-path.ts';
import { usage } from '../usage.ts';
import type { Attested } from './attest.ts';
import type { SecretFiles, ValidateOptions } from './options.ts';

export interface Injected {
  readonly count: number;
  readonly platform: 'genuine' | 'simulated';
}

/**
 * @throws SevError RELAY_USAGE, MEASURE_DEBUG_POLICY, MEASURE_API_TOO_OLD, MEASURE_SESSION_IMPORTED,
 *   MEASURE_SESSION_USED, MEASURE_SECRET_…, and whatever else speaks against the release
 */
export async function inject(
  attested: Attested,
  { keys: { tk, tik }, acceptsUnread }: Pick<ValidateOptions, 'keys' | 'acceptsUnread'>,
  files: SecretFiles,
): Promise<Injected> {
  const { secrets, record, simulated } = files;
  const asked = secrets.map(parseOne);
  requireProtected(attested.reported);
  const unchecked = uncheckedKernel(attested);
  if (unchecked !== undefined) {
    const next = 'Launch again with a guest image that was built for SEV (AmdSev), and a new session.';
    throw new SevError('MEASURE_NOT_VERIFIED', { at: '--kernel', sentence: unchecked, next });
  }
  const recordPath = requireRecord({ record, tk, tik });
  const table = await readSecretTable(asked);
  try {
    // Loaded only here: most runs attest, and pack nothing.
    const { sealRecorded } = await import('../release.ts');
    const { keys, reported, ...measured } = attested;
    const expectation = expectMeasured(measured, { origins: ORIGINS, ...measured, acceptsUnread });
    const { packet, platform } = await sealRecorded(recordPath, { keys, reported, expectation }, table, simulated);
    await writeBoth(files, packet);
    return { count: asked.length, platform };
  } finally {
    table.fill(0);
  }
}

/** A kernel that was measured, and that the guest image does not check or may not: the host may start another. */
export function uncheckedKernel({ kernelHashes, guestImage, vouched }: Attested): string | undefined {
  if (!kernelHashes) return undefined;
  // Which platform it is, is only known with the session's record; `decide` takes the demo image for a simulated one alone.
  const trust = { vouched, simulated: true };
  const findings = imageFindings(guestImage, { kernelHashes, es: false, secret: false }, trust);
  return findings.find(({ severity }) => severity === 'refused')?.sentence;
}

/** What in the command line opens the guest to its host. */
export const cmdlineWarnings = ({ cmdline = '' }: Attested): readonly string[] =>
  cmdlineFindings(cmdline).flatMap(({ severity, sentence }) => (severity === 'warning' ? [sentence] : []));

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

/**
 * Base64 without a newline, over what is there, pipes too: as scripts expect it. Not secret: only the AMD-SP can read it.
 * What could not be written whole is taken away again, and so is a header without its payload.
 */
async function writeBoth({ header, payload }: SecretFiles, packet: SecretPacket): Promise<void> {
  await write(header, packet.header);
  try {
    await write(payload, packet.payload);
  } catch (error) {
    await removeFile(header);
    throw error;
  }
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const failed = (cause: unknown): never => {
    const because = String((cause as NodeJS.ErrnoException).code ?? '');
    throw new SevError('VAULT_WRITE', { at: path, because, cause });
  };
  const file = await open(path, 'w').catch(failed);
  try {
    await file.writeFile(toBase64(bytes));
  } catch (cause) {
    await removeFile(path);
    failed(cause);
  } finally {
    await file.close();
  }
}

/** Leaves alone what is no file: a pipe, or a device. */
async function removeFile(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isFile()) await rm(path, { force: true });
}
