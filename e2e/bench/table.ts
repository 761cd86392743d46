// The figures as one table, and the machine that they were taken on.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, freemem, loadavg, release, totalmem, type as system } from 'node:os';
import { type Figure, ratioOf } from './bench.ts';

/** One line on the machine. Load is named because it spoils figures. */
export function machine(): string {
  const [processor] = cpus();
  const parts = [
    `${cpus().length} × ${processor?.model.trim() ?? 'unknown processor'}${hasShaInstructions() ? ' with SHA instructions' : ''}`,
    `${gib(totalmem())} GiB memory, ${gib(freemem())} free`,
    `${system()} ${release()}`,
    `Node ${process.versions.node}`,
    openssl(),
    `load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
  ];
  return parts.filter(Boolean).join(' · ');
}

const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(0);

function hasShaInstructions(): boolean {
  try {
    return /\bsha_ni\b/.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    return false;
  }
}

function openssl(): string {
  try {
    return execFileSync('openssl', ['version'], { encoding: 'utf8' }).split(' ').slice(0, 2).join(' ');
  } catch {
    return '';
  }
}

const HEADER = ['', 'ours', 'beside', 'ratio', 'goal', ''];

export function table(figures: readonly Figure[]): string {
  const rows = [HEADER, ...figures.map(row)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows
    .map((cells) =>
      cells
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function row({ name, unit, ours, other, goal = '', met, skipped }: Figure): string[] {
  if (skipped !== undefined) return [name, '—', '', '', goal, `skipped: ${skipped}`];
  const ratio = other ? ratioOf(unit, ours, other.value).toFixed(2) : '';
  const verdict = met === undefined ? '' : met ? 'met' : 'MISSED';
  return [name, show(ours, unit), other ? `${show(other.value, unit)} ${other.name}` : '', ratio, goal, verdict];
}

const show = (value: number, unit: string): string =>
  `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)} ${unit}`;
