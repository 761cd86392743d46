// QMP's lines: greeting, replies and events; anything else is not a monitor speaking. QEMU, docs/interop/qmp-spec.
import { SevError } from '../../../shared/errors.ts';
import { array, integer, openObject, optional, type Parsed, type Schema, string } from '../../../shared/schema.ts';
import { plain } from '../../serve/log.ts';

const number = integer(0, 1_000_000);
const anything: Schema<unknown> = { parse: (value) => value };

const greeting = openObject({
  QMP: openObject({
    version: openObject({ qemu: openObject({ major: number, minor: number, micro: number }) }),
    capabilities: array(anything, 64),
  }),
});
export type QemuVersion = Parsed<typeof greeting>['QMP']['version']['qemu'];

const failure = openObject({ class: string(64), desc: string(8192) });
export type QmpFailure = Parsed<typeof failure>;

export type QmpMessage =
  | { readonly kind: 'greeting'; readonly version: QemuVersion }
  | { readonly kind: 'return'; readonly id: number | undefined; readonly value: unknown }
  | { readonly kind: 'error'; readonly id: number | undefined; readonly failure: QmpFailure }
  | { readonly kind: 'event'; readonly name: string; readonly data: unknown };

// Ids are ours and whole; QEMU repeats them. An error about a line that it could not read has none.
const replyId = optional(integer(0, Number.MAX_SAFE_INTEGER));

/** @throws SevError RELAY_QMP_FOREIGN when the line is none of QMP's */
export function parseQmpMessage(line: string): QmpMessage {
  try {
    const value: unknown = JSON.parse(line);
    const has = (name: string): boolean => typeof value === 'object' && value !== null && Object.hasOwn(value, name);
    if (has('QMP')) return { kind: 'greeting', version: greeting.parse(value, 'greeting').QMP.version.qemu };
    if (has('event')) {
      const { event, data } = openObject({ event: string(128), data: optional(anything) }).parse(value, 'event');
      return { kind: 'event', name: event, data };
    }
    const { id } = openObject({ id: replyId }).parse(value, 'reply');
    if (has('error')) {
      return { kind: 'error', id, failure: openObject({ error: failure }).parse(value, 'reply').error };
    }
    if (has('return')) return { kind: 'return', id, value: (value as { return: unknown }).return };
    throw new SevError('BYTES_VALUE', { because: 'It is neither greeting, reply nor event.' });
  } catch (cause) {
    throw new SevError('RELAY_QMP_FOREIGN', { because: `It says “${plain(line, 60)}”.`, cause });
  }
}
