// Cuts a byte stream into lines, however the network cut it, and never holds more than one line's bound.
import { SevError } from '../../../shared/errors.ts';

const NEWLINE = 0x0a;

export class LineSplitter {
  readonly #maxBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes the next piece and gives the lines that it completes, without their ends. Empty lines are left out.
   * @throws SevError RELAY_QMP_FOREIGN when a line exceeds the bound
   */
  push(piece: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      const line = this.#complete(piece.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    this.#hold(piece.subarray(start));
    return lines;
  }

  #complete(last: Buffer): string {
    this.#hold(last);
    const line = Buffer.concat(this.#held).toString('utf8').trim();
    this.#held = [];
    this.#heldBytes = 0;
    return line;
  }

  #hold(part: Buffer): void {
    this.#heldBytes += part.length;
    if (this.#heldBytes > this.#maxBytes) {
      throw new SevError('RELAY_QMP_FOREIGN', { because: 'It sends lines without end.' });
    }
    // A copy: the stream may use its own buffer again.
    if (part.length > 0) this.#held.push(Buffer.from(part));
  }
}
