// The terminal of this process. Nothing else in the relay writes to its streams: an ESLint rule holds that.
import { type Painted, rendered, type Said } from '../../shared/text/painted.ts';
import { Terminal } from '../../shared/text/terminal.ts';
import type { CodeOutput } from '../qr/qr-terminal.ts';

export const terminal = new Terminal({
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isLive: Boolean(process.stderr.isTTY),
});

/** The screen that QR codes are drawn on; its size changes with the window. */
export const screen: CodeOutput = {
  get isTTY() {
    return Boolean(process.stdout.isTTY);
  },
  get columns() {
    return process.stdout.columns;
  },
  get rows() {
    return process.stdout.rows;
  },
  write: (said: Painted) => process.stdout.write(rendered(said)),
  once: (event, listener) => process.stdout.once(event, listener),
};

/** Says it as the answer; ends well. */
export function print(said: Said): 0 {
  terminal.out(said);
  return 0;
}

/**
 * What happens when the answer cannot be written. A reader such as `head` may go before everything was said: that is no
 * fault of ours. Log lines that nobody takes any more are lost, and nothing else.
 */
export function whenUnwritable(tell: (code: string | undefined) => void): void {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') tell(code);
  });
  process.stderr.on('error', () => undefined);
}
