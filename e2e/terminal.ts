// A real terminal's output: a command runs on a pseudo-terminal, and what it draws becomes pictures.
import { spawn, spawnSync } from 'node:child_process';
import type { Page } from '@playwright/test';

export const TERMINAL = { columns: 80, rows: 40 } as const;
/** `script` of util-linux gives a command a pseudo-terminal. */
export const hasPseudoTerminal = (): boolean => spawnSync('script', ['--version']).status === 0;
export const NO_PSEUDO_TERMINAL = 'script (util-linux) is not installed';

const PLAYING_MS = 20_000;
const ESC = String.fromCharCode(27);
/** What is drawn between the begin and the end of a synchronized update. */
const FRAME = new RegExp(`${ESC}\\[\\?2026h${ESC}\\[H(.*?)${ESC}\\[J${ESC}\\[\\?2026l`, 'gs');
const ESCAPE = new RegExp(`${ESC}\\[[0-9;?]*[A-Za-z]`, 'g');
/** Black on white, by number. */
const CODE_COLOURS = '38;5;16;48;5;231m';

/**
 * Runs `node COMMAND…` on a terminal until it has drawn so many different frames as `wanted` makes of one.
 * What ends by itself has printed one still code: that is its one frame.
 */
export async function framesOnTerminal(command: readonly string[], wanted: (frame: string) => number) {
  const { columns, rows } = TERMINAL;
  const line = `stty cols ${columns} rows ${rows}; exec "$0" "$@"`;
  const quoted = [process.execPath, ...command].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const child = spawn('script', ['-qfec', `sh -c '${line}' ${quoted}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let text = '';
  const frames = await new Promise<string[]>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The terminal shows:\n${text.slice(-4000)}`)), PLAYING_MS);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const seen = [...new Set([...text.matchAll(FRAME)].map(([, frame = '']) => frame))];
      if (!seen[0] || seen.length < wanted(seen[0])) return;
      clearTimeout(timer);
      resolve(seen);
    });
    void ended.then(() => {
      clearTimeout(timer);
      resolve([text]);
    });
  });
  // It may end in this very moment, and then nobody reads the key.
  child.stdin.on('error', () => undefined);
  if (child.exitCode === null) child.stdin.write('q');
  await ended;
  return frames;
}

/** Draws one frame as a dark terminal's window does, and takes its picture. */
export async function photograph(page: Page, frame: string): Promise<Buffer> {
  await page.evaluate(
    ({ lines, columns }) => {
      const canvas = document.querySelector('canvas') ?? document.body.appendChild(document.createElement('canvas'));
      const context = canvas.getContext('2d');
      if (!context) return;
      // A cell is one module wide and two high.
      const module = Math.floor(innerWidth / columns);
      document.body.style.cssText = 'margin: 0; overflow: hidden; background: #1b1d1f';
      canvas.width = innerWidth;
      canvas.height = innerHeight;
      context.translate((innerWidth - columns * module) / 2, (innerHeight - 2 * module * lines.length) / 2);
      context.font = `${2 * module}px monospace`;
      for (const [y, line] of lines.entries()) {
        const top = 2 * module * y;
        if (!line.code) {
          context.fillStyle = '#d8dadc';
          context.fillText(line.text, 0, top + 1.7 * module, innerWidth);
          continue;
        }
        for (const [x, cell] of [...line.text].entries()) {
          context.fillStyle = '#ffffff';
          context.fillRect(x * module, top, module, 2 * module);
          context.fillStyle = '#000000';
          if (cell === '▀' || cell === '█') context.fillRect(x * module, top, module, module);
          if (cell === '▄' || cell === '█') context.fillRect(x * module, top + module, module, module);
        }
      }
    },
    { lines: linesOf(frame), columns: TERMINAL.columns },
  );
  return page.screenshot();
}

/** The lines of a frame without their escape sequences; those of a code are set black on white. */
function linesOf(frame: string): { text: string; code: boolean }[] {
  return frame.split('\r\n').map((line) => ({
    text: line.replace(ESCAPE, ''),
    code: line.includes(CODE_COLOURS),
  }));
}
