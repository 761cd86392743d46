// The texts of codes within a longer text, as somebody copied or typed them.
import { SevError } from '../../shared/errors.ts';

/** All codes of the longest message, in the smallest codes that are shown. */
const MAX_TEXT = 1024 * 1024;

/** @throws SevError BYTES_TOO_LARGE */
export function codesIn(text: string): readonly string[] {
  if (text.length > MAX_TEXT) throw new SevError('BYTES_TOO_LARGE');
  return text.match(/\bur:\S+/gi) ?? [];
}
