// Codes that were dropped or pasted as text, wherever one is: brought to where they belong.
import { bringMessage, type Bringing } from './bring.ts';
import { messageInTexts } from './code-texts.ts';

/**
 * @returns whether the files held codes
 * @throws SevError as `messageInTexts` and `bringMessage`
 */
export async function bringTexts(app: Bringing, files: readonly Blob[]): Promise<boolean> {
  const message = await messageInTexts(files);
  if (message) await bringMessage(app, message);
  return message !== undefined;
}
