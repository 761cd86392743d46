// The streams of this process, and where a verb writes. Nothing else in the command line writes to them: an ESLint rule holds that.
import type { Streams } from '../../shared/text/terminal.ts';

export type { Streams, Terminal } from '../../shared/text/terminal.ts';

export const processStreams: Streams = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isLive: Boolean(process.stderr.isTTY),
};

/**
 * What happens when the answer cannot be written. A reader such as `head` may go before everything was said: that is no
 * fault of ours. What goes beside the answer may be lost; the exit code still says what it would.
 */
export function whenUnwritable(tell: (code: string | undefined) => void): void {
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') tell(code);
  });
  process.stderr.on('error', () => undefined);
}
