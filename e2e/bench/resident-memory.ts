// How much memory a browser's page processes take while something runs: the peak above what they had before.
import { readdirSync, readFileSync } from 'node:fs';

const EVERY_MS = 20;

export interface MemoryWatch {
  begin(name: string): void;
  end(): void;
  /** MiB, by name. */
  readonly growth: Readonly<Record<string, number>>;
}

/** @param browserPid the browser's own process; its pages and their workers live in children of it */
export function residentMemory(browserPid: number): MemoryWatch {
  const growth: Record<string, number> = {};
  let timer: NodeJS.Timeout | undefined;
  return {
    growth,
    begin(name) {
      const before = renderers(browserPid);
      growth[name] = 0;
      timer = setInterval(() => {
        growth[name] = Math.max(growth[name]!, (renderers(browserPid) - before) / 2 ** 20);
      }, EVERY_MS);
    },
    end: () => clearInterval(timer),
  };
}

/** Resident bytes of all renderers below a process. */
function renderers(root: number): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${name}/status`))?.[1]);
    parents.set(Number(name), parent);
  }
  const isBelow = (pid: number): boolean => pid === root || (parents.has(pid) && isBelow(parents.get(pid)!));
  return [...parents.keys()]
    .filter((pid) => isBelow(pid) && read(`/proc/${pid}/cmdline`).includes('--type=renderer'))
    .reduce((sum, pid) => sum + Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024, 0);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // The process has ended meanwhile.
  }
}
