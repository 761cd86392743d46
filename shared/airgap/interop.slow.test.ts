// Part by part against an implementation that others wrote, both ways. It needs Node: it is a development dependency only.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { referenceMessage } from '../testing/reference-message.ts';
import { FrameCollector } from './collector.ts';
import { encodeFrames } from './frames.ts';
import type { Ur } from './ur.ts';

interface TheirUr {
  readonly type: string;
  readonly cbor: Uint8Array;
}
interface TheirEncoder {
  nextPart(): string;
}
interface TheirDecoder {
  receivePart(text: string): boolean;
  isComplete(): boolean;
  isSuccess(): boolean;
  resultUR(): TheirUr;
}
interface Theirs {
  readonly UR: new (payload: Uint8Array, type: string) => TheirUr;
  readonly UREncoder: (new (ur: TheirUr, maxFragment: number, after?: number, minFragment?: number) => TheirEncoder) & {
    encodeSinglePart(ur: TheirUr): string;
  };
  readonly URDecoder: new () => TheirDecoder;
}
// Its declarations would bring Node's types along; these are the ones that are needed.
const packageName = '@ngraveio/bc-ur';
const { UR, UREncoder, URDecoder } = (await import(/* @vite-ignore */ packageName)) as Theirs;
const { Buffer } = globalThis as unknown as { Buffer: { from(bytes: Uint8Array): Uint8Array } };

const theirUr = ({ type, payload }: Ur): TheirUr => new UR(Buffer.from(payload), type);
// Fragments rather than bytes are what costs time, theirs above all: some forty are mixed as four hundred are.
const cases = fc
  .record({ fragments: fc.integer({ min: 1, max: 40 }), max: fc.integer({ min: 20, max: 120 }), seed: fc.string() })
  .chain(({ fragments, max, seed }) =>
    fc
      .integer({ min: Math.max(40, (fragments - 1) * max + 1), max: Math.max(40, fragments * max) })
      .map((length) => ({ length, max, seed })),
  );
const settings = { numRuns: 12 };
/** A still code, two fragments, a chain as it is shown, and far more than any screen needs. */
const SIZES = [
  { length: 40, max: 60, seed: 'still' },
  { length: 61, max: 60, seed: 'two' },
  { length: 3000, max: 370, seed: 'chain' },
  { length: 2000, max: 20, seed: 'many' },
] as const;
const urOf = (length: number, seed: string): Ur => ({ type: 'x-sev-chain', payload: referenceMessage(length, seed) });

describe('with @ngraveio/bc-ur', () => {
  it('every part is the same text, and so is a single one', () => {
    fc.assert(
      fc.property(cases, ({ length, max, seed }) => {
        const ur = urOf(length, seed);
        const theirs = new UREncoder(theirUr(ur), max);
        const frames = encodeFrames(ur, { maxBytesPerFrame: max });
        if (frames.kind === 'still') {
          expect(frames.text).toBe(UREncoder.encodeSinglePart(theirUr(ur)).toUpperCase());
          return;
        }
        const count = 2 * frames.total + 5;
        const ours = Array.from({ length: count }, (_, i) => frames.frame(i + 1));
        expect(ours).toEqual(Array.from({ length: count }, () => theirs.nextPart().toUpperCase()));
      }),
      { ...settings, examples: SIZES.map((size): [typeof size] => [size]) },
    );
  });

  it('they read what we write, joined anywhere and every third frame lost', () => {
    fc.assert(
      fc.property(cases, fc.nat(200), ({ length, max, seed }, joined) => {
        const ur = urOf(length, seed);
        const frames = encodeFrames(ur, { maxBytesPerFrame: max, maxBytesStill: 0 });
        const theirs = new URDecoder();
        for (let number = joined + 1; frames.kind === 'animated' && !theirs.isComplete(); number++) {
          if (number % 3 !== 0) theirs.receivePart(frames.frame(number).toLowerCase());
        }
        expect(theirs.isSuccess()).toBe(true);
        expect(new Uint8Array(theirs.resultUR().cbor)).toEqual(ur.payload);
        expect(theirs.resultUR().type).toBe(ur.type);
      }),
      settings,
    );
  });

  it('we read what they write, joined anywhere and every third frame lost', () => {
    fc.assert(
      fc.property(cases, fc.nat(200), ({ length, max, seed }, joined) => {
        const ur = urOf(length, seed);
        const theirs = new UREncoder(theirUr(ur), max, joined);
        const collector = new FrameCollector();
        for (let frame = 1; ; frame++) {
          const collected = collector.add(theirs.nextPart());
          if (frame % 3 === 0) theirs.nextPart();
          if (collected.status === 'done') {
            expect(collected.message).toEqual(ur);
            return;
          }
          expect(collected.status).toBe('progress');
        }
      }),
      settings,
    );
  });
});
