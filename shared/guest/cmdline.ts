// A kernel command line taken apart for people: one parameter a line, blanks and invisible characters to be seen, and what
// in it opens a guest to its host. The words are in cmdline-words.ts.
import { toUtf8 } from '../bytes/text.ts';
import type { Finding } from '../findings/finding.ts';
import { type CmdlineDanger, CMDLINE_DANGERS, cmdlineBlanks, cmdlineInvisible, cmdlineLong } from './cmdline-words.ts';

/** Longer than what distributions write by far; Linux on x86 cuts at 2,048 bytes. */
const USUAL_LENGTH = 512;
/** One blank separates; two happen. */
const USUAL_BLANKS = 2;

/** Blanks as Linux knows them, the no-break space included: its bytes end with 0xA0. */
const BLANK = /[\t-\r \u0085\u00a0]/;
/** What a screen shows as nothing, as a blank, or in another order. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]|(?! )\p{Zs}|\u115f|\u1160|\u3164|\uffa0|\u2800|\p{M}/u;

export interface CmdlineParameter {
  /** As written, quotes included; what cannot be seen is written as `‹U+200B›`. */
  readonly shown: string;
  /** The very characters. */
  readonly text: string;
  /** What separates it from the one before, where that is not one blank: `␠×220`. */
  readonly blanks?: string;
  readonly danger?: CmdlineDanger;
}

/** The parameters as Linux reads them: separated by blanks outside of double quotes. Linear in the text. */
export function cmdlineParameters(cmdline: string): readonly CmdlineParameter[] {
  const parameters: CmdlineParameter[] = [];
  for (const { text, blanks } of split(cmdline)) {
    const danger = dangerOf(text);
    if (text === '' && blanks === '') continue;
    // Blanks at either end separate nothing, and are hashed like the others.
    const usual = text === '' ? false : blanks === (parameters.length === 0 ? '' : ' ');
    parameters.push({
      ...{ text, shown: visible(text) },
      ...(!usual && { blanks: visibleBlanks(blanks) }),
      ...(danger && { danger }),
    });
  }
  return parameters;
}

/** What a guest owner should know of a command line before expecting it. */
export function cmdlineFindings(cmdline: string): readonly Finding[] {
  const findings: Finding[] = [];
  const parameters = cmdlineParameters(cmdline);
  for (const danger of new Set(parameters.flatMap((parameter) => parameter.danger ?? []))) {
    const named = parameters.filter((parameter) => parameter.danger === danger).map(({ shown }) => cut(shown));
    const { severity, code, words } = CMDLINE_DANGERS[danger];
    findings.push({ code, severity, ...words(named.slice(0, 4).join(', ')) });
  }
  const blanks = parameters.filter((parameter) => parameter.blanks !== undefined);
  const unusual = blanks.filter((parameter) => !isUsual(parameter.blanks!));
  if (unusual.length > 0) findings.push(cmdlineBlanks(cut(unusual[0]!.blanks!)));
  const hidden = parameters.find(({ text, shown }) => text !== shown);
  if (hidden) findings.push(cmdlineInvisible(cut(hidden.shown)));
  const length = toUtf8(cmdline).length;
  if (length > USUAL_LENGTH) findings.push(cmdlineLong(length));
  return findings;
}

const isUsual = (blanks: string): boolean => blanks === '␠' || blanks === `␠×${USUAL_BLANKS}`;

/** A sentence names a parameter; the whole of it is shown elsewhere. */
const cut = (text: string): string => (text.length > 64 ? `${text.slice(0, 63)}…` : text);

interface Piece {
  readonly blanks: string;
  readonly text: string;
}

function* split(cmdline: string): Generator<Piece> {
  let [blanks, text, quoted] = ['', '', false];
  for (const character of cmdline) {
    if (!quoted && BLANK.test(character)) {
      if (text !== '') {
        yield { blanks, text };
        [blanks, text] = ['', ''];
      }
      blanks += character;
      continue;
    }
    if (character === '"') quoted = !quoted;
    text += character;
  }
  yield { blanks, text };
}

const visible = (text: string): string => [...text].map((one) => (INVISIBLE.test(one) ? codePoint(one) : one)).join('');

const codePoint = (one: string): string => `‹U+${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}›`;

/** `␠`, `␠×220`, `‹U+0009›`: runs of the same blank are counted. */
function visibleBlanks(blanks: string): string {
  const runs: { one: string; count: number }[] = [];
  for (const one of blanks) {
    const last = runs.at(-1);
    if (last?.one === one) last.count++;
    else runs.push({ one, count: 1 });
  }
  return runs.map(({ one, count }) => `${one === ' ' ? '␠' : codePoint(one)}${count > 1 ? `×${count}` : ''}`).join('');
}

/** Linux takes quotes off a parameter; shell scripts in an initrd do not honor them, and see the words inside. */
function dangerOf(text: string): CmdlineDanger | undefined {
  const words = text.includes('"') ? [text, ...text.split(BLANK)] : [text];
  for (const word of words) {
    const found = dangerOfWord(word.replaceAll('"', ''));
    if (found) return found;
  }
  return undefined;
}

/** Linux and systemd read `-` and `_` in a name as the same. */
function dangerOfWord(word: string): CmdlineDanger | undefined {
  const at = word.indexOf('=');
  const name = (at === -1 ? word : word.slice(0, at)).replaceAll('_', '-');
  const value = at === -1 ? undefined : word.slice(at + 1);
  // A module's or a stage's own prefix changes where a parameter works, not what it does.
  const bare = name.replace(/^rd\.(?=systemd\.)/, '');
  return TABLE.find((row) => row.matches(bare, value))?.danger;
}

interface Row {
  readonly danger: CmdlineDanger;
  readonly matches: (name: string, value: string | undefined) => boolean;
}

const named = (danger: CmdlineDanger, ...names: readonly string[]): Row => {
  const known = new Set(names);
  return { danger, matches: (name) => known.has(name) };
};

const alone = (danger: CmdlineDanger, ...names: readonly string[]): Row => {
  const known = new Set(names);
  return { danger, matches: (name, value) => value === undefined && known.has(name) };
};

const OFF = /^(0|no|n|off|false)$/i;
const switchedOn = (danger: CmdlineDanger, ...names: readonly string[]): Row => {
  const known = new Set(names);
  return { danger, matches: (name, value) => known.has(name) && !(value !== undefined && OFF.test(value)) };
};

/** By what Linux, systemd, dracut, initramfs-tools, cloud-init and the installers document. */
const TABLE: readonly Row[] = [
  named('first-program', 'init', 'rdinit'),
  switchedOn('shell', 'rd.shell', 'rdshell', 'systemd.debug-shell', 'systemd.crash-shell', 'systemd.confirm-spawn'),
  named('shell', 'rd.break', 'rdbreak', 'break', 'systemd.default-debug-tty', 'shell'),
  alone('single-user', 'single', 'Single', 's', 'S', '1', 'emergency', 'rescue', '-b', '-s', 'recovery'),
  named('single-user', 'rd.emergency'),
  {
    danger: 'single-user',
    matches: (name, value = '') =>
      name === 'systemd.unit' && /(rescue|emergency|debug|shell|runlevel1|sysinit)/.test(value),
  },
  named('other-units', 'systemd.unit', 'systemd.wants', 'systemd.run', 'systemd.mask', 'systemd.mount-extra'),
  named('other-units', 'systemd.set-credential', 'systemd.set-credential-binary', 'systemd.import-credentials'),
  named('debugger', 'kgdboc', 'kgdbwait', 'kgdbcon', 'ekgdboc', 'kgdbdbgp', 'kdb', 'sysrq-always-enabled'),
  named(
    'configured-from-outside',
    'ds',
    'cloud-config-url',
    'cloud-init',
    'ignition.config.url',
    'ignition.platform.id',
  ),
  named('configured-from-outside', 'inst.ks', 'ks', 'autoinstall', 'preseed/url', 'preseed/file', 'url', 'auto'),
  named(
    'other-system',
    'nfsroot',
    'netboot',
    'fetch',
    'httpfs',
    'iso-scan/filename',
    'findiso',
    'fromiso',
    'overlayroot',
  ),
  { danger: 'other-system', matches: (name, value) => name === 'boot' && value !== undefined && value !== 'local' },
  {
    danger: 'other-system',
    matches: (name, value = '') => name === 'root' && /^(nfs|live|http|\/dev\/nfs|\/dev\/ram|iscsi|nbd)/.test(value),
  },
  { danger: 'other-system', matches: (name, value) => name === 'rd.luks' && value !== undefined && OFF.test(value) },
  {
    danger: 'guard-off',
    matches: (name, value = '') =>
      ['selinux', 'apparmor', 'enforcing', 'audit', 'module.sig-enforce'].includes(name) && OFF.test(value),
  },
  { danger: 'guard-off', matches: (name, value = '') => name === 'lockdown' && value === 'none' },
  named('console', 'console', 'earlycon', 'earlyprintk', 'netconsole', 'rd.debug'),
  alone('writable', 'rw'),
];
