// JSON for strict readers: a member that comes twice is refused, since two programs would read two different things.
import { SevError } from '../errors.ts';

/**
 * Reads JSON text.
 * @throws SevError BYTES_VALUE when it is not JSON, or an object has a member twice
 */
export function parseJson(text: string, at: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SevError('BYTES_VALUE', { at, because: 'It is not JSON.', cause });
  }
  requireDistinctMembers(text, at);
  return value;
}

/**
 * Looks through text that is JSON, once from its start to its end.
 * @throws SevError BYTES_VALUE when an object has a member twice; a name counts as what it means, whatever its escapes
 */
export function requireDistinctMembers(text: string, at: string): void {
  const scopes: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{') scopes.push(new Set());
    else if (character === '[') scopes.push(undefined);
    else if (character === '}' || character === ']') scopes.pop();
    else if (character === '"') {
      const end = endOfString(text, i);
      if (text[afterBlanks(text, end)] === ':') addName(scopes.at(-1), text.slice(i, end), at);
      i = end - 1;
    }
  }
}

function addName(names: Set<string> | undefined, literal: string, at: string): void {
  const name = JSON.parse(literal) as string;
  if (names?.has(name))
    throw new SevError('BYTES_VALUE', { at, because: `The member “${name.slice(0, 40)}” is there twice.` });
  names?.add(name);
}

/** The index behind the quote that ends a string. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function afterBlanks(text: string, from: number): number {
  let i = from;
  while (' \t\n\r'.includes(text[i] ?? '"')) i++;
  return i;
}
