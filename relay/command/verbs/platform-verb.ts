// What the verbs about the platform share: opening it by the flags, asking before it is changed, writing files.
import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import { SevError } from '../../../shared/errors.ts';
import type { Flags, Values } from '../flags.ts';
import { HELP_FLAG } from '../flags.ts';
import { makeLog } from '../../serve/log.ts';
import { HOST_FLAGS, type HostOptions, hostOptions } from '../options.ts';
import { openPlatform, openSimulatedHost, simulatedPlatform } from '../../serve/open-sources.ts';
import type { PlatformSource } from '../../sources/types.ts';
import { defaultStatePath, openSharedState, openTemporaryState, type StateFolder } from '../../state/state.ts';
import { terminal } from '../process-terminal.ts';
import { confirmAt } from '../terminal.ts';

export const PLATFORM_FLAGS = { ...HOST_FLAGS, help: HELP_FLAG } as const satisfies Flags;

export const OWNER_FLAGS = {
  'allow-ownership': { help: 'let this command change the owner and the keys of this platform' },
  yes: { help: 'do not ask at the terminal' },
  ...PLATFORM_FLAGS,
} as const satisfies Flags;

/** Opens the platform, does the work, closes. A relay that serves meanwhile is not disturbed. */
export async function withPlatform<T>(
  values: Values<typeof HOST_FLAGS>,
  work: (platform: PlatformSource) => Promise<T>,
): Promise<T> {
  const options = hostOptions(values);
  const state = stateOf(options);
  const log = makeLog('warn', terminal.err);
  try {
    const simulated = await openSimulatedHost(options, state, log);
    const platform = simulated ? simulatedPlatform(simulated, log) : await openPlatform(options, state, log);
    try {
      return await work(platform);
    } finally {
      await platform.close();
      await simulated?.close();
    }
  } finally {
    state.close();
  }
}

/** The state folder without its lock: verbs only read and add certificates there. */
function stateOf({ state, simulate }: HostOptions): StateFolder {
  if (state === undefined && simulate !== 'no') return openTemporaryState();
  return openSharedState(state ?? defaultStatePath());
}

/** @throws SevError RELAY_NOT_ALLOWED unless the operator said so by the flag, and says “yes” now */
export async function requireOwnership(
  values: { readonly 'allow-ownership': boolean; readonly yes: boolean },
  consequence: string,
): Promise<void> {
  if (!values['allow-ownership']) {
    throw new SevError('RELAY_NOT_ALLOWED', {
      sentence: `This would ${consequence}.`,
      next: 'If that is meant, say --allow-ownership.',
    });
  }
  if (values.yes || (await confirmAt(process.stdin, terminal, `This will ${consequence}.`))) return;
  throw new SevError('RELAY_NOT_ALLOWED', { because: 'It was not confirmed.', next: 'Answer “yes”, or say --yes.' });
}

/**
 * @param mode 0o600 for what is secret; such a file is never written over another one
 * @throws SevError RELAY_FILE
 */
export function writeFile(path: string, content: Uint8Array | string, mode = 0o644): void {
  try {
    if (mode === 0o600) return writeKey(path, content);
    writeFileSync(path, content, { mode });
  } catch (cause) {
    const said = (cause as NodeJS.ErrnoException).code ?? 'no';
    const because =
      said === 'EEXIST' ? 'It is there already, and a key is never written over.' : `The system said ${said}.`;
    throw new SevError('RELAY_FILE', { at: path, because, cause });
  }
}

/** A key: a new file of this user's alone, and no link is followed to it. */
function writeKey(path: string, content: Uint8Array | string): void {
  const { O_CREAT, O_EXCL, O_WRONLY } = constants;
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | (constants.O_NOFOLLOW ?? 0), 0o600);
  try {
    writeFileSync(fd, content);
  } finally {
    closeSync(fd);
  }
}
