// Every member of every true answer of a relay, spoilt in every way: the page's connection refuses each one and lets go.
import { describe, expect, it } from 'vitest';
import { METHODS, type MethodName } from '../../shared/relay-protocol.ts';
import { hear, lean, OPTIONAL, trueAnswers } from './hearing.ts';
import type { Json } from './lying-relay.ts';
import { spoil } from './malformed.ts';

const METHOD_NAMES = Object.keys(METHODS) as MethodName[];

describe('an answer of a relay', () => {
  let made: ReturnType<typeof trueAnswers> | undefined;
  const truths = (): ReturnType<typeof trueAnswers> => (made ??= trueAnswers());
  const truth = async (method: MethodName): Promise<{ hello: Json; answer: Json }> => {
    const answers = await truths();
    return { hello: answers.get('relay.hello')!, answer: answers.get(method)! };
  };

  it('was had to every method of the protocol', async () => {
    expect([...(await truths()).keys()].sort()).toEqual([...METHOD_NAMES].sort());
  });

  it.each(METHOD_NAMES)('to %s is taken when it is true, without what it may leave out too', async (method) => {
    const { hello, answer } = await truth(method);
    for (const value of [answer, lean(answer)]) {
      const { code, state } = await hear(hello, method, value);
      expect(state.name).toBe('open');
      expect(code).toBe('answered');
    }
  });

  it.each(METHOD_NAMES)('to %s is refused when one member is spoilt, whichever it is', async (method) => {
    const { hello, answer } = await truth(method);
    const spoilt = spoil(answer, method, OPTIONAL);
    expect(spoilt.length).toBeGreaterThan(4);
    for (const { title, value } of spoilt) {
      const { code, state } = await hear(hello, method, value);
      expect(state, title).toMatchObject({ name: 'stopped', error: { code: 'RELAY_PROTOCOL' } });
      if (method !== 'relay.hello') expect(code, title).toBe('RELAY_PROTOCOL');
    }
  });
});
