import { describe, expect, it } from 'vitest';
import { name } from '../schema.ts';
import { own, paint, painted, rendered } from './painted.ts';
import { Terminal } from './terminal.ts';
import { firstUnseen, plainName, visible, visibleLine } from './visible.ts';

/** What steers a terminal, hides text or turns it round; with what it is shown as. */
const HOSTILE: readonly (readonly [string, string, string])[] = [
  ['ESC', '\u001b[2J', '\\u001b[2J'],
  ['BEL', 'a\u0007', 'a\\u0007'],
  ['carriage return', 'a\rb', 'a\\u000db'],
  ['tab', 'a\tb', 'a\\u0009b'],
  ['DEL', 'a\u007f', 'a\\u007f'],
  ['CSI of C1', '\u009b2J', '\\u009b2J'],
  ['OSC 8', '\u001b]8;;http://x\u001b\\', '\\u001b]8;;http://x\\u001b\\'],
  ['OSC 52', '\u001b]52;c;eA==\u0007', '\\u001b]52;c;eA==\\u0007'],
  ['RLO', 'a\u202eb', 'a\\u202eb'],
  ['an isolate', '\u2066a\u2069', '\\u2066a\\u2069'],
  ['a zero-width space', 'a\u200bb', 'a\\u200bb'],
  ['a byte order mark', '\ufeffa', '\\ufeffa'],
  ['a line separator', 'a\u2028b', 'a\\u2028b'],
  ['a paragraph separator', 'a\u2029b', 'a\\u2029b'],
  ['a tag', 'a\u{e0041}', 'a\\udb40\\udc41'],
  ['a lone surrogate', 'a\ud800', 'a\\ud800'],
];

describe('text from outside', () => {
  it.each(HOSTILE)('with %s is made visible, and refused as a name', (_, hostile, shown) => {
    expect(visible(hostile)).toBe(shown);
    expect(firstUnseen(hostile)).toMatch(/^U\+[0-9A-F]{4,6}$/);
    expect(() => name(64).parse(hostile, 'n')).toThrow('BYTES_VALUE');
    expect(firstUnseen(plainName(hostile, 64))).toBeUndefined();
  });

  it('keeps its line feeds, unless it must stay on one line', () => {
    expect(visible('a\nb')).toBe('a\nb');
    expect(visibleLine('a\n[ok] b')).toBe('a\\u000a[ok] b');
    expect(() => name(64).parse('a\nb', 'n')).toThrow('U+000A');
  });

  it('of people stays as it is', () => {
    for (const text of ['Rack 7 · Zürich', '机架', 'стойка', 'חדר', '“quoted” — …', '👍'])
      expect([visible(text), name(64).parse(text, 'n'), plainName(text, 64)]).toEqual([text, text, text]);
  });

  it('keeps its meaning inside JSON', () => {
    for (const [, hostile] of HOSTILE) {
      const value = { member: hostile };
      expect(JSON.parse(visible(JSON.stringify(value)))).toEqual(value);
    }
  });

  it('is never cut in the middle of a character', () => {
    expect(plainName('ab👍', 3)).toBe('ab');
    expect(plainName('  a \r\n b  ', 10)).toBe('a b');
  });
});

describe('the sink', () => {
  it('escapes whatever is said on both streams, and lets our own sequences pass', () => {
    const said: string[] = [];
    const write = (text: string): void => void said.push(text);
    const terminal = new Terminal({ out: write, err: write, isLive: false });
    for (const [, hostile, shown] of HOSTILE) {
      said.length = 0;
      terminal.out(hostile);
      terminal.err(hostile);
      terminal.out(paint('red', hostile));
      terminal.err(painted(own('home'), hostile, own('clearRight')));
      expect(said).toEqual([shown, shown, `\u001b[31m${shown}\u001b[0m`, `\u001b[H${shown}\u001b[K`]);
    }
    expect(rendered('plain')).toBe('plain');
  });
});
