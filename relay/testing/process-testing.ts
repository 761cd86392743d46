// For tests: the built relay as a process of its own, that can be killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { onTestFinished } from 'vitest';
import { endChild } from '../state/processes.ts';

/** Builds the command as `npm run build:node` does, but aside; below node_modules, so that ws is found. */
export async function buildRelay(): Promise<string> {
  const outDir = resolve('node_modules/.cache/sev-relay-test', String(process.pid));
  mkdirSync(outDir, { recursive: true });
  await build({ mode: 'node', configFile: resolve('vite.config.ts'), logLevel: 'error', build: { outDir } });
  return join(outDir, 'relay/main.js');
}

export class RelayProcess {
  readonly child: ChildProcess;
  #output = '';

  constructor(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [program, '--listen', '127.0.0.1:0', '--show-link', ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.on('data', (piece: Buffer) => (this.#output += piece.toString('utf8')));
    }
    onTestFinished(() => endChild(this.child, 'SIGKILL'));
  }

  get output(): string {
    return this.#output;
  }

  /** Waits until it says where it is. @returns the pairing link */
  async link(): Promise<string> {
    for (;;) {
      const link = /http:\S+#relay=\S+/.exec(this.#output)?.[0];
      if (link !== undefined) return link;
      if (this.#hasEnded) throw new Error(`it ended: ${this.#output}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#hasEnded) return this.child.exitCode;
    const ended = new Promise<number | null>((resolve) => this.child.once('exit', resolve));
    endChild(this.child, signal);
    return ended;
  }

  /** By itself, or by a signal. */
  get #hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }
}
