import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import decodeQr from 'qr/decode.js';
import { afterAll, describe, expect, it } from 'vitest';
import { FrameCollector, layOutCodes, type Ur } from '../../shared/airgap/index.ts';
import type { Painted } from '../../shared/text/painted.ts';
import { referenceMessage } from '../../shared/testing/reference-message.ts';
import { writeCodeFiles } from './files.ts';
import { largestVersion } from './layout.ts';
import { codeTexts, type CodeKeys, type CodeOutput, showCodes } from './qr-terminal.ts';

const ur = (length: number): Ur => ({ type: 'x-sev-chain', payload: referenceMessage(length) });

/** A terminal that remembers what was written, and may be slow or small. */
class FakeTerminal implements CodeOutput {
  readonly isTTY: boolean;
  readonly columns: number;
  rows: number;
  written: string[] = [];
  onWrite: ((text: string) => void) | undefined;
  slow = false;

  constructor(columns: number, rows: number, isTTY = true) {
    this.columns = columns;
    this.rows = rows;
    this.isTTY = isTTY;
  }

  write({ raw: text }: Painted): boolean {
    this.written.push(text);
    this.onWrite?.(text);
    return !this.slow;
  }

  once(_event: 'drain', listener: () => void): void {
    setTimeout(listener, 20);
  }

  get text(): string {
    return this.written.join('');
  }
}

const CELLS: Readonly<Record<string, readonly [boolean, boolean]>> = {
  ' ': [false, false],
  '▀': [true, false],
  '▄': [false, true],
  '█': [true, true],
};

/** What a camera before the terminal sees, one picture for each drawing: half blocks as pixels, and then as text. */
function scan(written: string): string[] {
  const lines = written.split(/\r?\n/).map((line) => line.split('\u001b[38;5;16;48;5;231m')[1]?.split('\u001b[0m')[0]);
  const drawings: string[][] = [[]];
  for (const line of lines) {
    if (line !== undefined) drawings.at(-1)!.push(line);
    else if (drawings.at(-1)!.length > 0) drawings.push([]);
  }
  return drawings.filter((drawing) => drawing.length > 0).map(readDrawing);
}

const readDrawing = (drawing: readonly string[]): string =>
  readModules(drawing.flatMap((line) => [0, 1].map((half) => [...line].map((cell) => CELLS[cell]![half]!))));

function readModules(rows: readonly (readonly boolean[])[]): string {
  const scale = 4;
  const [width, height] = [rows[0]!.length * scale, rows.length * scale];
  const data = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const dark = rows[Math.floor(y / scale)]![Math.floor(x / scale)]!;
      data.fill(dark ? 0 : 255, 4 * (y * width + x), 4 * (y * width + x) + 3);
    }
  }
  return decodeQr({ width, height, data }, { timeLimit: 5000 });
}

describe('the size of a terminal', () => {
  // Half blocks, two modules of quiet zone on each side, one line of status.
  it.each([
    [80, 24, 6],
    [100, 30, 9],
    [80, 40, 14],
    [120, 50, 19],
    [300, 100, 40],
    [37, 20, 4],
  ])('%i by %i holds version %i', (columns, rows, version) => {
    expect(largestVersion({ columns, rows })).toBe(version);
  });

  it.each([
    [36, 20],
    [37, 19],
    [0, 0],
  ])('%i by %i is too small', (columns, rows) => {
    expect(() => largestVersion({ columns, rows })).toThrow('RELAY_TERMINAL');
  });
});

describe('at a terminal', () => {
  it('a message that fits stands still, and leaves the screen as it is', async () => {
    const terminal = new FakeTerminal(120, 50);
    await showCodes(ur(400), { output: terminal, signal: AbortSignal.timeout(5000) });
    expect(new FrameCollector().add(scan(terminal.text)[0]!)).toEqual({ status: 'done', message: ur(400) });
    expect(terminal.text).toContain('platform chain');
    expect(terminal.text).not.toContain('?1049');
  });

  it.each([
    [80, 24, false],
    [100, 30, true],
  ])('a longer one is animated at %i by %i, and a camera reads it (slow line: %j)', async (columns, rows, slow) => {
    const terminal = new FakeTerminal(columns, rows);
    terminal.slow = slow;
    const ended = new AbortController();
    const collector = new FrameCollector();
    terminal.onWrite = (text) => {
      const [seen] = scan(text);
      if (seen && collector.add(seen).status === 'done') ended.abort();
    };
    await showCodes(ur(900), { output: terminal, signal: ended.signal, framesPerSecond: 200 });
    const frames = terminal.written.slice(1, -1);
    expect(frames.length).toBeGreaterThan(5);
    for (const frame of frames) {
      expect(frame.split('\n').length).toBeLessThanOrEqual(rows);
      expect(frame.startsWith('\u001b[?2026h\u001b[H')).toBe(true);
      expect(frame.endsWith('\u001b[J\u001b[?2026l')).toBe(true);
    }
    expect(terminal.written[0]).toContain('\u001b[?1049h\u001b[?25l');
    expect(terminal.written.at(-1)).toContain('\u001b[?25h\u001b[?1049l');
  });

  it('keys change the speed and the density, and end it', async () => {
    const terminal = new FakeTerminal(120, 60);
    let press: (keys: Buffer) => void = () => undefined;
    const raw: boolean[] = [];
    const keys: CodeKeys = {
      isTTY: true,
      setRawMode: (on) => raw.push(on),
      on: (_event, listener) => (press = listener),
      off: () => (press = () => undefined),
      resume: () => undefined,
      pause: () => undefined,
    };
    const status = (): string => terminal.written.at(-1)!.split('\r\n').at(-1)!;
    const shown = new Set<string>();
    const presses = ['+', '+', '-', 's', 's', '\u001b[A', 'd', 'q'];
    terminal.onWrite = (text) => {
      if (!text.includes('?2026h')) return;
      shown.add(/(\d+) codes, (\d+) a second/.exec(status())!.slice(1).join('/'));
      const next = presses.shift();
      if (next) setTimeout(() => press(Buffer.from(next)));
    };
    await showCodes(ur(4000), { output: terminal, keys, signal: AbortSignal.timeout(5000), framesPerSecond: 19 });
    // Versions 18, 17 and 16 carry 484, 430 and 388 bytes.
    expect([...shown]).toEqual(['9/19', '9/20', '10/19', '11/19']);
    expect(raw).toEqual([true, false]);
    expect(presses).toEqual([]);
  });

  it('a terminal that became too small says so, and gives the screen back', async () => {
    const terminal = new FakeTerminal(80, 24);
    const ended = new AbortController();
    terminal.onWrite = (text) => {
      terminal.rows = 10;
      if (text.includes('too small')) ended.abort();
    };
    await showCodes(ur(2000), { output: terminal, signal: ended.signal, framesPerSecond: 200 });
    expect(terminal.text).toContain('The terminal is too small for a QR code. It has 80 columns and 10 rows');
    expect(terminal.written.at(-1)).toContain('\u001b[?1049l');
  });

  it('one that is too small from the start is an error', async () => {
    const shown = showCodes(ur(2000), { output: new FakeTerminal(20, 10), signal: AbortSignal.timeout(100) });
    await expect(shown).rejects.toThrow('RELAY_TERMINAL');
  });
});

describe('without a terminal', () => {
  it('every code of a series is printed once, and no cursor moves', async () => {
    const output = new FakeTerminal(0, 0, false);
    await showCodes(ur(900), { output, signal: AbortSignal.timeout(5000) });
    const seen = scan(output.text);
    const collector = new FrameCollector();
    expect(seen.map((text) => collector.add(text)).at(-1)).toEqual({ status: 'done', message: ur(900) });
    expect(output.text).toContain(`platform chain, code 1 of ${seen.length}`);
    const plain = output.text.replaceAll('\u001b[38;5;16;48;5;231m', '').replaceAll('\u001b[0m', '');
    expect(plain).not.toContain('\u001b');
  });
});

describe('in files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'codes-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Reads a PNG of one bit a pixel, as far as this writer goes. */
  function readPng(path: string): boolean[][] {
    const file = readFileSync(path);
    expect(file.subarray(1, 4).toString()).toBe('PNG');
    const side = file.readUInt32BE(16);
    const length = file.readUInt32BE(33);
    expect(file.subarray(37, 41).toString()).toBe('IDAT');
    const lines = inflateSync(file.subarray(41, 41 + length));
    const stride = 1 + Math.ceil(side / 8);
    return Array.from({ length: side }, (_, y) =>
      Array.from({ length: side }, (_, x) => ((lines[y * stride + 1 + (x >> 3)]! >> (7 - (x & 7))) & 1) === 0),
    )
      .filter((_, y) => y % 8 === 0)
      .map((row) => row.filter((_, x) => x % 8 === 0));
  }

  it('one that fits is one PNG, which reads back', () => {
    const paths = writeCodeFiles(ur(600), join(folder, 'one.png'));
    expect(paths).toEqual([join(folder, 'one.png')]);
    expect(new FrameCollector().add(readModules(readPng(paths[0]!)))).toEqual({ status: 'done', message: ur(600) });
  });

  it('a longer one is several, numbered', () => {
    const paths = writeCodeFiles(ur(2000), join(folder, 'chain.PNG'));
    expect(paths.map((path) => path.slice(folder.length + 1))).toEqual(['chain-1.PNG', 'chain-2.PNG', 'chain-3.PNG']);
    const collector = new FrameCollector();
    const last = paths.map((path) => collector.add(readModules(readPng(path)))).at(-1);
    expect(last).toEqual({ status: 'done', message: ur(2000) });
  });

  it('an SVG draws the same modules, black on white', () => {
    const [path] = writeCodeFiles(ur(50), join(folder, 'one.svg'));
    const svg = readFileSync(path!, 'utf8');
    const side = Number(/viewBox="0 0 (\d+) \1"/.exec(svg)![1]);
    const rows = Array.from({ length: side }, () => new Array<boolean>(side).fill(false));
    for (const [, x, y, run] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
      rows[Number(y)]!.fill(true, Number(x), Number(x) + Number(run));
    }
    expect(readModules(rows)).toBe(codeTexts(layOutCodes(ur(50)))[0]);
    expect(svg).toContain(`<path fill="#fff" d="M0 0h${side}v${side}H0z"/>`);
  });

  it('any other ending is not understood, and a folder that is not there is named', () => {
    expect(() => writeCodeFiles(ur(50), join(folder, 'one.gif'))).toThrow('RELAY_USAGE');
    expect(() => writeCodeFiles(ur(50), join(folder, 'none', 'one.png'))).toThrow('RELAY_FILE');
  });
});
