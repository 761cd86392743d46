// JSON as it is pasted: QMP replies on single lines or pretty-printed, with greeting, events and shell prompts around them.
import { SevError } from '../errors.ts';
import { fieldName, type Fields, readFields } from './fields.ts';
import { MAX_JSON_VALUES } from './limits.ts';
import type { Piece } from './piece.ts';

/** How deep an object may lie and still be looked at; QMP's replies lie one deep. */
const MAX_DEPTH = 4;

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Reads every JSON object of a text, and the pieces in them.
 * @throws SevError BYTES_ENCODING when an object is cut off or malformed; BYTES_TOO_LARGE beyond 1,000 objects
 */
export async function readJson(text: string, source: string): Promise<Piece[]> {
  const objects = splitObjects(text, source).map((json) => parseObject(json, source));
  return (await Promise.all(objects.map((object) => readObject(object, source, 0)))).flat();
}

/** The top-level {…} of a text, whatever stands between them. */
function splitObjects(text: string, at: string): string[] {
  const objects: string[] = [];
  let depth = 0;
  let start = 0;
  // Strings are taken whole, so that braces inside them do not count; an open quote runs to the end, a last backslash
  // included: were that no match, each quote before it would be tried to the end again.
  for (const { 0: token, index } of text.matchAll(/[{}]|"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)/gs)) {
    if (token === '{' && depth++ === 0) start = index;
    if (token === '}' && depth > 0 && --depth === 0) objects.push(text.slice(start, index + 1));
    if (objects.length > MAX_JSON_VALUES) throw new SevError('BYTES_TOO_LARGE', { at });
  }
  if (depth === 0) return objects;
  throw new SevError('BYTES_ENCODING', { at, sentence: 'The JSON ends in the middle: the text was cut off.' });
}

function parseObject(json: string, at: string): JsonObject {
  try {
    return JSON.parse(json) as JsonObject;
  } catch (cause) {
    throw new SevError('BYTES_ENCODING', { at, sentence: 'This is not JSON, although it looks like it.', cause });
  }
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A QMP reply, a request, an event, or the bare object inside a reply. */
async function readObject(object: JsonObject, source: string, depth: number): Promise<Piece[]> {
  if ('event' in object || 'QMP' in object || depth > MAX_DEPTH) return [];
  const { error } = object;
  if (isObject(error) && typeof error['desc'] === 'string') {
    return [{ kind: 'qmp-error', description: error['desc'].slice(0, 1000), source }];
  }
  const inner = object['return'] ?? object['result'];
  if (isObject(inner)) return readObject(inner, source, depth + 1);
  return readFields(fieldsOf(object), source);
}

const fieldsOf = (object: JsonObject): Fields =>
  new Map(Object.entries(object).map(([name, value]) => [fieldName(name), value]));
