// The verb `serve`: options, start, say where, close.
import { freeValues, type OptionTable, readOptions } from './options.ts';
import { DEFAULT_PORT, serve } from './serve.ts';
import { SERVE } from './words.ts';
import type { Terminal } from './terminal.ts';

const HELP = `Usage: sev-verifier serve [--port N]

Serves the web app on loopback of this device, under its strict content security policy.

  --port N   the port (default ${DEFAULT_PORT})
  --json     say where as one JSON object

Exit codes: 0 ended by Ctrl-C; 2 wrong use, or the port cannot be had.
`;

const OPTIONS = {
  port: { kind: 'number', max: 65_535 },
  json: { kind: 'flag' },
  help: { kind: 'flag', short: 'h' },
} as const satisfies OptionTable;

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { options, free } = readOptions(args, OPTIONS);
  if (options.help) {
    terminal.out(HELP);
    return 0;
  }
  freeValues(free);
  const serving = await serve(options.port ?? DEFAULT_PORT);
  const { url, plainUrl } = serving;
  terminal.out(options.json ? `${JSON.stringify({ status: 'serving', url, plainUrl })}\n` : SERVE.at(url, plainUrl));
  await interrupted();
  await serving.close();
  return 0;
}

/** Waits for the first Ctrl-C; a second one ends the process at once. */
const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    const stop = (): void => {
      process.once('SIGINT', () => process.exit(130));
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
