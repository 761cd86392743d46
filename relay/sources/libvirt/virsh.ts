// Runs virsh: arguments as a list, never a shell, few at once, bounded in time and output.
import { type ChildProcess, execFile, type ExecFileException, spawn } from 'node:child_process';
import { SevError } from '../../../shared/errors.ts';
import { plain } from '../../serve/log.ts';
import { libvirtError } from './words.ts';

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const AT_ONCE = 4;

export class Virsh {
  readonly #uri: string;
  readonly #program: string;
  readonly #timeoutMs: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(uri: string, program = 'virsh', timeoutMs = TIMEOUT_MS) {
    this.#uri = uri;
    this.#program = program;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * One command of virsh; what it prints.
   * @throws SevError RELAY_LIBVIRT and what libvirt's words mean, RELAY_TIMEOUT, RELAY_LOST
   */
  async run(command: string, ...args: readonly string[]): Promise<string> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running++;
    try {
      return await this.#execute(command, args);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  /** virsh's lifecycle events, a line each, until it ends; undefined where it cannot even be tried. */
  watch(): ChildProcess | undefined {
    const args = [...this.#connection(), 'event', '--event', 'lifecycle', '--loop'];
    try {
      return spawn(this.#program, args, { stdio: ['ignore', 'pipe', 'ignore'], env: ENGLISH() });
    } catch {
      return undefined;
    }
  }

  #execute(command: string, args: readonly string[]): Promise<string> {
    const options = {
      env: ENGLISH(),
      timeout: this.#timeoutMs,
      maxBuffer: MAX_OUTPUT_BYTES,
      killSignal: 'SIGKILL',
    } as const;
    return new Promise((resolve, reject) => {
      try {
        execFile(this.#program, [...this.#connection(), command, ...args], options, (error, stdout, stderr) => {
          if (error) reject(failureOf(command, error, stderr));
          else resolve(stdout);
        });
      } catch (error) {
        // Out of memory, a program that is being replaced: Node throws some of what keeps a program from starting.
        reject(libvirtError(command, `virsh was not started: ${(error as NodeJS.ErrnoException).code}`));
      }
    });
  }

  #connection(): string[] {
    return [`--connect=${this.#uri}`, '--quiet'];
  }
}

/** libvirt's words are known here in English. */
const ENGLISH = (): NodeJS.ProcessEnv => ({ ...process.env, LC_ALL: 'C', LANGUAGE: '' });

function failureOf(command: string, error: ExecFileException, stderr: string): SevError {
  if (error.killed === true) return new SevError('RELAY_TIMEOUT', { at: `virsh ${command}` });
  if (error.code === ('ENOENT' as unknown)) {
    return new SevError('RELAY_LIBVIRT', {
      sentence: 'virsh is not installed on this host.',
      next: "Operator: install libvirt's clients (`apt install libvirt-clients`, `dnf install libvirt-client`).",
    });
  }
  return libvirtError(command, plain(stderr.replaceAll('error: ', ''), 400));
}
