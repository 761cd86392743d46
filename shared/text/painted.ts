// Terminal output that carries our own escape sequences. Only this file makes one; any text in it is made visible first.
import { visible } from './visible.ts';

/** Every sequence that the commands send, by what it does (ECMA-48, and xterm's private modes). */
const SEQUENCES = {
  bold: '\u001b[1m',
  dim: '\u001b[2m',
  red: '\u001b[31m',
  green: '\u001b[32m',
  yellow: '\u001b[33m',
  plain: '\u001b[0m',
  // Black on white by number: inverse video fails in several scanners, and themes change the named colors.
  codeInk: '\u001b[38;5;16;48;5;231m',
  home: '\u001b[H',
  clear: '\u001b[2J',
  clearRight: '\u001b[K',
  clearBelow: '\u001b[J',
  lineStart: '\r',
  nextLine: '\r\n',
  hideCursor: '\u001b[?25l',
  showCursor: '\u001b[?25h',
  otherScreen: '\u001b[?1049h',
  ownScreen: '\u001b[?1049l',
  // Synchronized output: the terminal draws a frame whole.
  beginFrame: '\u001b[?2026h',
  endFrame: '\u001b[?2026l',
} as const;

export type Sequence = keyof typeof SEQUENCES;

/** What a command says: text of any origin, or text with our own sequences in it. */
export type Said = string | Painted;

export class Painted {
  /** Fit for a terminal: foreign text in it is escaped. */
  readonly raw: string;
  // Private, so that no other code can bring a raw text past the sink.
  private constructor(raw: string) {
    this.raw = raw;
  }

  static sequence(name: Sequence): Painted {
    return new Painted(SEQUENCES[name]);
  }

  static of(parts: readonly Said[]): Painted {
    return new Painted(parts.map(rendered).join(''));
  }
}

/** Text for the terminal: escaped, but for our own sequences. */
export const rendered = (said: Said): string => (said instanceof Painted ? said.raw : visible(said));

/** One of our sequences, by its name. */
export const own = (name: Sequence): Painted => Painted.sequence(name);

/** Parts one after the other; texts among them are escaped. */
export const painted = (...parts: readonly Said[]): Painted => Painted.of(parts);

/** Text in a color or weight, and plain again after it. */
export const paint = (style: 'bold' | 'dim' | 'red' | 'green' | 'yellow', text: string): Painted =>
  painted(own(style), text, own('plain'));
