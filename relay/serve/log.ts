// What the relay tells its operator as it works: one line an event, never a blob's contents, never the pairing code.

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const isLogLevel = (text: string): text is LogLevel => (LOG_LEVELS as readonly string[]).includes(text);

export type Log = Readonly<Record<LogLevel, (line: string) => void>>;

/** @param write where lines go: the terminal's sink, beside the answers */
export function makeLog(level: LogLevel, write: (text: string) => void, now: () => Date = () => new Date()): Log {
  const at = (own: LogLevel) => {
    if (LOG_LEVELS.indexOf(own) > LOG_LEVELS.indexOf(level)) return () => undefined;
    return (line: string): void => write(`${now().toISOString()} ${own.padEnd(5)} ${plain(line, 1000)}\n`);
  };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

export const silentLog: Log = makeLog('error', () => undefined);

/** Text from outside, made fit for a terminal: no control characters, no end in sight, no more than `max` characters. */
export function plain(text: string, max = 120): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
  return clean.length > max ? `${clean.slice(0, max)}…` : clean;
}
