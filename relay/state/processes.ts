// Which process is still the same one: a number alone may have been given to another since.
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process by its number and the moment it began, in clock ticks after the boot; Linux counts both. */
export interface ProcessMark {
  readonly pid: number;
  /** `0` where /proc does not tell. */
  readonly began: string;
}

export const ownMark = (): ProcessMark => markOf(process.pid);

export const markOf = (pid: number): ProcessMark => ({ pid, began: beganAt(pid) ?? '0' });

export function isAlive({ pid, began }: ProcessMark): boolean {
  if (began !== '0') return beganAt(pid) === began;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Ends a child, or does nothing where there is none. A program that could not be started has no number, and until its
 * `error` event Node signals whatever number it finds instead: another process, or with 0 all of this one's group.
 */
export function endChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): void {
  if (child.pid !== undefined) child.kill(signal);
}

export const encodeMark = ({ pid, began }: ProcessMark): string => `${pid} ${began}\n`;

export function parseMark(text: string): ProcessMark | undefined {
  const [, pid, began] = /^(\d{1,10}) (\d{1,20})\n$/.exec(text) ?? [];
  return pid !== undefined && began !== undefined ? { pid: Number(pid), began } : undefined;
}

// Field 22 of /proc/PID/stat; the name in field 2 may hold anything, so count from its closing bracket.
// A zombie has ended: only its number is still there.
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
