import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SevError } from '../../../shared/errors.ts';
import { LineSplitter } from './lines.ts';
import { parseQmpMessage } from './messages.ts';

it('gives the same lines however the stream is cut', () => {
  const line = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
    .map((text) => text.replaceAll(/[\r\n]/g, ' ').trim() || 'x');
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(40), { maxLength: 20 }), (lines, cuts) => {
      const stream = Buffer.from(lines.map((text) => `${text}\r\n`).join(''));
      const splitter = new LineSplitter(1000);
      const got: string[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        got.push(...splitter.push(stream.subarray(at, at + cut)));
        at += cut;
      }
      expect(got).toEqual(lines);
    }),
  );
});

it.each([
  ['one byte below the bound', 9, true],
  ['at the bound', 10, true],
  ['one byte above', 11, false],
])('takes a line %s: %s', (_, length, taken) => {
  const push = (): string[] => new LineSplitter(10).push(Buffer.from(`${'x'.repeat(length)}\n`));
  if (taken) expect(push()).toEqual(['x'.repeat(length)]);
  else expect(push).toThrow('RELAY_QMP_FOREIGN');
});

it('refuses a line that never ends before it is held in full', () => {
  const splitter = new LineSplitter(1000);
  for (let i = 0; i < 10; i++) splitter.push(Buffer.alloc(100, 0x20));
  expect(() => splitter.push(Buffer.alloc(1))).toThrow('without end');
});

it("a line is one of QMP's or refused in words, whatever it holds", () => {
  const member = fc.constantFrom('QMP', 'event', 'return', 'error', 'id', 'x');
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc.dictionary(member, fc.anything()).map((value) => JSON.stringify(value)),
  );
  fc.assert(
    fc.property(line, (text) => {
      try {
        expect(['greeting', 'event', 'return', 'error']).toContain(parseQmpMessage(text).kind);
      } catch (error) {
        expect(error).toBeInstanceOf(SevError);
        expect((error as SevError).code).toBe('RELAY_QMP_FOREIGN');
      }
    }),
    { numRuns: 2_000 },
  );
});
