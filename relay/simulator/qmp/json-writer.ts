// Writes JSON as QEMU's monitor does: a space after each comma and colon, and ASCII only.
import { isJsonObject, type JsonValue } from './json-values.ts';

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

const escapeChar = (char: string): string =>
  SHORT_ESCAPES[char] ?? `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;

const writeString = (text: string): string => `"${text.replace(/["\\]|[^ -~]/g, escapeChar)}"`;

/** One line, without its end. */
export function writeJson(value: JsonValue): string {
  if (typeof value === 'string') return writeString(value);
  if (Array.isArray(value)) return `[${value.map((item) => writeJson(item as JsonValue)).join(', ')}]`;
  if (isJsonObject(value)) {
    const members = Object.entries(value).map(([name, member]) => `${writeString(name)}: ${writeJson(member)}`);
    return `{${members.join(', ')}}`;
  }
  return `${value as null | boolean | number | bigint}`;
}
