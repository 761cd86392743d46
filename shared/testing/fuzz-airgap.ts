// Hostile input for the air gap. Each target turns bytes, which a fuzzer chose, into an attack, and throws when it succeeded.
import { decodeBytewords, encodeBytewords } from '../airgap/bytewords.ts';
import { FrameCollector } from '../airgap/collector.ts';
import { type CborValue, encodeCbor } from '../airgap/cbor.ts';
import { compress } from '../airgap/deflate.ts';
import { encodeFrames, type Frames } from '../airgap/frames.ts';
import { MESSAGE_KINDS, parseMessage, typeOfKind } from '../airgap/messages.ts';
import { encodePart } from '../airgap/part.ts';
import { encodeUrPart, parseUr } from '../airgap/ur.ts';
import { crc32 } from '../bytes/crc32.ts';
import { equalBytes } from '../bytes/equal.ts';
import { SevError } from '../errors.ts';
import { type FuzzTarget, latin } from './fuzz-target.ts';
import { referenceMessage } from './reference-message.ts';

const TYPE = typeOfKind('chain');
const GOOD = referenceMessage(1500, 'the good series');
const GOOD_FRAMES = encodeFrames({ type: TYPE, payload: GOOD }, { maxBytesPerFrame: 100 }) as Extract<
  Frames,
  { kind: 'animated' }
>;
const GOOD_CHECKSUM = crc32(GOOD);
/** Enough honest frames to fill up, be dropped, and fill up once more. */
const HEALING = 120;
const HEALING_TEXTS = Array.from({ length: HEALING }, (_, i) => GOOD_FRAMES.frame(i + 1));
const GOOD_TEXTS = HEALING_TEXTS.slice(0, GOOD_FRAMES.total);

const require = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

/** Takes numbers from the fuzzer's bytes; when these have run out, from a sequence that they seed. */
class Choices {
  readonly #bytes: Uint8Array;
  #offset = 0;
  #state: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#state = crc32(bytes) | 1;
  }

  /** Up to 255 bytes that nothing else is made of. */
  chunk(): Uint8Array {
    return Uint8Array.from({ length: this.byte() }, () => this.byte());
  }

  byte(): number {
    return this.#bytes[this.#offset++] ?? this.#next();
  }

  /** Small, large or absurd. */
  number(): number {
    const [kind, a, b] = [this.byte() % 5, this.byte(), this.byte()];
    return [a % 24, a, a * 256 + b, (a + 1) * 2 ** 24 + b, 2 ** (a % 53)][kind]!;
  }

  #next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state & 0xff;
  }
}

/** A frame that a forger made from these choices: well formed in some layers, hostile in the next. */
function hostileText(choices: Choices): string {
  const seen = GOOD_TEXTS[choices.byte() % GOOD_TEXTS.length]!;
  const place = choices.number() % seen.length;
  const body = seen.slice(seen.lastIndexOf('/') + 1);
  switch (choices.byte() % 7) {
    case 0: // A good frame with one character changed.
      return seen.slice(0, place) + String.fromCharCode(choices.byte() % 128) + seen.slice(place + 1);
    case 1: // A good frame that was cut or doubled.
      return choices.byte() % 2 ? seen.slice(0, place) : seen + seen.slice(place);
    case 2: {
      // A part of the fuzzer's own numbers.
      const [number, total, messageLength, checksum] = Array.from({ length: 4 }, () => choices.number());
      const part: CborValue = [number!, total!, messageLength!, checksum!, choices.chunk()];
      return `UR:${TYPE}/${number}-${total}/${encodeBytewords(encodeCbor(part))}`;
    }
    case 3: {
      // A part that is sound in itself, of a series of its own.
      const total = (choices.number() % 1024) + 1;
      const data = Uint8Array.from({ length: (choices.byte() % 60) + 1 }, () => choices.byte());
      const messageLength = (total - 1) * data.length + 1;
      const number = (choices.number() % 2 ** 32) + 1;
      return `UR:${TYPE}/${number}-${total}/${encodeBytewords(encodePart({ number, total, messageLength, checksum: choices.number(), data }))}`;
    }
    case 4: {
      // A good part with bytes changed, and a checksum that fits again.
      const bytes = decodeBytewords(body);
      bytes[place % 12]! ^= choices.byte();
      return seen.replace(body, encodeBytewords(bytes));
    }
    case 5: // The fuzzer's bytes as the part.
      return `UR:${TYPE}/1-9/${encodeBytewords(choices.chunk())}`;
    default: // The fuzzer's bytes as the text.
      return latin(choices.chunk());
  }
}

/** Whether a text passes as a part of the good series and is none: a forger who knows the series can do that. */
function isForged(text: string): boolean {
  try {
    const { part } = parseUr(text);
    if (part?.checksum !== GOOD_CHECKSUM || part.total !== GOOD_FRAMES.total) return false;
    return encodeUrPart(TYPE, part) !== GOOD_FRAMES.frame(part.number);
  } catch {
    return false;
  }
}

export const AIRGAP_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'airgap: any text',
    run(bytes) {
      new FrameCollector().add(latin(bytes));
    },
  },
  {
    name: 'airgap: hostile frames between those of a good series',
    run(bytes) {
      const choices = new Choices(bytes);
      const collector = new FrameCollector();
      for (const [i, text] of GOOD_TEXTS.entries()) {
        const hostile = hostileText(choices);
        // Kept apart: the next target shows that the series heals after it.
        if (isForged(hostile)) return;
        collector.add(hostile);
        const collected = collector.add(text);
        const { status } = collected;
        require(['done', 'progress', 'other-series'].includes(status), 'a good frame was refused');
        require(status === 'done' || i + 1 < GOOD_TEXTS.length, 'the good series lost its progress');
        if (status === 'done') require(equalBytes(collected.message.payload, GOOD), 'another message came out');
      }
    },
  },
  {
    name: 'airgap: a series that heals after forged parts of its own',
    run(bytes) {
      const choices = new Choices(bytes);
      const collector = new FrameCollector();
      for (let forged = choices.byte() % 20; forged > 0; forged--) {
        const honest = decodeBytewords(GOOD_TEXTS[forged % GOOD_TEXTS.length]!.split('/')[2]!);
        honest[20 + (choices.byte() % 90)]! ^= choices.byte();
        collector.add(`UR:${TYPE}/${(forged % GOOD_TEXTS.length) + 1}-${GOOD_TEXTS.length}/${encodeBytewords(honest)}`);
      }
      for (const text of HEALING_TEXTS) if (collector.add(text).status === 'done') return;
      throw new Error('the series never healed');
    },
  },
  {
    name: 'airgap: any payload as a message',
    async run(bytes) {
      const choices = new Choices(bytes);
      const framed: CborValue = [choices.number(), choices.number(), choices.chunk()];
      for (const payload of [bytes, encodeCbor(framed)]) await refuseOrRead(TYPE, payload);
    },
  },
  {
    name: 'airgap: any members as a message of every kind',
    async run(bytes) {
      const choices = new Choices(bytes);
      const members = Array.from({ length: choices.byte() % 8 }, (): [number, CborValue] => [
        choices.byte() % 12,
        [choices.number(), latin(choices.chunk()), choices.chunk(), []][choices.byte() % 4]!,
      ]);
      const message = encodeCbor(new Map([[0, 1], ...members]));
      // Inflating takes nearly all of the time, and has a target of its own.
      const plain = encodeCbor([crc32(message), message.length, message]);
      const payload = choices.byte() % 32 === 0 ? await compress(message) : plain;
      for (const kind of MESSAGE_KINDS) await refuseOrRead(typeOfKind(kind), payload);
    },
  },
];

async function refuseOrRead(type: string, payload: Uint8Array): Promise<void> {
  try {
    await parseMessage({ type, payload });
  } catch (error) {
    if (!(error instanceof SevError)) throw error;
  }
}
