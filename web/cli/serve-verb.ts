// The verb `serve`: options, start, say where, close.
import { parseArgs } from 'node:util';
import { SevError } from '../../shared/errors.ts';
import { DEFAULT_PORT, serve } from './serve.ts';

const HELP = `Usage: sev-verifier serve [--port N]

Serves the web app on loopback of this device, under its strict content security policy.

  --port N   the port (default ${DEFAULT_PORT})
`;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = readArgs(args);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const serving = await serve(readPort(values.port));
  process.stdout.write(`The verifier is at ${serving.url}\n`);
  await interrupted();
  await serving.close();
  return 0;
}

function readArgs(args: readonly string[]): { values: { port: string; help: boolean } } {
  const options = {
    port: { type: 'string', default: String(DEFAULT_PORT) },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true });
  } catch (cause) {
    throw new SevError('RELAY_USAGE', { because: cause instanceof Error ? `${cause.message}.` : '', cause });
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new SevError('RELAY_USAGE', { at: '--port', because: 'A port is a number from 0 to 65535.' });
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
