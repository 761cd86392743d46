// The command line of the QEMU behind a monitor, from /proc: for the configuration audit, and no more than a hint.
import { readdir, readFile } from 'node:fs/promises';
import { SevError } from '../../../shared/errors.ts';
import { qemuArgumentsForAudit } from '../configuration/qemu-arguments.ts';
import type { QmpEndpoint } from '../types.ts';

/**
 * One argument a line, and only what the audit reads.
 * @throws SevError RELAY_QMP when no process of this host shows this monitor in its arguments
 */
export async function qemuArguments(endpoint: QmpEndpoint, proc = '/proc'): Promise<string> {
  const marks = marksOf(endpoint);
  for (const pid of await readdir(proc)) {
    if (!/^\d+$/.test(pid)) continue;
    const args = await argumentsOf(`${proc}/${pid}/cmdline`);
    if (/qemu/.test(args[0] ?? '') && args.some((arg) => namesMonitor(arg, marks))) return qemuArgumentsForAudit(args);
  }
  throw new SevError('RELAY_QMP', {
    sentence: 'The arguments of this QEMU cannot be seen from here.',
    next: "Ask the host operator for the command line, or give the guest's libvirt XML.",
  });
}

async function argumentsOf(path: string): Promise<string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\0').slice(0, -1);
  } catch {
    // The process ended in between, or belongs to another user.
    return [];
  }
}

/** `-qmp unix:PATH,…`, `-chardev socket,path=PATH,…`, and their TCP forms. */
const namesMonitor = (arg: string, marks: readonly string[]): boolean =>
  arg.split(',').some((part) => marks.includes(part) || marks.includes(part.replace(/^tcp:.*:/, 'tcp:')));

const marksOf = (endpoint: QmpEndpoint): readonly string[] =>
  'path' in endpoint
    ? [`unix:${endpoint.path}`, `path=${endpoint.path}`]
    : [`tcp:${endpoint.port}`, `port=${endpoint.port}`];
