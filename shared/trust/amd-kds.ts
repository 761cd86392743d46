// Where AMD's key server keeps the signed copy of a chip's key. Nothing here asks it: an app that works offline says where to look.
import { SevError } from '../errors.ts';

const CHIP_ID = /^[0-9a-f]{128}$/i;

/**
 * The address of a chip's CEK as AMD signed it; an HTTPS GET returns the 2,084 bytes.
 * @param chipId the 64-byte id of socket 0 (GET_ID, QMP's cpu0-id) in hex
 * @throws SevError BYTES_ENCODING
 */
export function amdCekUrl(chipId: string): string {
  if (!CHIP_ID.test(chipId)) {
    throw new SevError('BYTES_ENCODING', {
      at: 'chipId',
      sentence: 'This is not a chip id.',
      next: 'Give the 64 bytes of GET_ID for socket 0, as 128 hex digits.',
    });
  }
  return `https://kdsintf.amd.com/cek/id/${chipId.toLowerCase()}`;
}
