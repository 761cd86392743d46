// A libvirtd of the tests' own, with the shim preloaded, in namespaces of its own: nothing of the machine's
// libvirt, and none of its network, is seen or touched. It needs root, and says so where it cannot have it.
import { execFile, type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../testing/testing.ts';

export interface Libvirtd {
  /** What virsh wants after -c. */
  readonly uri: string;
  virsh(...args: readonly string[]): Promise<string>;
  /** What libvirtd wrote. */
  log(): string;
  close(): Promise<void>;
}

/** Folders that libvirtd writes to; each becomes an empty one that goes away with the namespace. */
const PRIVATE = ['/etc/libvirt', '/var/lib/libvirt', '/var/cache/libvirt', '/var/log/libvirt', '/run/libvirt'];

// As root, without what a container lacks: cgroups, namespaces, a security driver, virtlogd.
const QEMU_CONF = `
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
`;

/** @param folder for the socket and the log @param shim to be preloaded into libvirtd, which passes it on to QEMU */
export async function startLibvirtd(folder: string, shim: string): Promise<Libvirtd> {
  mkdirSync(folder, { recursive: true });
  const [sockets, log] = [join(folder, 's'), join(folder, 'libvirtd.log')];
  mkdirSync(sockets, { recursive: true });
  writeFileSync(join(folder, 'qemu.conf'), QEMU_CONF);
  writeFileSync(
    join(folder, 'libvirtd.conf'),
    `unix_sock_dir = "${sockets}"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\nlog_outputs = "2:file:${log}"\n`,
  );
  const mounts = PRIVATE.map((path) => `mkdir -p ${path} && mount -t tmpfs tmpfs ${path}`);
  const script = [
    ...mounts,
    `cp ${join(folder, 'qemu.conf')} /etc/libvirt/`,
    `LD_PRELOAD=${shim} exec libvirtd -f ${join(folder, 'libvirtd.conf')} -p ${join(folder, 'pid')}`,
  ].join(' && ');
  const child = spawn('unshare', ['--mount', '--net', '--propagation', 'private', 'sh', '-c', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.on('error', ({ message }) => (said += message));
  const socket = join(sockets, 'libvirt-sock');
  await eventually(
    () => existsSync(socket) || hasEnded(child),
    (over) => over,
    30_000,
  );
  if (hasEnded(child)) throw new Error(`libvirtd did not start: ${said}`);
  const uri = `qemu+unix:///system?socket=${socket}`;
  return {
    uri,
    virsh: async (...args) => (await promisify(execFile)('virsh', ['-c', uri, ...args])).stdout,
    log: () => said + (existsSync(log) ? readFileSync(log, 'utf8') : ''),
    close: () => ended(child),
  };
}

/** By itself, by a signal, or before it began. */
const hasEnded = ({ pid, exitCode, signalCode }: ChildProcess): boolean =>
  pid === undefined || exitCode !== null || signalCode !== null;

async function ended(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const over = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await over;
}
