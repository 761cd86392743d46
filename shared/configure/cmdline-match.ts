// Whether a command line is the expected one, although the relay leaves out of it what could be a secret.

/** As the relay writes it in the place of a value, or of a whole word. */
const HIDDEN = '(hidden)';

export const hidesValues = (cmdline: string): boolean => cmdline.includes(HIDDEN);

/** Equal, blanks included; where the relay hid a value, any value of the same parameter. */
export function sameCmdline(expected: string, actual: string): boolean {
  if (!hidesValues(actual)) return expected === actual;
  const [ours, theirs] = [expected.split(/(\s)/), actual.split(/(\s)/)];
  return ours.length === theirs.length && ours.every((word, i) => sameWord(word, theirs[i]!));
}

function sameWord(expected: string, actual: string): boolean {
  if (actual === HIDDEN) return expected.trim() !== '';
  if (!actual.endsWith(`=${HIDDEN}`)) return expected === actual;
  return expected.startsWith(actual.slice(0, -HIDDEN.length));
}
