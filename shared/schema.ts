// Small strict schemas for JSON from outside: relay frames, QMP replies, stored records, exports.
// A schema is a value that reads, and its type follows from it.
import { SevError } from './errors.ts';
import { fromBase64, toBase64 } from './bytes/text.ts';
import { firstUnseen, plainName } from './text/visible.ts';

/** Reads one JSON value, or refuses it naming its place. */
export interface Schema<T> {
  parse(value: unknown, at: string): T;
}

/** The type that a schema reads. */
export type Parsed<S> = S extends Schema<infer T> ? T : never;

/** A member that may be missing. */
export interface OptionalSchema<T> extends Schema<T | undefined> {
  readonly optional: true;
}

type Members = Record<string, Schema<unknown>>;
type OptionalNames<M extends Members> = { [K in keyof M]: M[K] extends OptionalSchema<unknown> ? K : never }[keyof M];
type ObjectOf<M extends Members> = { readonly [K in Exclude<keyof M, OptionalNames<M>>]: Parsed<M[K]> } & {
  readonly [K in OptionalNames<M>]?: Exclude<Parsed<M[K]>, undefined>;
};

export function refuse(at: string, because: string): never {
  throw new SevError('BYTES_VALUE', { at, because });
}

/** Text of at most `maxLength` UTF-16 units. */
export const string = (maxLength = 4096): Schema<string> => ({
  parse(value, at) {
    if (typeof value !== 'string') return refuse(at, 'It is not a text.');
    return value.length <= maxLength
      ? value
      : refuse(at, `The text has ${value.length} characters; ${maxLength} are allowed.`);
  },
});

/**
 * A name that people read, of at most `maxLength` UTF-16 units: on one line, without control, format, bidi and separator
 * characters. Every name from outside has this schema; what shows it escapes it all the same.
 */
export const name = (maxLength = 128): Schema<string> => ({
  parse(value, at) {
    const text = string(maxLength).parse(value, at);
    const unseen = firstUnseen(text);
    return unseen === undefined ? text : refuse(at, `It has a character that cannot be shown in a name: ${unseen}.`);
  },
});

/** A name as it can be shown: unseen characters are left out. For our own records from before names had a schema. */
export const shownName = (maxLength: number): Schema<string> => ({
  parse: (value, at) => plainName(string(maxLength).parse(value, at), maxLength),
});

/** A whole number from `min` to `max`, both included. */
export const integer = (min: number, max: number): Schema<number> => ({
  parse(value, at) {
    if (!Number.isInteger(value)) return refuse(at, 'It is not a whole number.');
    const number = value as number;
    return number >= min && number <= max ? number : refuse(at, `${number} is not within ${min}–${max}.`);
  },
});

export const u8 = integer(0, 0xff);
export const u32 = integer(0, 0xffffffff);

export const boolean: Schema<boolean> = {
  parse: (value, at) => (typeof value === 'boolean' ? value : refuse(at, 'It is neither true nor false.')),
};

export const literal = <const T extends string>(...values: readonly T[]): Schema<T> => ({
  parse: (value, at) => values.find((known) => known === value) ?? refuse(at, `It is none of: ${values.join(', ')}.`),
});

/** Bytes in base64, of `min` to `max` bytes; the text is bounded before it is decoded. */
export const blob = (min: number, max = min): Schema<Uint8Array> => ({
  parse(value, at) {
    if (typeof value !== 'string') return refuse(at, 'It is not base64 text.');
    if (value.length > Math.ceil(max / 3) * 4)
      throw new SevError('BYTES_LENGTH', { at, because: `More than ${max} bytes.` });
    const bytes = fromBase64(value, at);
    if (bytes.length < min || bytes.length > max) {
      const wanted = min === max ? `${min}` : `${min} to ${max}`;
      throw new SevError('BYTES_LENGTH', { at, because: `${bytes.length} bytes instead of ${wanted}.` });
    }
    return bytes;
  },
});

export const optional = <T>(schema: Schema<T>): OptionalSchema<T> => ({
  optional: true,
  parse: (value, at) => (value === undefined ? undefined : schema.parse(value, at)),
});

export const array = <T>(item: Schema<T>, maxLength: number): Schema<readonly T[]> => ({
  parse(value, at) {
    if (!Array.isArray(value)) return refuse(at, 'It is not a list.');
    if (value.length > maxLength) return refuse(at, `The list has ${value.length} members; ${maxLength} are allowed.`);
    return value.map((member, i) => item.parse(member, `${at}[${i}]`));
  },
});

/** An object with just these members: a stray one is refused. */
export const object = <M extends Members>(members: M): Schema<ObjectOf<M>> => readObject(members, true);

/** An object with at least these members; others are left out of the result. For formats that grow, such as QMP. */
export const openObject = <M extends Members>(members: M): Schema<ObjectOf<M>> => readObject(members, false);

const readObject = <M extends Members>(members: M, strict: boolean): Schema<ObjectOf<M>> => ({
  parse(value, at) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(at, 'It is not an object.');
    const stray = strict ? Object.keys(value).find((name) => !Object.hasOwn(members, name)) : undefined;
    if (stray !== undefined) return refuse(at, `The member “${stray.slice(0, 40)}” is not known.`);
    const entries = Object.entries(members).map(([name, schema]) => {
      const given: unknown = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
      return [name, schema.parse(given, `${at}.${name}`)] as const;
    });
    return Object.fromEntries(entries.filter(([, parsed]) => parsed !== undefined)) as ObjectOf<M>;
  },
});

/** Turns every byte string of a value into base64, so that it can be sent as JSON. */
export function toJsonValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64(value);
  if (Array.isArray(value)) return value.map(toJsonValue);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, toJsonValue(member)]));
}
