// Debian's own OVMF packages, where they are installed: what each image is, and whether it checks kernels.
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseGuestImage } from '../../shared/guest/guest-image.ts';
import { imageVerdict } from '../../shared/guest/image-findings.ts';

/** Installed, or unpacked elsewhere: SEV_OVMF then names the folder that has `ovmf` and `OVMF`. */
const folder = process.env['SEV_OVMF'] ?? '/usr/share';
const REAL = [
  ['ovmf/OVMF.amdsev.fd', 'amd-sev', 'looks-right'],
  ['ovmf/OVMF.fd', 'whole', /^(advertises-only|absent)$/],
  ['OVMF/OVMF_CODE_4M.fd', 'code', /^(advertises-only|absent)$/],
  ['OVMF/OVMF_VARS_4M.fd', 'vars', 'absent'],
] as const;

describe.each(REAL)('%s of Debian', (path, kind, verdict) => {
  const file = `${folder}/${path}`;
  it.skipIf(!existsSync(file))(
    `is told for what it is${existsSync(file) ? '' : ` (skipped: ${file} is not there)`}`,
    () => {
      const image = parseGuestImage(new Uint8Array(readFileSync(file)));
      expect(image.kind).toBe(kind);
      expect(imageVerdict(image, 'kernelHashes')).toMatch(verdict);
    },
    60_000,
  );
});
