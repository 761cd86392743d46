// Everything that the operator reads at the terminal: where the relay is, the pairing link and its QR code, questions.
import encodeQr from 'qr';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import type { Painted, Said } from '../../shared/text/painted.ts';
import type { Terminal } from '../../shared/text/terminal.ts';
import { TERMINAL_QUIET_ZONE } from '../qr/layout.ts';
import { drawHalfBlocks } from '../qr/modules.ts';
import { stacked } from '../qr/qr-terminal.ts';
import { PAIRINGS } from './verbs/words.ts';
import type { Relay } from '../serve/relay.ts';

/**
 * What stands at the terminal when the relay is ready.
 * @param isShown whether the pairing link, which holds the code, may be written there
 */
export function describeRelay(
  relay: Relay,
  facts: readonly string[],
  columns: number | undefined,
  simulated: boolean,
  isShown: boolean,
): Painted {
  const code = columns === undefined ? [] : ['', drawQr(relay.pairingLink, columns)];
  const link = ["Open this link on the guest owner's device, or scan it:", '', `  ${relay.pairingLink}`, ...code];
  return stacked([
    `sev-relay listens at ${relay.url}`,
    ...facts.map((fact) => `  ${fact}`),
    '',
    ...(isShown ? link : PAIRINGS.notShown.split('\n')),
    '',
    simulated
      ? 'Ctrl-C ends the relay, and the simulated guests with it.'
      : 'Ctrl-C ends the relay; guests stay as they are.',
    '',
  ]);
}

/** What `sev-relay pair` prints: the link of one owner, once. */
export function describePairing(
  name: string,
  link: string,
  days: number | undefined,
  columns: number | undefined,
): Painted {
  return stacked([
    `Give this link to ${name} alone. ${PAIRINGS.goodFor(days)} It is not shown again.`,
    '',
    `  ${link}`,
    ...(columns === undefined ? [] : ['', drawQr(link, columns)]),
    '',
  ]);
}

/** Draws a QR code in half blocks; a sentence takes its place where the terminal is too narrow. */
export function drawQr(text: string, columns: number): Said {
  const modules = encodeQr(text, 'raw', { ecc: 'low', border: TERMINAL_QUIET_ZONE });
  if (modules.length > columns) return `(A QR code needs ${modules.length} columns; this terminal has ${columns}.)`;
  return stacked(drawHalfBlocks(modules));
}

/**
 * Asks the operator a question that wants the word “yes”. Whatever else is said, silence for a minute, or nobody at
 * the other end, is a no.
 */
export async function confirmAt(
  input: Readable,
  { out }: Pick<Terminal, 'out'>,
  question: string,
  waitMs = 60_000,
): Promise<boolean> {
  // Without an output of its own: the question goes through the sink, and the terminal itself echoes what is typed.
  const lines = createInterface({ input });
  try {
    out(`\n${question}\nType “yes” to allow it: `);
    const answer = lines.question('', { signal: AbortSignal.timeout(waitMs) });
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return (await Promise.race([answer, ended])).trim().toLowerCase() === 'yes';
  } catch {
    return false;
  } finally {
    lines.close();
  }
}
