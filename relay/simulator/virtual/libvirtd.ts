// A libvirtd of the tests' own, with the shim preloaded, in namespaces of its own: nothing of the machine's
// libvirt, and none of its network, is seen or touched. It needs root, and says so where it cannot have it.
import { execFile, type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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

/** What libvirtd said, on stderr and in its log, where the reason mostly stands. */
export class LibvirtdDidNotStart extends Error {
  constructor(said: string) {
    super(`libvirtd did not start: ${said.trim() || 'it said nothing'}`);
  }
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

/**
 * The QEMU driver does not start without the user libvirt-qemu, whatever user qemu.conf names. Debian makes it in a
 * package that libvirtd itself does not bring; in its namespace libvirtd reads users and groups from these copies.
 */
const USERS: readonly (readonly [string, string])[] = [
  ['/etc/passwd', 'libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin'],
  ['/etc/group', 'libvirt-qemu:x:64055:'],
];

function copyUsers(folder: string): string[] {
  return USERS.map(([path, line]) => {
    const copy = join(folder, basename(path));
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    writeFileSync(copy, /^libvirt-qemu:/m.test(text) ? text : `${text.trimEnd()}\n${line}\n`);
    return `mount --bind ${copy} ${path}`;
  });
}

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
    ...copyUsers(folder),
    `cp ${join(folder, 'qemu.conf')} /etc/libvirt/`,
    `LD_PRELOAD=${shim} exec libvirtd -f ${join(folder, 'libvirtd.conf')} -p ${join(folder, 'pid')}`,
  ].join(' && ');
  const child = spawn('unshare', ['--mount', '--net', '--propagation', 'private', 'sh', '-c', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.on('error', ({ message }) => (said += message));
  const everything = (): string => said + (existsSync(log) ? readFileSync(log, 'utf8') : '');
  const uri = `qemu+unix:///system?socket=${join(sockets, 'libvirt-sock')}`;
  const virsh = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('virsh', ['-c', uri, ...args])).stdout;
  // The socket is there before the QEMU driver has been looked at, so only an answer tells that it serves.
  const answers = await eventually(
    () =>
      hasEnded(child) ||
      virsh('version').then(
        () => true,
        () => undefined,
      ),
    (over) => over === true,
    30_000,
  ).catch(() => false);
  if (!answers || hasEnded(child)) {
    await ended(child);
    throw new LibvirtdDidNotStart(everything());
  }
  return {
    uri,
    virsh,
    log: everything,
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
