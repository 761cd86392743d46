// Which codes fit into a terminal of so many columns and rows.
import { SevError } from '../../shared/errors.ts';
import { type CodeSize, layOutCodes, modulesOf, type QrCodes, type Ur, USUAL_SIZE } from '../../shared/airgap/index.ts';

/** Half the standard's four modules: measured to be enough on a screen, and every module counts here. */
export const TERMINAL_QUIET_ZONE = 2;

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Below this version a frame carries hardly more than what ties it to the others. */
const MIN_VERSION = 4;

/**
 * The densest code that a terminal holds above one line of status.
 * @throws SevError RELAY_TERMINAL when it is too small
 */
export function largestVersion({ columns, rows }: TerminalSize): number {
  const modules = Math.min(columns, 2 * (rows - 1)) - 2 * TERMINAL_QUIET_ZONE;
  const version = Math.min(40, Math.floor((modules - modulesOf(0)) / 4));
  if (version >= MIN_VERSION) return version;
  const side = modulesOf(MIN_VERSION) + 2 * TERMINAL_QUIET_ZONE;
  throw new SevError('RELAY_TERMINAL', {
    because: `It has ${columns} columns and ${rows} rows; ${side} and ${Math.ceil(side / 2) + 1} are the least.`,
  });
}

/**
 * Lays a message out for a terminal: one still code when it fits, else a series.
 * @param denser steps away from the usual density, for cameras that read more or less
 * @throws SevError RELAY_TERMINAL, BYTES_TOO_LARGE
 */
export function layOutForTerminal(ur: Ur, size: TerminalSize, denser = 0): QrCodes {
  const largest = largestVersion(size);
  const within = (version: number): number => Math.max(MIN_VERSION, Math.min(largest, version + denser));
  const { maxVersion, maxStillVersion = maxVersion, correction } = USUAL_SIZE;
  const code: CodeSize = { maxVersion: within(maxVersion), maxStillVersion: within(maxStillVersion), correction };
  return layOutCodes(ur, code);
}
