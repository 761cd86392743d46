// Draws a code onto a canvas: black on white whatever the theme, each module the same whole number of pixels.
import encodeQr from 'qr';
import { modulesOf, type QrCodes } from '../../shared/airgap/index.ts';

/** The standard's four modules of white on each side. */
const QUIET_ZONE = 4;

/** Modules along one side, quiet zone included. */
export const sideOf = (codes: QrCodes): number => modulesOf(codes.version) + 2 * QUIET_ZONE;

/** @param scale pixels a module */
export function drawCode(canvas: HTMLCanvasElement, text: string, codes: QrCodes, scale: number): void {
  const { version, correction } = codes;
  const rows = encodeQr(text, 'raw', { encoding: 'alphanumeric', version, ecc: correction, border: QUIET_ZONE });
  const side = rows.length * scale;
  // Setting the size clears the canvas, and a cleared canvas is a flash between two codes.
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) return;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, side, side);
  context.fillStyle = '#000000';
  for (const [y, row] of rows.entries()) {
    for (const [x, dark] of row.entries()) if (dark) context.fillRect(x * scale, y * scale, scale, scale);
  }
}
