import { describe, expect, it } from 'vitest';
import { cmdlineFindings, cmdlineParameters } from './cmdline.ts';

const codes = (cmdline: string) => cmdlineFindings(cmdline).map(({ code }) => code);

describe('A command line', () => {
  it('is shown one parameter a line, with blanks and invisible characters to be seen', () => {
    const line = `ro  quiet${' '.repeat(220)}a\u200bb\tc\u00a0d`;
    expect(cmdlineParameters(line).map(({ shown, blanks }) => [blanks, shown])).toEqual([
      [undefined, 'ro'],
      ['␠×2', 'quiet'],
      ['␠×220', 'a‹U+200B›b'],
      ['‹U+0009›', 'c'],
      ['‹U+00A0›', 'd'],
    ]);
    expect(cmdlineParameters('  ro ')).toEqual([
      { text: 'ro', shown: 'ro', blanks: '␠×2' },
      { text: '', shown: '', blanks: '␠' },
    ]);
  });

  it('keeps blanks in quotes, and nothing of it is lost', () => {
    const line = ' a="b c" d  ';
    const parameters = cmdlineParameters(line);
    expect(parameters.map(({ text }) => text)).toEqual(['a="b c"', 'd', '']);
  });

  it.each([
    ['init=/bin/sh', 'CMDLINE_FIRST_PROGRAM'],
    ['"init=/bin/sh"', 'CMDLINE_FIRST_PROGRAM'],
    ['x="y init=/bin/sh z"', 'CMDLINE_FIRST_PROGRAM'],
    ['rdinit=/bin/sh', 'CMDLINE_FIRST_PROGRAM'],
    ['rd.break', 'CMDLINE_SHELL'],
    ['rd.break=pre-mount', 'CMDLINE_SHELL'],
    ['rd.shell', 'CMDLINE_SHELL'],
    ['rd.shell=1', 'CMDLINE_SHELL'],
    ['break=premount', 'CMDLINE_SHELL'],
    ['break', 'CMDLINE_SHELL'],
    ['systemd.debug_shell', 'CMDLINE_SHELL'],
    ['systemd.debug-shell=1', 'CMDLINE_SHELL'],
    ['rd.systemd.debug_shell', 'CMDLINE_SHELL'],
    ['systemd.unit=rescue.target', 'CMDLINE_SINGLE_USER'],
    ['systemd.unit=emergency.target', 'CMDLINE_SINGLE_USER'],
    ['rd.systemd.unit=emergency.target', 'CMDLINE_SINGLE_USER'],
    ['single', 'CMDLINE_SINGLE_USER'],
    ['s', 'CMDLINE_SINGLE_USER'],
    ['S', 'CMDLINE_SINGLE_USER'],
    ['1', 'CMDLINE_SINGLE_USER'],
    ['emergency', 'CMDLINE_SINGLE_USER'],
    ['rescue', 'CMDLINE_SINGLE_USER'],
    ['systemd.set_credential=passwd.plaintext-password.root:x', 'CMDLINE_OTHER_UNITS'],
    ['kgdboc=ttyS0', 'CMDLINE_DEBUGGER'],
    ['ds=nocloud-net;s=http://10.0.2.2/', 'CMDLINE_CONFIGURED_FROM_OUTSIDE'],
    ['root=/dev/nfs', 'CMDLINE_OTHER_SYSTEM'],
    ['selinux=0', 'CMDLINE_GUARD_OFF'],
    ['console=ttyS0', 'CMDLINE_CONSOLE'],
    ['rw', 'CMDLINE_WRITABLE'],
  ])('that has %s is found to open the guest', (parameter, code) => {
    expect(codes(`root=/dev/mapper/root ro ${parameter} quiet`)).toEqual([code]);
  });

  it.each([
    '',
    'ro',
    'root=/dev/mapper/root ro quiet splash',
    'rd.shell=0',
    'rd.luks.uuid=luks-1',
    'initcall_debug=0',
    'loglevel=1',
  ])('as usual, %j, is found to open nothing', (line) => expect(codes(line)).toEqual([]));

  it('is found where it is unusually long, or has unusual blanks or what cannot be seen', () => {
    expect(codes(`a=${'x'.repeat(510)}`)).toEqual([]);
    expect(codes(`a=${'x'.repeat(511)}`)).toEqual(['CMDLINE_LONG']);
    expect(codes('ro   quiet')).toEqual(['CMDLINE_BLANKS']);
    expect(codes('ro\tquiet')).toEqual(['CMDLINE_BLANKS']);
    expect(codes('ro\u202equiet')).toEqual(['CMDLINE_INVISIBLE']);
  });

  it('costs time in proportion to its length, and says a bounded thing', () => {
    const long = `${'init=/bin/sh '.repeat(5000)}${'"'.repeat(5001)} ${'x'.repeat(60_000)}`;
    const findings = cmdlineFindings(long);
    for (const { sentence } of findings) expect(sentence.length).toBeLessThan(600);
  });
});
