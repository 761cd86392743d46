// The record that `session` leaves beside its keys: for which verified platform the session was made. It holds nothing
// secret, and its MAC under the TIK keeps it from being changed. Beside it grows a note of the one launch that it served.
import { MAX_CHAIN_SIZE, SEV_CHAIN_SIZE } from '../../shared/sev/formats/sizes.ts';
import { rm } from 'node:fs/promises';
import { equalBytes } from '../../shared/bytes/equal.ts';
import { fromUtf8, toUtf8 } from '../../shared/bytes/text.ts';
import { mac, verifyMac } from '../../shared/crypto/mac.ts';
import type { CryptoKey } from '../../shared/crypto/subtle.ts';
import { parseJson } from '../../shared/encodings/strict-json.ts';
import { SevError } from '../../shared/errors.ts';
import { encodeCertChain, parseCertChain } from '../../shared/sev/formats/cert-chain.ts';
import { SEV_CERT_SIZE } from '../../shared/sev/formats/sev-cert.ts';
import { blob, boolean, literal, name, object, type Parsed, toJsonValue, u32 } from '../../shared/schema.ts';
import {
  type LaunchSession,
  resumeLaunchSession,
  storeLaunchSession,
  type TransportKeys,
} from '../../shared/sev/session/launch-session.ts';
import { verifyCertChain } from '../../shared/sev/verify/cert-chain.ts';
import { readSmallFile } from './read-file.ts';
import { KNOWN_ROOTS } from '../../shared/trust/known-roots.ts';
import { requireAbsent, writeOutputs } from './write-file.ts';

const FORMAT = 'sev-verifier.session.v1';
const CONTEXT = toUtf8(`${FORMAT}\0`);

const contentSchema = object({
  format: literal(FORMAT),
  made: name(40),
  platform: name(200),
  policy: u32,
  acceptsKeySharing: boolean,
  chain: blob(SEV_CHAIN_SIZE, MAX_CHAIN_SIZE),
  godh: blob(SEV_CERT_SIZE),
  session: blob(128),
});
const recordSchema = object({ content: contentSchema, mac: blob(32) });

type RecordContent = Parsed<typeof contentSchema>;

/** @returns the file's bytes */
export async function encodeSessionRecord(session: LaunchSession, tik: CryptoKey, made: Date): Promise<Uint8Array> {
  const { policy, acceptsKeySharing, godh, blob: sessionBlob } = storeLaunchSession(session);
  const content: RecordContent = {
    format: FORMAT,
    made: made.toISOString(),
    platform: session.trustedPdh.root.name,
    policy,
    acceptsKeySharing,
    chain: encodeCertChain(session.trustedPdh.chain),
    godh,
    session: sessionBlob,
  };
  const record = { content, mac: await mac(tik, macMessage(content)) };
  return toUtf8(`${JSON.stringify(toJsonValue(record), null, 1)}\n`);
}

/**
 * Brings a session back: its record under its own TIK, its chain verified anew.
 * @throws SevError MEASURE_SESSION_BLOB when the record is not of these keys or was changed, CERT_… when the chain is
 *   not what it was, BYTES_VALUE, BYTES_FILE
 */
export async function resumeFromRecord(path: string, keys: TransportKeys): Promise<LaunchSession> {
  const { content, mac: stated } = recordSchema.parse(await readJson(path), path);
  if (!(await verifyMac(keys.tik, macMessage(content), stated))) {
    throw new SevError('MEASURE_SESSION_BLOB', {
      at: path,
      sentence: 'The record of the session does not belong to these keys, or was changed.',
      next: 'Give the record and the keys of one session, as `sev-verifier session` wrote them.',
    });
  }
  const trustedPdh = await verifyCertChain(parseCertChain(content.chain), KNOWN_ROOTS);
  const { policy, acceptsKeySharing, godh, session } = content;
  const pdh = content.chain.slice(0, SEV_CERT_SIZE);
  return resumeLaunchSession({
    ...{ origin: 'made-here', trustedPdh, pdh, policy, acceptsKeySharing, godh, blob: session, keys },
  });
}

const usedSchema = object({ format: literal('sev-verifier.released.v1'), measure: blob(32) });

/**
 * Notes the launch that this session serves. One session serves one launch: the note is made once and never changed.
 * @throws SevError MEASURE_SESSION_USED when it has served another
 */
export async function noteLaunch(recordPath: string, measure: Uint8Array): Promise<void> {
  const path = notePath(recordPath);
  const note = toJsonValue({ format: 'sev-verifier.released.v1', measure });
  try {
    await writeOutputs([{ path, bytes: toUtf8(`${JSON.stringify(note)}\n`), isKey: true }], false);
  } catch (error) {
    if (!(error instanceof SevError) || error.code !== 'VAULT_FILE_EXISTS') throw error;
    const earlier = usedSchema.parse(await readJson(path), path);
    if (!equalBytes(earlier.measure, measure)) throw new SevError('MEASURE_SESSION_USED', { at: path });
  }
}

const notePath = (recordPath: string): string => `${recordPath.replace(/(_record)?\.json$/, '')}_released.json`;

/**
 * A new session must not begin with the note of an earlier one that had its name.
 * @throws SevError VAULT_FILE_EXISTS when there is one
 */
export const requireUnused = (recordPath: string): Promise<void> => requireAbsent(notePath(recordPath));

/** Removes the note of an earlier session, if there is one: only once that session's keys are gone. */
export const forgetLaunch = (recordPath: string): Promise<void> => rm(notePath(recordPath), { force: true });

const macMessage = (content: RecordContent): Uint8Array =>
  new Uint8Array([...CONTEXT, ...toUtf8(JSON.stringify(toJsonValue(content)))]);

const readJson = async (path: string): Promise<unknown> => parseJson(fromUtf8(await readSmallFile(path), path), path);
