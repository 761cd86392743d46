// Sessions and secret packets in the files of the other tools: their names, their encodings.
import { SevError } from '../../errors.ts';
import { ascii, toBase64 } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import type { SecretPacket } from './packet-crypto.ts';
import type { RawTransportKeys } from '../session/session-blob.ts';

export interface ExportedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Must never reach the host, nor any place that others can read. */
  readonly secret: boolean;
}

export type SessionFileForm = 'sevctl' | 'sev-tool';
/** libvirt's tool writes packets as text, the other two as bytes. */
export type PacketFileForm = SessionFileForm | 'libvirt';

export interface SessionParts {
  readonly godh: Uint8Array;
  readonly blob: Uint8Array;
  /** Left out unless the guest owner asked for the classic key files, behind a warning. */
  readonly raw?: RawTransportKeys;
}

/**
 * sevctl: `NAME_godh.b64`, `NAME_session.b64` (base64 without a newline), `NAME_tek.bin`, `NAME_tik.bin`.
 * sev-tool: `godh.cert`, `launch_blob.bin`, `tmp_tk.bin` (TEK then TIK), all bytes.
 * @throws SevError BYTES_VALUE when the name is none for a file
 */
export function exportSession(
  form: SessionFileForm,
  { godh, blob, raw }: SessionParts,
  name = 'vm',
): readonly ExportedFile[] {
  requireFileName(name);
  if (form === 'sev-tool') {
    const keys = raw ? [file('tmp_tk.bin', concat(raw.tek, raw.tik), true)] : [];
    return [file('godh.cert', godh.slice()), file('launch_blob.bin', blob.slice()), ...keys];
  }
  const keys = raw
    ? [file(`${name}_tek.bin`, raw.tek.slice(), true), file(`${name}_tik.bin`, raw.tik.slice(), true)]
    : [];
  return [file(`${name}_godh.b64`, base64(godh)), file(`${name}_session.b64`, base64(blob)), ...keys];
}

/**
 * A packet is no secret: only the AMD-SP can open it. sevctl leaves the names to its caller; virsh and QMP want text.
 * @throws SevError BYTES_VALUE when the name is none for a file
 */
export function exportPacket(
  form: PacketFileForm,
  { header, payload }: SecretPacket,
  name = 'vm',
): readonly ExportedFile[] {
  requireFileName(name);
  switch (form) {
    case 'sev-tool':
      return [file('packaged_secret_header.bin', header.slice()), file('packaged_secret.bin', payload.slice())];
    case 'sevctl':
      return [file(`${name}_secret_header.bin`, header.slice()), file(`${name}_secret_payload.bin`, payload.slice())];
    case 'libvirt':
      return [file(`${name}_secret_header.b64`, base64(header)), file(`${name}_secret_payload.b64`, base64(payload))];
  }
}

const file = (name: string, bytes: Uint8Array, secret = false): ExportedFile => ({ name, bytes, secret });

const base64 = (bytes: Uint8Array): Uint8Array => ascii(toBase64(bytes));

function requireFileName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return;
  throw new SevError('BYTES_VALUE', { at: 'name', because: 'Use letters, digits, “.”, “_” and “-”.' });
}
