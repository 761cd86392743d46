import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceMessage } from '../testing/reference-message.ts';
import { type Collected, FrameCollector } from './collector.ts';
import { encodeFrames, type Frames } from './frames.ts';
import { encodeUrPart, type Ur } from './ur.ts';

const ur = (length: number, seed: string, type = 'x-sev-chain'): Ur => ({
  type,
  payload: referenceMessage(length, seed),
});

function animated(message: Ur, maxBytesPerFrame = 100): Extract<Frames, { kind: 'animated' }> {
  const frames = encodeFrames(message, { maxBytesPerFrame });
  if (frames.kind === 'still') throw new Error('one code would do');
  return frames;
}

/** Feeds texts until one completes a message; answers that message and how many texts it took. */
function collect(collector: FrameCollector, texts: Iterable<string>): { message: Ur; taken: number } {
  let taken = 0;
  for (const text of texts) {
    taken++;
    const collected = collector.add(text);
    if (collected.status === 'done') return { message: collected.message, taken };
  }
  throw new Error('never complete');
}

describe('collecting frames', () => {
  it('reads a single code at once, in either case and with white space around it', () => {
    const message = ur(50, 'a');
    const frames = encodeFrames(message, { maxBytesPerFrame: 100 });
    const text = frames.kind === 'still' ? frames.text : '';
    for (const given of [text, text.toLowerCase(), `  ${text}\n`]) {
      expect(new FrameCollector().add(given)).toEqual({ status: 'done', message });
    }
  });

  it('completes in any order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 101, max: 3000 }), fc.infiniteStream(fc.nat(500)), (length, numbers) => {
        const message = ur(length, 'order');
        const frames = animated(message);
        const texts = numbers.map((number) => frames.frame(number + 1));
        expect(collect(new FrameCollector(), texts).message).toEqual(message);
      }),
      { numRuns: 50 },
    );
  });

  it('says how far it is, and the same again for the same frame', () => {
    const frames = animated(ur(300, 'a'));
    const collector = new FrameCollector();
    const first: Collected = { status: 'progress', type: 'x-sev-chain', received: 1, total: 3 };
    expect(collector.add(frames.frame(1))).toEqual(first);
    expect(collector.add(frames.frame(1))).toEqual(first);
    expect(collector.add(frames.frame(2))).toEqual({ ...first, received: 2 });
    expect(collector.add(frames.frame(1))).toEqual({ ...first, received: 2 });
    expect(collector.add(frames.frame(3)).status).toBe('done');
    expect(collector.add(frames.frame(4)).status).toBe('done');
  });

  it('tells strays apart without losing the progress', () => {
    const frames = animated(ur(1000, 'good'));
    const other = animated(ur(1000, 'other', 'x-sev-report'));
    const collector = new FrameCollector((type) => type.startsWith('x-sev-'));
    for (let number = 1; number <= 6; number++) {
      expect(collector.add(frames.frame(number))).toMatchObject({ status: 'progress', received: number });
      expect(collector.add('https://example.org/').status).toBe('not-ours');
      expect(collector.add('UR:BYTES/HDEYMEJTSWHH').status).toBe('refused');
      expect(collector.add(frames.frame(9).replace(/.$/, 'A')).status).toBe('refused');
      const stray = animated(ur(500, `stray ${number}`)).frame(1);
      expect(collector.add(stray)).toMatchObject({ status: 'other-series' });
    }
    expect(collector.add(other.frame(1))).toEqual({
      status: 'other-series',
      type: 'x-sev-report',
      received: 1,
      total: 10,
    });
    for (let number = 7; number < 10; number++) collector.add(frames.frame(number));
    expect(collector.add(frames.frame(10))).toEqual({ status: 'done', message: ur(1000, 'good') });
  });

  it('follows the person who points at another code, and goes on where the first was left', () => {
    const first = animated(ur(1000, 'first'));
    const second = animated(ur(1000, 'second'));
    const collector = new FrameCollector();
    for (let number = 1; number <= 8; number++) collector.add(first.frame(number));
    const statuses = [1, 2, 3, 4].map((number) => collector.add(second.frame(number)).status);
    expect(statuses).toEqual(['other-series', 'other-series', 'progress', 'progress']);
    expect(collector.add(first.frame(9))).toMatchObject({ received: 9 });
    expect(collector.add(first.frame(10)).status).toBe('done');
  });

  it('finishes a good series through a flood of strays, three to one', () => {
    const frames = animated(ur(2000, 'good'));
    const flood = function* (): Generator<string> {
      for (let number = 1; ; number++) {
        for (const stray of [1, 2, 3]) yield animated(ur(300 + stray, `${number} ${stray}`)).frame(number);
        yield frames.frame(number);
      }
    };
    expect(collect(new FrameCollector(), flood())).toEqual({ message: ur(2000, 'good'), taken: 80 });
  });

  it('passes over types that are not ours', () => {
    const frames = animated(ur(300, 'a', 'crypto-seed'));
    const collector = new FrameCollector((type) => type.startsWith('x-sev-'));
    expect(collector.add(frames.frame(1))).toEqual({ status: 'not-ours' });
  });

  it.each([
    ['a number that differs from the part', 1, { number: 2 }, 'BYTES_VALUE'],
    ['more fragments than the message has', 1, { total: 4 }, 'BYTES_VALUE'],
    ['a message of 2 GiB', 1, { messageLength: 2 ** 31 }, 'BYTES_TOO_LARGE'],
    ['a million fragments', 1, { total: 1_000_000 }, 'BYTES_TOO_LARGE'],
    ['part 0', 0, {}, 'BYTES_VALUE'],
    ['no data', 1, { data: new Uint8Array() }, 'BYTES_VALUE'],
  ])('refuses %s', (_, number, change, code) => {
    const part = { number: 1, total: 3, messageLength: 300, checksum: 7, data: new Uint8Array(100) };
    const text = encodeUrPart('x-sev-chain', { ...part, number, ...change });
    const said = text.replace(/\/\d+-/, `/${number}-`);
    const collected = new FrameCollector().add(said);
    expect(collected).toMatchObject({ status: 'refused', error: { code } });
  });
});

describe('choosing frames', () => {
  it('is still when it fits, one below and at the limit, and animated one above', () => {
    const kinds = [99, 100, 101].map((length) => encodeFrames(ur(length, 'a'), { maxBytesPerFrame: 100 }).kind);
    expect(kinds).toEqual(['still', 'still', 'animated']);
  });

  it('refuses what a reader would refuse', () => {
    const tooLong = { type: 'x-sev-chain', payload: new Uint8Array(64 * 1024 + 1) };
    expect(() => encodeFrames(tooLong, { maxBytesPerFrame: 100 })).toThrow('BYTES_TOO_LARGE');
    expect(() => encodeFrames(ur(1025, 'a'), { maxBytesPerFrame: 1 })).toThrow('BYTES_TOO_LARGE');
    expect(() => encodeFrames(ur(10, 'a'), { maxBytesPerFrame: -3 })).toThrow('BYTES_TOO_LARGE');
  });

  it('goes on without an end, and begins anew before a frame would outgrow its code', () => {
    const frames = animated(ur(300, 'a'));
    expect(frames.frame(65_536)).toBe(frames.frame(1));
    const [first, second] = frames;
    expect([first, second]).toEqual([frames.frame(1), frames.frame(2)]);
  });
});

describe('under loss', () => {
  /** A repeatable coin, so that the figures are the same in every run. */
  function* coin(seed: number): Generator<number, never> {
    for (let state = seed; ;) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      yield state / 2 ** 32;
    }
  }

  it.each([
    [0, 1, 1.0],
    [0.2, 1, 1.6],
    [0.5, 1, 2.9],
    [0, 57, 1.5],
    [0.2, 57, 1.8],
    [0.5, 57, 2.9],
  ])('of %d, joined at frame %i, needs at most %d times as many frames', (loss, first, factor) => {
    const message = ur(3600, 'chain');
    const frames = animated(message, 340);
    const shown = Array.from({ length: 100 }, (_, run) => {
      const random = coin(run + 1);
      const collector = new FrameCollector();
      for (let number = first; ; number++) {
        if (random.next().value < loss) continue;
        if (collector.add(frames.frame(number)).status === 'done') return number - first + 1;
      }
    });
    const median = shown.sort((a, b) => a - b)[50]!;
    expect(median / frames.total).toBeLessThanOrEqual(factor);
  });
});
