// A code's modules, and how half blocks of a terminal draw them.
import encodeQr from 'qr';
import type { QrCodes } from '../../shared/airgap/index.ts';
import { own, type Painted, painted } from '../../shared/text/painted.ts';

/** Rows of modules, dark ones true, quiet zone included. */
export type Modules = readonly (readonly boolean[])[];

/** The modules of one text of a series; all of a series get the same size. */
export const modulesOfText = (text: string, { version, correction }: QrCodes, quietZone: number): Modules =>
  encodeQr(text, 'raw', { encoding: 'alphanumeric', version, ecc: correction, border: quietZone });

// Upper and lower half of a character cell are two modules.
const CELLS = [' ', '▄', '▀', '█'];

/** One line of text for every two rows of modules. */
export function drawHalfBlocks(modules: Modules): Painted[] {
  const lines: Painted[] = [];
  for (let y = 0; y < modules.length; y += 2) {
    const lower = modules[y + 1] ?? [];
    const cells = modules[y]!.map((dark, x) => CELLS[2 * Number(dark) + Number(lower[x] ?? false)]);
    lines.push(painted(own('codeInk'), cells.join(''), own('plain')));
  }
  return lines;
}
