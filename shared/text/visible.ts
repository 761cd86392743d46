// Characters that show nothing, steer a terminal or turn the direction of writing: found, made visible, or left out.

/** Controls (C0, DEL, C1) but the line feed; format and bidi characters; line and paragraph separators; lone surrogates. */
const UNSEEN = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** The same, and the line feed: for what must stay on one line. */
const UNSEEN_IN_LINE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const FIRST_UNSEEN = new RegExp(UNSEEN_IN_LINE.source, 'u');

/** `\u001b` for ESC: JSON's own form, so that JSON that is escaped after it was written says the same as before. */
const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

/** Text as it may be shown: every unseen character as `\uXXXX`. Line feeds stay. */
export const visible = (text: string): string => text.replaceAll(UNSEEN, escaped);

/** The same on one line: a line feed of a foreign text must not begin a line that looks like ours. */
export const visibleLine = (text: string): string => text.replaceAll(UNSEEN_IN_LINE, escaped);

/** The first unseen character as `U+202E`, or undefined; a line feed counts. */
export function firstUnseen(text: string): string | undefined {
  const found = FIRST_UNSEEN.exec(text)?.[0].codePointAt(0);
  return found === undefined ? undefined : `U+${found.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** A name as it may be written down: without unseen characters, blanks run together, and cut to `max` UTF-16 units. */
export function plainName(text: string, max: number): string {
  const shown = text.replaceAll(UNSEEN_IN_LINE, ' ').replaceAll(/\s+/gu, ' ').trim().slice(0, max);
  // Half of a surrogate pair would be unseen again.
  return shown.replace(/[\uD800-\uDBFF]$/, '').trimEnd();
}
