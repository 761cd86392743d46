// Whatever was dropped, pasted or shared: codes as text are brought to where they belong, as if they had been scanned;
// the rest goes to the inbox, which tells it by its content.
import type { Inbox } from '../inbox.svelte.ts';
import type { Bringing } from './bring.ts';

type Offering = Omit<Bringing, 'inbox'> & { readonly inbox: Inbox };

const isCode = (text: string): boolean => /^\s*ur:/i.test(text);

/** A failure is said by the inbox, at the top of every screen. */
export async function offerFiles(app: Offering, files: readonly File[]): Promise<void> {
  const { inbox } = app;
  const beginnings = await Promise.all(files.map((file) => file.slice(0, 16).text()));
  if (app.practice || !beginnings.some(isCode)) return inbox.offer(files);
  inbox.error = undefined;
  try {
    const { bringTexts } = await import('./bring-texts.ts');
    if (!(await bringTexts(app, files))) await inbox.offer(files);
  } catch (failure) {
    inbox.error = failure;
  }
}

/** Text of any kind: codes, a pairing link, or what a file could hold. */
export async function offerText(app: Offering, text: string, name: string): Promise<void> {
  if (isCode(text)) await offerFiles(app, [new File([text], name)]);
  else if (text.trim() !== '') app.inbox.offerText(text);
}
