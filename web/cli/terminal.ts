// Where a verb writes. Tests give one that collects.

export interface Terminal {
  /** What was asked for: results and help. */
  readonly out: (text: string) => void;
  /** What goes beside it: progress, notes and failures. */
  readonly err: (text: string) => void;
  /** Whether a person watches what goes beside: only then is progress shown. */
  readonly isLive: boolean;
}

export const processTerminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isLive: Boolean(process.stderr.isTTY),
};
