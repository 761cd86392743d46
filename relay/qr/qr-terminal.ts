// Shows a message as QR codes at a terminal: still when it fits, else animated in place until somebody ends it.
import { kindOfType, nameOfKind, type QrCodes, type Ur } from '../../shared/airgap/index.ts';
import { SevError } from '../../shared/errors.ts';
import { own, type Painted, painted, type Said } from '../../shared/text/painted.ts';
import { layOutForTerminal, TERMINAL_QUIET_ZONE, type TerminalSize } from './layout.ts';
import { drawHalfBlocks, modulesOfText } from './modules.ts';

/** A terminal, or what stands in for one. What it is given is fit for it. */
export interface CodeOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(said: Painted): boolean;
  once(event: 'drain', listener: () => void): unknown;
}

/** Where keys come from; `process.stdin` is one. */
export interface CodeKeys {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (keys: Buffer) => void): unknown;
  off(event: 'data', listener: (keys: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface ShowOptions {
  readonly output: CodeOutput;
  readonly keys?: CodeKeys;
  /** Ends the animation; so does the key q. */
  readonly signal: AbortSignal;
  readonly framesPerSecond?: number;
}

/** Frames a second that a camera of 30 reads safely, and the range that the keys + and - reach. */
const USUAL_FPS = 10;
const FPS_RANGE = [2, 20] as const;
/** What is assumed where nobody says how large the terminal is. */
const PLAIN_SIZE: TerminalSize = { columns: 80, rows: 24 };

/**
 * Shows a message until it has been scanned, as far as anyone can tell: a still code is printed once, and stays in the
 * scroll-back; a series is animated on the alternate screen. Without a terminal the codes of a series are printed one
 * beneath the other, and no cursor is moved.
 *
 * @throws SevError RELAY_TERMINAL when the terminal is too small, BYTES_TOO_LARGE
 */
export async function showCodes(ur: Ur, options: ShowOptions): Promise<void> {
  const { output } = options;
  if (!output.isTTY) return void output.write(drawAll(ur, layOutForTerminal(ur, { ...PLAIN_SIZE, rows: 40 })));
  const codes = layOutForTerminal(ur, sizeOf(output));
  if (codes.frames.kind === 'still') return void output.write(drawAll(ur, codes));
  await new Animation(ur, options).run();
}

/** The texts of the codes, for pasting where no camera is: every part once. */
export function codeTexts({ frames }: QrCodes): readonly string[] {
  if (frames.kind === 'still') return [frames.text];
  return Array.from({ length: frames.total }, (_, i) => frames.frame(i + 1));
}

/** All codes as text, each once, one beneath the other. */
function drawAll(ur: Ur, codes: QrCodes): Painted {
  const texts = codeTexts(codes);
  const drawings = texts.map((text, i) => {
    const caption = texts.length === 1 ? nameOf(ur) : `${nameOf(ur)}, code ${i + 1} of ${texts.length}`;
    return stacked([...drawHalfBlocks(modulesOfText(text, codes, TERMINAL_QUIET_ZONE)), caption, '']);
  });
  return stacked(drawings);
}

/** Lines one beneath the other. */
export const stacked = (lines: readonly Said[]): Painted =>
  painted(...lines.flatMap((line, i) => (i === 0 ? [line] : ['\n', line])));

const sizeOf = ({ columns, rows }: CodeOutput): TerminalSize => ({
  columns: columns ?? PLAIN_SIZE.columns,
  rows: rows ?? PLAIN_SIZE.rows,
});

const nameOf = ({ type }: Ur): string => {
  const kind = kindOfType(type);
  return kind ? nameOfKind(kind).replace(/^an? /, '') : type;
};

const ENTER = painted(own('otherScreen'), own('hideCursor'), own('clear'));
const LEAVE = painted(own('endFrame'), own('plain'), own('showCursor'), own('ownScreen'));

/** A frame whole, so that the camera never sees two halves. */
function frameOf(lines: readonly Said[]): Painted {
  const rows = lines.flatMap((line, i) => [...(i === 0 ? [] : [own('nextLine')]), line, own('clearRight')]);
  return painted(own('beginFrame'), own('home'), ...rows, own('clearBelow'), own('endFrame'));
}

class Animation {
  readonly #ur: Ur;
  readonly #output: CodeOutput;
  readonly #keys: CodeKeys | undefined;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  #fps: number;
  #denser = 0;
  #shownAs = '';
  #codes: QrCodes | SevError | undefined;

  constructor(ur: Ur, { output, keys, signal, framesPerSecond = USUAL_FPS }: ShowOptions) {
    this.#ur = ur;
    this.#output = output;
    this.#keys = keys?.isTTY ? keys : undefined;
    this.#signal = AbortSignal.any([signal, this.#ended.signal]);
    this.#fps = framesPerSecond;
  }

  async run(): Promise<void> {
    const restore = (): void => void this.#output.write(LEAVE);
    // Should the process end in the middle, the operator still gets the screen and the cursor back.
    process.once('exit', restore);
    this.#keys?.setRawMode?.(true);
    this.#keys?.on('data', this.#onKeys);
    this.#keys?.resume();
    this.#output.write(ENTER);
    try {
      await this.#play();
    } finally {
      this.#keys?.off('data', this.#onKeys);
      this.#keys?.setRawMode?.(false);
      this.#keys?.pause();
      process.off('exit', restore);
      restore();
    }
  }

  async #play(): Promise<void> {
    for (let number = 1; !this.#signal.aborted; number++) {
      const shownAt = performance.now();
      const drained = this.#output.write(frameOf(this.#draw(number)));
      // A slow line gets frames as fast as it takes them, and never a queue of stale ones.
      if (!drained) await this.#drained();
      await pause(shownAt + 1000 / this.#fps - performance.now(), this.#signal);
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#output.once('drain', resolve);
      this.#signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  #draw(number: number): Said[] {
    const codes = this.#layOut();
    if (codes instanceof SevError) return [codes.sentence];
    const { frames } = codes;
    const text = frames.kind === 'still' ? frames.text : frames.frame(number);
    const modules = modulesOfText(text, codes, TERMINAL_QUIET_ZONE);
    const of = frames.kind === 'still' ? 'one code' : `${frames.total} codes`;
    const width = sizeOf(this.#output).columns;
    const status = `${nameOf(this.#ur)}: ${of}, ${this.#fps} a second  [+ -] speed  [d s] density  [q] end`;
    return [...drawHalfBlocks(modules), status.slice(0, width)];
  }

  /** Laid out anew only when the terminal or the wish changes: a new layout begins a new series. */
  #layOut(): QrCodes | SevError {
    const size = sizeOf(this.#output);
    const wish = `${size.columns} ${size.rows} ${this.#denser}`;
    if (!this.#codes || wish !== this.#shownAs) this.#codes = layOutOrSay(this.#ur, size, this.#denser);
    this.#shownAs = wish;
    return this.#codes;
  }

  readonly #onKeys = (keys: Buffer): void => {
    const [slowest, fastest] = FPS_RANGE;
    const key = keys.toString('latin1');
    if (['q', 'Q', '\r', '\u0003', '\u001b'].includes(key)) this.#ended.abort();
    else if (key === '+') this.#fps = Math.min(fastest, this.#fps + 1);
    else if (key === '-') this.#fps = Math.max(slowest, this.#fps - 1);
    else if (key === 'd') this.#denser = Math.min(10, this.#denser + 1);
    else if (key === 's') this.#denser = Math.max(-15, this.#denser - 1);
  };
}

/** A terminal that became too small says so, and goes on once it is made larger. */
function layOutOrSay(ur: Ur, size: TerminalSize, denser: number): QrCodes | SevError {
  try {
    return layOutForTerminal(ur, size, denser);
  } catch (error) {
    if (error instanceof SevError) return error;
    throw error;
  }
}

/** Waits so long, or until it is aborted. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.max(0, ms));
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
