// `sev-relay serve`: options, start, say where, close.
import { setFlagsFromString } from 'node:v8';
import { SevError } from '../../../shared/errors.ts';
import { helpOf } from '../flags.ts';
import { makeLog } from '../../serve/log.ts';
import { parseServeOptions, SERVE_COMMAND, type ServeOptions } from '../options.ts';
import { start } from '../../serve/relay.ts';
import { readTrusted } from '../../state/private-files.ts';
import { announce } from '../../state/running-relay.ts';
import { openSources } from '../../serve/open-sources.ts';
import { defaultStatePath, openState, openTemporaryState, type StateFolder } from '../../state/state.ts';
import { print, screen, terminal } from '../process-terminal.ts';
import { confirmAt, describeRelay } from '../terminal.ts';
import { VERSION } from '../../../shared/version.ts';

export async function run(args: readonly string[]): Promise<number> {
  const options = parseServeOptions(args);
  if (options === 'help') return print(helpOf(SERVE_COMMAND));
  if (options === 'version') return print(`sev-relay ${VERSION}\n`);

  // The young heap stays at 2 MiB: with 1,000 monitors 75 MiB resident instead of 100, for a tenth of the calls a second.
  setFlagsFromString('--semi-space-growth-factor=1');
  const ended = interrupted();
  const log = makeLog(options.logLevel, terminal.err);
  const tls = options.tls && { cert: readPem(options.tls.cert), key: readPem(options.tls.key, true) };
  const state = openStateOf(options);
  const confirm = (question: string): Promise<boolean> => confirmAt(process.stdin, terminal, question);
  try {
    const sources = await openSources(options, state, log, confirm);
    try {
      const relay = await start({ ...options, tls, state, log }, sources);
      const conceal = announce(state, { url: relay.url, localCode: relay.localCode, cert: tls?.cert });
      const columns = screen.isTTY ? screen.columns || 80 : undefined;
      // A service's output is kept in a journal that others read. Behind a simulated host there is nothing to protect.
      const isShown = columns !== undefined || options.showLink || sources.platform.simulated;
      print(describeRelay(relay, sources.facts, columns, sources.platform.simulated, isShown));
      await ended;
      conceal();
      await relay.close();
    } finally {
      await sources.close();
    }
  } finally {
    state.close();
  }
  return 0;
}

/** A simulated host is forgotten with its relay, unless the operator names a folder. */
const openStateOf = ({ state, simulate }: ServeOptions): StateFolder =>
  simulate !== 'no' && state === undefined ? openTemporaryState() : openState(state ?? defaultStatePath());

function readPem(path: string, secret = false): string {
  try {
    return readTrusted(path, { secret });
  } catch (cause) {
    if (cause instanceof SevError) throw cause;
    throw new SevError('RELAY_FILE', { at: path, because: 'It cannot be read.', cause });
  }
}

/** Waits for the first Ctrl-C, or until the terminal is closed; a second Ctrl-C ends the process at once. */
const interrupted = (): Promise<void> =>
  new Promise((resolve) => {
    const stop = (): void => {
      process.once('SIGINT', () => process.exit(130));
      resolve();
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    process.once('SIGHUP', stop);
  });
