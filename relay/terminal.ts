// Everything that the operator reads at the terminal: where the relay is, the pairing link and its QR code, questions.
import encodeQr from 'qr';
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import type { Relay } from './relay.ts';

/** What stands at the terminal when the relay is ready. The link holds the pairing code: it is written here only. */
export function describeRelay(relay: Relay, facts: readonly string[], columns: number | undefined): string {
  const code = columns === undefined ? [] : ['', drawQr(relay.pairingLink, columns)];
  return [
    `sev-relay listens at ${relay.url}`,
    ...facts.map((fact) => `  ${fact}`),
    '',
    "Open this link on the guest owner's device, or scan it:",
    '',
    `  ${relay.pairingLink}`,
    ...code,
    '',
    'Ctrl-C ends the relay; guests stay as they are.',
    '',
  ].join('\n');
}

// Black on white by number: inverse video fails in several scanners, and themes change the named colours.
const INK = '\u001b[38;5;16;48;5;231m';
const PLAIN = '\u001b[0m';
const QUIET_ZONE = 2;
// Upper and lower half of a character cell are two modules.
const CELLS = { '00': ' ', '10': '▀', '01': '▄', '11': '█' } as const;

/** Draws a QR code in half blocks; a sentence takes its place where the terminal is too narrow. */
export function drawQr(text: string, columns: number): string {
  const modules = encodeQr(text, 'raw', { ecc: 'low', border: QUIET_ZONE });
  if (modules.length > columns) return `(A QR code needs ${modules.length} columns; this terminal has ${columns}.)`;
  const rows: string[] = [];
  for (let y = 0; y < modules.length; y += 2) {
    const upper = modules[y]!;
    const lower = modules[y + 1];
    const cells = upper.map((dark, x) => CELLS[`${bit(dark)}${bit(lower?.[x] ?? false)}`]);
    rows.push(`${INK}${cells.join('')}${PLAIN}`);
  }
  return rows.join('\n');
}

const bit = (dark: boolean): '0' | '1' => (dark ? '1' : '0');

/**
 * Asks the operator a question that wants the word “yes”. Whatever else is said, silence for a minute, or nobody at
 * the other end, is a no.
 */
export async function confirmAt(
  input: Readable,
  output: Writable,
  question: string,
  waitMs = 60_000,
): Promise<boolean> {
  const lines = createInterface({ input, output });
  try {
    const answer = lines.question(`\n${question}\nType “yes” to allow it: `, { signal: AbortSignal.timeout(waitMs) });
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return (await Promise.race([answer, ended])).trim().toLowerCase() === 'yes';
  } catch {
    return false;
  } finally {
    lines.close();
  }
}
