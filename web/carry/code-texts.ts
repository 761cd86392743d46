// The texts of codes, given as files or pasted where files are taken: what “Copy as text” gave, or a pin that was saved.
import { type AirgapMessage, FrameCollector, kindOfType, parseMessage } from '../../shared/airgap/index.ts';
import { SevError } from '../../shared/errors.ts';
import { codesIn } from '../airgap/codes-in-text.ts';
import { words } from '../strings/index.ts';
import { airgap as airgapWords } from '../strings/airgap.ts';

const MAX_FILE = 1024 * 1024;
const MEANT = /^\s*ur:/i;

/** Whether a text means to be codes; of a file its beginning is enough. */
const looksLikeCodes = (text: string): boolean => MEANT.test(text);

/**
 * Reads the one message of codes that were given as text.
 * @returns none where any of the files is something else
 * @throws SevError BYTES_TOO_LARGE, BYTES_LENGTH when codes are missing, and as `parseMessage`
 */
export async function messageInTexts(files: readonly Blob[]): Promise<AirgapMessage | undefined> {
  const beginnings = await Promise.all(files.map((file) => file.slice(0, 16).text()));
  if (files.length === 0 || !beginnings.every(looksLikeCodes)) return undefined;
  if (files.some(({ size }) => size > MAX_FILE)) throw new SevError('BYTES_TOO_LARGE');
  const texts = await Promise.all(files.map((file) => file.text()));
  const collector = new FrameCollector((type) => kindOfType(type) !== undefined);
  let refusal: SevError | undefined;
  for (const code of texts.flatMap(codesIn)) {
    const collected = collector.add(code);
    if (collected.status === 'done') return parseMessage(collected.message);
    if (collected.status === 'refused') refusal ??= collected.error;
  }
  throw refusal ?? new SevError('BYTES_LENGTH', { sentence: words.carry.codesMissing, next: airgapWords.notTextNext });
}
