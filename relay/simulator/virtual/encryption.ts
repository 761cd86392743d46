// Where QEMU wants the C-bit on this machine. It compares with CPUID, which no shim can answer for; so it is asked.
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { SevError } from '../../../shared/errors.ts';
import { integer, openObject } from '../../../shared/schema.ts';
import { plain } from '../../serve/log.ts';
import { endChild } from '../../state/processes.ts';
import { QMP_LIMITS, QmpConnection } from '../../sources/qmp/connection.ts';

export interface Encryption {
  readonly cbitpos: number;
  readonly reducedPhysBits: number;
}

const PROGRAM = 'qemu-system-x86_64';
const ARGUMENTS = ['-S', '-nodefaults', '-display', 'none', '-machine', 'none,accel=kvm'];
const START_MS = 15_000;
const LOOK_MS = 20;
const ATTEMPTS = 3;
const LIMITS = { ...QMP_LIMITS, greetingMs: 5_000, commandMs: 5_000 };

const capabilities = openObject({ cbitpos: integer(0, 63), 'reduced-phys-bits': integer(0, 63) });

/**
 * Asks a QEMU that is started for this question only. On a busy machine one was seen to greet and then not to answer;
 * another one is asked then.
 * @throws SevError RELAY_LAUNCH without QEMU, KVM or the shim
 */
export async function askEncryption(folder: string, environment: NodeJS.ProcessEnv): Promise<Encryption> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await askOneQemu(join(folder, `probe-${attempt}.sock`), environment);
    } catch (cause) {
      const isSilent = cause instanceof SevError && ['RELAY_TIMEOUT', 'RELAY_QMP_BUSY'].includes(cause.code);
      if (!isSilent || attempt === ATTEMPTS) throw noVirtualHost(cause as Error);
    }
  }
}

const noVirtualHost = (cause: Error): SevError =>
  new SevError('RELAY_LAUNCH', {
    at: PROGRAM,
    sentence: 'The virtual SEV host needs QEMU with KVM, and cannot have it here.',
    because: `QEMU said: “${plain(cause.message, 400)}”.`,
    next: 'Install qemu-system-x86, and let this user use /dev/kvm. Or take --simulate, which needs neither.',
    cause,
  });

async function askOneQemu(path: string, environment: NodeJS.ProcessEnv): Promise<Encryption> {
  const qemu = spawn(PROGRAM, [...ARGUMENTS, '-qmp', `unix:${path},server=on,wait=off`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let said = '';
  let ended = false;
  qemu.once('error', (error) => (said += error.message)).once('close', () => (ended = true));
  // Without a file descriptor left there is no pipe either.
  (qemu as ChildProcess).stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  try {
    return await untilAnswered(path, () => ended);
  } catch (cause) {
    if (ended && said !== '') throw new Error(said, { cause });
    throw cause;
  } finally {
    endChild(qemu, 'SIGKILL');
  }
}

/** The socket's file is there a moment before QEMU listens. */
async function untilAnswered(path: string, hasEnded: () => boolean): Promise<Encryption> {
  for (const until = Date.now() + START_MS; ; await pause(LOOK_MS)) {
    try {
      return await ask(path);
    } catch (cause) {
      const isAnswer = !(cause instanceof SevError) || cause.code !== 'RELAY_QMP_GONE';
      if (isAnswer || hasEnded() || Date.now() > until) throw cause;
    }
  }
}

async function ask(path: string): Promise<Encryption> {
  const connection = new QmpConnection({ path }, { event: () => undefined, closed: () => undefined }, LIMITS);
  try {
    await connection.ready;
    const answer = capabilities.parse(await connection.execute('query-sev-capabilities'), 'query-sev-capabilities');
    // QEMU takes no less than 1 on a command line, whatever it reads from CPUID.
    return { cbitpos: answer.cbitpos, reducedPhysBits: Math.max(1, answer['reduced-phys-bits']) };
  } finally {
    connection.close();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
