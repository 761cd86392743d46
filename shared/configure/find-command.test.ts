import { describe, expect, it } from 'vitest';
import { findCommand } from './find-command.ts';
import { readQemuArguments } from './read-qemu.ts';

const MACHINE = '-machine q35,confidential-guest-support=sev0';
const OBJECT = '-object sev-guest,id=sev0,policy=3,dh-cert-file=g,session-file=s';
const COMMAND = `qemu-system-x86_64 ${MACHINE} ${OBJECT} -bios /fw/OVMF.fd -append "console=ttyS0 quiet" -kernel /k -S`;
const JSON_OBJECT =
  '{"qom-type":"sev-guest","id":"sev0","policy":3,"dh-cert-file":"g","session-file":"s {\\"}","kernel-hashes":true}';
const RUNNING = ['qemu-system-x86_64', '-S', ...MACHINE.split(' '), '-object', JSON_OBJECT, '-bios', '/fw/OVMF.fd'];
const BOOT = ['-kernel', '/k', '-append', 'console=ttyS0 quiet', '-cpu', 'host'];
const lines = (...all: readonly string[]) => all.join('\n');
const continued = COMMAND.replaceAll(' -', ' \\\n  -');

describe('The command of QEMU is found', () => {
  it.each<[string, string]>([
    ['alone', COMMAND],
    ['without the program', COMMAND.replace('qemu-system-x86_64 ', '')],
    ['over several lines', continued],
    ['over lines that end with CR and LF', continued.replaceAll('\n', '\r\n')],
    ['over lines that lost their backslashes', continued.replaceAll(' \\\n', '\n')],
    [
      'in a script, between comments with an apostrophe and other commands',
      lines("#!/bin/sh # it's", 'OVMF="x', 'y"', `sudo ${continued}`, "echo it's done -no-reboot"),
    ],
    ['before a comment', `${COMMAND} # it's all -nographic`],
    ['in the background', `${COMMAND} > log 2>&1 & sleep 1; echo -S 'x`],
    ['after a comment of another one', lines('# qemu-system-x86_64 -old "', COMMAND)],
    ['with its path in quotes', COMMAND.replace('qemu-system-x86_64', '"/usr/bin/qemu-system-x86_64"')],
    ['as a word for another shell', lines(`ssh host 'sudo ${COMMAND}' && echo -n`, "echo it's")],
    ['as a text in double quotes', lines(`bash -c "${COMMAND.replaceAll('"', '\\"')}"`, "echo it's")],
    ['in a unit of systemd', lines("Description=It's a guest", `ExecStart=/usr/bin/${continued}`, 'Restart=no')],
    ['after the name of a guest that looks like it', COMMAND.replace(' -', ' -name qemu-kvm -')],
    ["under Debian's name", COMMAND.replace('qemu-system-x86_64', '/usr/bin/kvm -accel kvm')],
    ['as the kernel has it: a NUL after each word, JSON and blanks as they are', [...RUNNING, ...BOOT, ''].join('\0')],
    ['as `ps` prints it', `libvirt+  7274  0.0 ?  Sl  20:46  0:00 /usr/bin/${[...RUNNING, ...BOOT].join(' ')}`],
    ['with one word a line', lines(...RUNNING, ...BOOT)],
    [
      "in libvirt's log",
      lines(
        "2026-05-03 09:12:13+0000: starting up libvirt version: 9.0.0, qemu version: 7.2.22, hostname: it's",
        'LC_ALL=C \\',
        `HOME=/var/lib/libvirt/qemu/domain-1 \\`,
        `/usr/bin/${continued}`,
        'char device redirected to /dev/pts/1 (label charserial0) -x',
      ),
    ],
  ])('%s', (_, text) => {
    const facts = readQemuArguments(text);
    expect(facts).toMatchObject({
      security: 'sev',
      policy: 3,
      paused: true,
      firmware: '/fw/OVMF.fd',
      machine: { kind: 'q35' },
    });
    expect(facts).toMatchObject({ kernel: '/k', cmdline: 'console=ttyS0 quiet', commands: 1, expands: false });
    expect(facts.dhCert).toBe('g');
  });

  it('as the last of several, and how many there were is said', () => {
    const found = findCommand(lines(COMMAND.replace('-S', '-s'), COMMAND), 'qemu');
    expect(found.commands).toBe(2);
    expect(found.words).toContain('-S');
  });

  it('within bounds, whatever it is given', () => {
    const many = (part: string) => part.repeat(Math.floor(260_000 / part.length));
    expect(() => findCommand(many('qemu-kvm -S '), 'qemu')).toThrow('BYTES_TOO_LARGE');
    expect(findCommand(`qemu-kvm -name ${many('{"a ')}`, 'qemu').words.length).toBeGreaterThan(30_000);
  });

  it('with what only a shell would know', () => {
    const expands = (text: string) => findCommand(`qemu-system-x86_64 ${text}`, 'qemu').expands;
    expect(expands('-bios $OVMF')).toBe(true);
    expect(expands('-bios "${OVMF}"')).toBe(true);
    expect(expands('-smp $(nproc)')).toBe(true);
    expect(expands('-smp `nproc`')).toBe(true);
    expect(expands('-append \'$HOME `x`\' -bios a$ -name "\\$x"')).toBe(false);
  });
});
