import { describe, expect, it } from 'vitest';
import { parseJson } from './strict-json.ts';

describe('strict JSON', () => {
  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"b":{"c":1,"d":[],"c":2}}',
    '[{"a":1},{"a":1, "b":2 ,\n"a" : 3}]',
    '{"policy":1,"\\u0070olicy":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
    '{"a\\"":1,"a\\"":2}',
  ])('refuses a member that is there twice: %s', (text) => {
    expect(() => parseJson(text, 'x')).toThrow('is there twice');
  });

  it.each([
    '{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}',
    '{"a":"a","b":"a\\":","c":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a\\\\":1,"a":["a","a"]}',
    '"a"',
    '[]',
  ])('takes what has each once: %s', (text) => {
    expect(parseJson(text, 'x')).toEqual(JSON.parse(text));
  });

  it.each(['', '{', '{"a":1,}', 'nope'])('refuses what is not JSON: %j', (text) => {
    expect(() => parseJson(text, 'x')).toThrow('BYTES_VALUE at x: A field');
  });
});
