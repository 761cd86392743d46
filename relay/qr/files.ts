// Codes as pictures: PNG through node:zlib, SVG as text.
import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { deflateSync } from 'node:zlib';
import { type CodeSize, layOutCodes, type Ur } from '../../shared/airgap/index.ts';
import { crc32 } from '../../shared/bytes/crc32.ts';
import { SevError } from '../../shared/errors.ts';
import { codeTexts } from './qr-terminal.ts';
import { type Modules, modulesOfText } from './modules.ts';

/** A picture stands still and is sharp: it may be denser than what a camera sees. */
const FILE_SIZE: CodeSize = { maxVersion: 25, correction: 'medium' };
const QUIET_ZONE = 4;
const PIXELS_PER_MODULE = 8;

const WRITERS: Readonly<Record<string, (modules: Modules) => Uint8Array | string>> = {
  '.png': (modules) => encodePng(modules, PIXELS_PER_MODULE),
  '.svg': (modules) => encodeSvg(modules),
};

/**
 * Writes a message as one picture, or as several, numbered before the file's ending: `chain-1.png`, `chain-2.png`.
 *
 * @returns the paths that were written
 * @throws SevError RELAY_USAGE when the ending is neither .png nor .svg, RELAY_FILE when a file cannot be written
 */
export function writeCodeFiles(ur: Ur, path: string): readonly string[] {
  const ending = extname(path);
  const encode = WRITERS[ending.toLowerCase()];
  if (!encode) throw new SevError('RELAY_USAGE', { at: '--out', because: 'Give a file that ends in .png or .svg.' });
  const codes = layOutCodes(ur, FILE_SIZE);
  const texts = codeTexts(codes);
  return texts.map((text, i) => {
    const place = texts.length === 1 ? path : `${path.slice(0, -ending.length)}-${i + 1}${ending}`;
    write(place, encode(modulesOfText(text, codes, QUIET_ZONE)));
    return place;
  });
}

function write(path: string, content: Uint8Array | string): void {
  try {
    writeFileSync(path, content);
  } catch (cause) {
    throw new SevError('RELAY_FILE', { at: path, because: 'It cannot be written.', cause });
  }
}

/** One path of one rectangle for each run of dark modules, black on white. */
export function encodeSvg(modules: Modules): string {
  const runs = modules.flatMap((row, y) =>
    [
      ...row
        .map((dark) => (dark ? '1' : '0'))
        .join('')
        .matchAll(/1+/g),
    ].map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`),
  );
  const side = modules.length;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${side}v${side}H0z"/><path d="${runs.join('')}"/></svg>\n`
  );
}

/** A PNG of one bit a pixel, 0 black and 1 white. */
export function encodePng(modules: Modules, scale: number): Uint8Array {
  const side = modules.length * scale;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const lines = modules.flatMap((row) => Array.from({ length: scale }, () => scanline(row, scale)));
  return Buffer.concat([
    Buffer.from('\u0089PNG\r\n\u001a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(lines))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Filter type 0, then the pixels from the highest bit on. */
function scanline(row: readonly boolean[], scale: number): Buffer {
  const line = Buffer.alloc(1 + Math.ceil((row.length * scale) / 8));
  for (let x = 0; x < row.length * scale; x++) {
    if (!row[Math.floor(x / scale)]) line[1 + (x >> 3)]! |= 0x80 >> (x & 7);
  }
  return line;
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
