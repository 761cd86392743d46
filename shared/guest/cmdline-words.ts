// What people read about a kernel command line that opens a guest, or hides something.
import type { Finding, Severity } from '../findings/finding.ts';

export type CmdlineDanger =
  | 'first-program'
  | 'shell'
  | 'single-user'
  | 'other-units'
  | 'debugger'
  | 'configured-from-outside'
  | 'other-system'
  | 'guard-off'
  | 'console'
  | 'writable';

interface DangerWords {
  readonly code: string;
  readonly severity: Severity;
  readonly words: (named: string) => { readonly sentence: string; readonly next?: string };
}

const REMOVE = 'Remove it from what you expect, unless you put it there on purpose.';

export const CMDLINE_DANGERS: Readonly<Record<CmdlineDanger, DangerWords>> = {
  'first-program': {
    code: 'CMDLINE_FIRST_PROGRAM',
    severity: 'warning',
    words: (named) => ({
      sentence: `${named} replaces the first program of the guest: with a shell there, anyone at its console is root.`,
      next: REMOVE,
    }),
  },
  shell: {
    code: 'CMDLINE_SHELL',
    severity: 'warning',
    words: (named) => ({
      sentence: `${named} opens a root shell on the console, which the host controls.`,
      next: REMOVE,
    }),
  },
  'single-user': {
    code: 'CMDLINE_SINGLE_USER',
    severity: 'warning',
    words: (named) => ({
      sentence: `${named} starts the guest in rescue mode, with a root shell on its console.`,
      next: REMOVE,
    }),
  },
  'other-units': {
    code: 'CMDLINE_OTHER_UNITS',
    severity: 'warning',
    words: (named) => ({ sentence: `${named} changes what the guest starts, or gives it credentials.`, next: REMOVE }),
  },
  debugger: {
    code: 'CMDLINE_DEBUGGER',
    severity: 'warning',
    words: (named) => ({
      sentence: `${named} lets the console debug the kernel, and read all of its memory.`,
      next: REMOVE,
    }),
  },
  'configured-from-outside': {
    code: 'CMDLINE_CONFIGURED_FROM_OUTSIDE',
    severity: 'warning',
    words: (named) => ({
      sentence: `${named} lets the guest take its configuration, users and keys included, from outside.`,
      next: REMOVE,
    }),
  },
  'other-system': {
    code: 'CMDLINE_OTHER_SYSTEM',
    severity: 'warning',
    words: (named) => ({
      sentence: `${named} starts a system from somewhere other than your encrypted disk.`,
      next: REMOVE,
    }),
  },
  'guard-off': {
    code: 'CMDLINE_GUARD_OFF',
    severity: 'warning',
    words: (named) => ({ sentence: `${named} switches a protection of the guest off.`, next: REMOVE }),
  },
  console: {
    code: 'CMDLINE_CONSOLE',
    severity: 'note',
    words: (named) => ({
      sentence: `${named}: the host reads what the guest writes there, and types into it. A login there needs a password.`,
    }),
  },
  writable: {
    code: 'CMDLINE_WRITABLE',
    severity: 'note',
    words: (named) => ({ sentence: `${named} mounts the root file system writable before it was checked.` }),
  },
};

export const cmdlineBlanks = (blanks: string): Finding => ({
  code: 'CMDLINE_BLANKS',
  severity: 'warning',
  sentence: `The command line has unusual blanks (${blanks}): they can push parameters out of sight.`,
  next: 'Read it to its end, one parameter a line.',
});

export const cmdlineInvisible = (shown: string): Finding => ({
  code: 'CMDLINE_INVISIBLE',
  severity: 'warning',
  sentence: `The command line has characters that cannot be seen: ${shown.slice(0, 120)}.`,
  next: 'Type the parameter again by hand.',
});

export const cmdlineLong = (length: number): Finding => ({
  code: 'CMDLINE_LONG',
  severity: 'warning',
  sentence: `The command line is unusually long: ${length.toLocaleString('en')} bytes.`,
  next: 'Read it to its end, one parameter a line.',
});
