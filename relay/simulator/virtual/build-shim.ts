// Compiles the shim with the system's own compiler and kernel headers, where it is first needed.
import { execFile, type ExecFileException } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SevError } from '../../../shared/errors.ts';
import source from './shim.c?raw';

const FLAGS = ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Werror'];

/**
 * Builds `shim.so` in a folder; the socket `amd-sp.sock` belongs beside it.
 * @throws SevError RELAY_FILE with the compiler's first words when there is none, or when headers are missing
 */
export async function buildShim(folder: string): Promise<string> {
  const [code, library] = [join(folder, 'shim.c'), join(folder, 'shim.so')];
  writeFileSync(code, source, { mode: 0o600 });
  try {
    await promisify(execFile)('cc', [...FLAGS, '-o', library, code, '-ldl', '-lpthread']);
    return library;
  } catch (cause) {
    const { code, signal, stderr = '' } = cause as ExecFileException;
    const [first = ''] = stderr.split('\n');
    const ended = signal ? `cc was ended by ${signal}.` : `cc ended with ${code}.`;
    const said = String(code) === 'ENOENT' ? 'There is no C compiler (cc).' : first ? `cc said: ${first}` : ended;
    throw new SevError('RELAY_FILE', {
      at: 'shim.c',
      sentence: 'The shim of the virtual SEV host could not be compiled.',
      because: said,
      next: "Install a C compiler and the kernel's headers: apt-get install gcc linux-libc-dev libc6-dev.",
      cause,
    });
  }
}
