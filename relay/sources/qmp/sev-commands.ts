// QEMU's SEV commands, with the differences between its versions. QEMU, qapi/misc-target.json and misc-i386.json.
import { CERT_EXPORT_SIZE, SEV_CERT_SIZE } from '../../../shared/sev/formats/sizes.ts';
import type { FirmwareVersion } from '../../../shared/sev/formats/firmware-version.ts';
import { SevError } from '../../../shared/errors.ts';
import { toBase64 } from '../../../shared/bytes/text.ts';
import { blob, boolean, integer, openObject, optional, string, u8, u32 } from '../../../shared/schema.ts';
import { SEV_STATES, type SevState } from '../../../shared/relay-protocol.ts';
import type { Measurement, SecretPacketParams } from '../types.ts';

/** Sends one command and gives its return value. */
export type Execute = (command: string, args?: Readonly<Record<string, unknown>>) => Promise<unknown>;

// From 9.1 a union: `sev-type` tells SEV from SEV-SNP, which has no `policy` and no `handle`.
const sevInfo = openObject({
  enabled: boolean,
  'api-major': optional(u8),
  'api-minor': optional(u8),
  'build-id': optional(u8),
  state: optional(string(32)),
  policy: optional(u32),
  handle: optional(u32),
  'sev-type': optional(string(32)),
});

/** What query-sev says of an SEV guest. */
export interface SevFacts extends FirmwareVersion {
  readonly policy: number;
  readonly handle: number | undefined;
  readonly state: SevState;
}

/** Asks what the guest is; `none` without SEV, and where QEMU was built without it. */
export async function querySev(execute: Execute): Promise<SevFacts | 'none' | 'sev-snp'> {
  const info = sevInfo.parse(await execute('query-sev').catch(withoutSev), 'query-sev');
  if (!info.enabled) return 'none';
  if (info['sev-type'] === 'sev-snp') return 'sev-snp';
  const { 'api-major': apiMajor, 'api-minor': apiMinor, 'build-id': build, policy, state } = info;
  if (apiMajor === undefined || apiMinor === undefined || build === undefined || policy === undefined) {
    throw new SevError('RELAY_QMP', { at: 'query-sev', because: 'Its answer lacks the API version, build or policy.' });
  }
  return { apiMajor, apiMinor, build, policy, handle: info.handle, state: sevStateOf(state) };
}

/** QEMU's own word, where it is one that the protocol knows. */
const sevStateOf = (word: string | undefined): SevState => SEV_STATES.find((state) => state === word) ?? 'unknown';

function withoutSev(error: unknown): { enabled: false } {
  if (error instanceof SevError && (error.code === 'RELAY_QMP' || error.code === 'RELAY_NOT_SEV')) {
    return { enabled: false };
  }
  throw error;
}

const SNP_GUEST = 'This is an SEV-SNP guest. Only SEV and SEV-ES guests can be verified here.';

/** @throws SevError RELAY_NOT_SEV */
async function requireSev(execute: Execute): Promise<SevFacts> {
  const facts = await querySev(execute);
  if (facts === 'none') throw new SevError('RELAY_NOT_SEV');
  if (facts === 'sev-snp') throw new SevError('RELAY_NOT_SEV', { sentence: SNP_GUEST });
  return facts;
}

const measure = openObject({ data: blob(48) });

/** @throws SevError RELAY_NOT_SEV, RELAY_GUEST_STATE when nothing was measured yet */
export async function queryMeasurement(execute: Execute): Promise<Measurement> {
  const { handle, ...facts } = await requireSev(execute);
  const { data } = measure.parse(await execute('query-sev-launch-measure'), 'query-sev-launch-measure');
  return { measurement: data, ...facts, ...(handle !== undefined && { handle }) };
}

/** @throws SevError RELAY_GUEST_STATE, AMDSP_*, MEASURE_IMAGE without a secret area */
export async function injectSecret(execute: Execute, { header, secret, gpa }: SecretPacketParams): Promise<void> {
  const packet = { 'packet-header': toBase64(header), secret: toBase64(secret) };
  await execute('sev-inject-launch-secret', gpa === undefined ? packet : { ...packet, gpa });
}

const report = openObject({ data: blob(208) });

/** @returns 208 bytes */
export async function queryReport(execute: Execute, mnonce: Uint8Array): Promise<Uint8Array> {
  await requireSev(execute);
  const answer = await execute('query-sev-attestation-report', { mnonce: toBase64(mnonce) });
  return report.parse(answer, 'query-sev-attestation-report').data;
}

const capabilities = openObject({
  pdh: blob(SEV_CERT_SIZE),
  'cert-chain': blob(CERT_EXPORT_SIZE),
  'cpu0-id': optional(blob(64, 128)),
  cbitpos: integer(0, 63),
  'reduced-phys-bits': integer(0, 63),
});

export interface SevCapabilities {
  readonly pdh: Uint8Array;
  readonly chain: Uint8Array;
  readonly cpu0Id: Uint8Array | undefined;
}

/** The platform's chain through a QEMU, for a relay that may not open /dev/sev; any guest of the host will do. */
export async function queryCapabilities(execute: Execute): Promise<SevCapabilities> {
  const answer = capabilities.parse(await execute('query-sev-capabilities'), 'query-sev-capabilities');
  return { pdh: answer.pdh, chain: answer['cert-chain'], cpu0Id: answer['cpu0-id'] };
}
