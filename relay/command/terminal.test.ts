import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { rendered, type Said } from '../../shared/text/painted.ts';
import { confirmAt, describeRelay, drawQr } from './terminal.ts';

const relay = {
  url: 'ws://127.0.0.1:8455',
  pairingLink: 'http://sev-verifier.localhost:8456/#relay=ws://127.0.0.1:8455&code=abcd-efgh-jkmn-pqrs',
  localCode: 'zzzz-zzzz-zzzz-zzzz',
  close: () => Promise.resolve(),
};

describe('what stands at the terminal', () => {
  it('is where the relay is, what it carries, and the link', () => {
    expect(describeRelay(relay, ['platform   /dev/sev'], undefined, false, true).raw).toMatchSnapshot();
  });

  it('is not the link where it could be kept in a journal, but how to make one', () => {
    const said = describeRelay(relay, [], undefined, false, false).raw;
    expect(said).not.toContain('abcd');
    expect(said).toContain('sev-relay pair NAME');
  });

  it('says that simulated guests end with their relay', () => {
    const said = describeRelay(relay, [], undefined, true, true).raw;
    expect(said).toContain('Ctrl-C ends the relay, and the simulated guests with it.');
    expect(said).not.toContain('as they are');
  });

  it('is a code, too, where there is a terminal wide enough for it', () => {
    expect(describeRelay(relay, [], 80, false, true).raw).toContain('▀');
    expect(drawQr(relay.pairingLink, 20)).toBe('(A QR code needs 41 columns; this terminal has 20.)');
  });
});

describe('a question at the terminal', () => {
  const ask = (typed: string, waitMs = 1_000): Promise<boolean> =>
    confirmAt(Readable.from([typed]), { out: () => undefined }, 'Really?', waitMs);

  it.each([
    ['yes\n', true],
    ['YES\n', true],
    [' yes \r\n', true],
    ['y\n', false],
    ['no\n', false],
    ['\n', false],
    ['', false],
    ['yes but no\n', false],
  ])('answered by %j is %s', async (typed, allowed) => {
    expect(await ask(typed)).toBe(allowed);
  });

  it('that nobody answers is a no after a while', async () => {
    let said = '';
    const out = (text: Said): void => void (said += rendered(text));
    expect(await confirmAt(new PassThrough(), { out }, 'Really?', 50)).toBe(false);
    expect(said).toContain('Really?\nType “yes” to allow it: ');
  });
});
