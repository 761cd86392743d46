// The command of QEMU within what people copy: a script, a line of `ps`, /proc/PID/cmdline, libvirt's or Kata's log, a unit of
// systemd, a command of docker.
import { SevError } from '../errors.ts';
import { configForm } from './form-words.ts';
import { isFlag } from './qemu-options.ts';
import { type CommandWord, isUnknown, runScript, UNKNOWN } from './script.ts';
import { shellTokens, type ShellWord } from './shell.ts';

/** A list of all guests of a host, or a log of some months. */
const MAX_COMMANDS = 1000;

export interface FoundCommand {
  /** The arguments, without the program. What is not known in one stands behind the mark UNKNOWN. */
  readonly words: readonly string[];
  /** The program as it stands there; missing where only arguments do. */
  readonly program?: string;
  /** How many commands of QEMU there are; the last was taken, which is the latest in a log. */
  readonly commands: number;
  /** Whether a shell would put values in the place of some that the text does not hold. */
  readonly expands: boolean;
}

/** The program, where an option or a variable follows it; `kvm` alone could be a value, as in `-accel kvm`. */
const PROGRAM =
  /(?:^|[\s/\\="'`[(])(?:qemu-system-\w{1,20}|qemu-kvm)(?:\.exe)?["']?(?=\s+(?:\\\s+)*["'{]?[-$])|(?:^|\/)(?:qemu|kvm)["']?(?=\s+(?:\\\s+)*-)/gm;
const IS_PROGRAM = /^(?:qemu-system-\w{1,20}|qemu-kvm)(?:\.exe)?$/;
const baseName = (path: string): string => path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);

export const isQemuProgram = (word: string): boolean =>
  IS_PROGRAM.test(baseName(word)) || /^(?:.*\/)?(?:qemu|kvm)$/.test(word);

/** @throws SevError BYTES_VALUE when a quote in the command is not closed, BYTES_TOO_LARGE */
export function findCommand(text: string, at: string): FoundCommand {
  // The kernel's own form: a NUL after each word, and so nothing to guess.
  if (text.includes('\0')) return fromWords(text.replace(/\0\s*$/, '').split('\0'));
  const kata = fromKata(text);
  if (kata) return kata;
  // Windows' shells have other signs at the end of a line that goes on.
  const plain = text.replaceAll(UNKNOWN, '').replaceAll(/[ \t][\^`][ \t]{0,20}\r?\n/g, ' \\\n');
  const scripted = fromScript(plain, at);
  if (scripted) return scripted;
  // The end of the line before it is no part of it.
  const matches = [...plain.matchAll(PROGRAM)].map(({ index, 0: name }) =>
    name.startsWith('\n') ? { index: index + 1, name: name.slice(1) } : { index, name },
  );
  if (matches.length > MAX_COMMANDS) throw new SevError('BYTES_TOO_LARGE', { at });
  const started = matches.filter(({ index }) => isStarted(plain, index, false));
  // Where nothing else is, a “#” before it is the prompt of root.
  const programs = started.length > 0 ? started : matches.filter(({ index }) => isStarted(plain, index, true));
  const last = programs.at(-1);
  const words = last ? commandWords(afterProgram(plain, last.index, last.name), at) : allWords(plain, at);
  return {
    words: joinedAppend(words),
    ...(last && { program: programAt(plain, last.index + last.name.length) }),
    commands: Math.max(programs.length, 1),
    expands: words.some(({ expands }) => expands),
  };
}

/** Words that are told apart already: the program, if it is there, and its arguments. */
export function fromWords(words: readonly string[]): FoundCommand {
  const at = words.findIndex((word, i) => !word.startsWith('-') && isQemuProgram(word) && !isValueAt(words, i));
  return {
    words: at < 0 ? words : words.slice(at + 1),
    ...(at >= 0 && { program: words[at]! }),
    commands: 1,
    expands: false,
  };
}

const isValueAt = (words: readonly string[], at: number): boolean =>
  at > 0 && words[at - 1]!.startsWith('-') && !isFlag(words[at - 1]!);

export const isKata = (text: string): boolean => /launching \S{1,300} with: \[/.test(text);

/** Kata writes the list of words as Go prints one: between brackets, with nothing quoted. */
function fromKata(text: string): FoundCommand | undefined {
  const found = [...text.matchAll(/launching (\S{1,300}) with: \[([^\n]*)/g)].slice(-MAX_COMMANDS);
  const last = found.at(-1);
  if (!last) return undefined;
  // In a journal the message is within quotes, and other fields follow it.
  const end = last[2]!.search(/\](?:"|\\"|$)/);
  const inner = end < 0 ? last[2]! : last[2]!.slice(0, end);
  const words = inner.replaceAll('\\"', '"').split(' ').filter(Boolean);
  const plain = words.map((word) => ({ text: word, quoted: false, expands: false }));
  return { words: joinedAppend(plain), program: last[1]!, commands: found.length, expands: false };
}

/** The last command of QEMU of a script that sets variables. */
function fromScript(text: string, at: string): FoundCommand | undefined {
  if (!/\$|`|\w\+?=\(|^(?:Environment|ExecStart)=/m.test(text)) return undefined;
  const commands = scriptCommands(text, at);
  const qemus = commands.flatMap((words) => {
    const index = programIn(words);
    return index === undefined ? [] : [words.slice(index)];
  });
  if (qemus.length > MAX_COMMANDS) throw new SevError('BYTES_TOO_LARGE', { at });
  const last = qemus.at(-1);
  if (!last) return undefined;
  const isUnit = /^ExecStart=/m.test(text);
  const words = last.slice(1).map((word) => (isUnit ? withSpecifiers(word) : word));
  return {
    words: joinedAppend(words),
    program: withoutKey(last[0]!.text),
    commands: qemus.length,
    expands: words.some(({ expands }) => expands),
  };
}

/** systemd puts others in the place of `%i` and its like. */
const withSpecifiers = (word: CommandWord): CommandWord =>
  /%[A-Za-z]/.test(word.text)
    ? { ...word, text: word.text.replaceAll(/%[A-Za-z]/g, (mark) => UNKNOWN + mark), expands: true }
    : word;

function scriptCommands(text: string, at: string): readonly (readonly CommandWord[])[] {
  try {
    return runScript(text, at, (command, next) => programIn(command) !== undefined && continues(command, next));
  } catch (error) {
    // Prose with an apostrophe, or a script that cannot be followed: the command may still be found in it.
    if (error instanceof SevError) return [];
    throw error;
  }
}

const withoutKey = (text: string): string => text.replace(/^Exec\w{0,20}=[-@:+!]{0,3}/, '');

/** Where the program stands among the words of a command, and options or a variable after it. */
function programIn(words: readonly CommandWord[]): number | undefined {
  const at = words.findIndex(
    ({ text }, i) => isQemuProgram(withoutKey(text)) && (i === 0 || !isOption(words[i - 1]!.text)),
  );
  if (at < 0 || OTHERS.test(baseName(words[0]!.text))) return undefined;
  if (!IS_PROGRAM.test(baseName(withoutKey(words[at]!.text))) && !words[at]!.text.includes('/') && at > 1)
    return undefined;
  return words.some(({ text }, i) => i > at && (text.startsWith('-') || isUnknown(text))) ? at : undefined;
}

const isOption = (word: string): boolean => /^--?(?:name|emulator|accel|virt-type)$/.test(word);

/** Programs that take the name of QEMU's as a value. */
const OTHERS =
  /^(?:apt|apt-get|dnf|yum|zypper|pacman|dpkg|rpm|grep|pgrep|pkill|killall|which|man|file|ls|echo|virt-install|virt-xml|test|\[|command|alias)$/;

/** Not in a comment, not the name of a guest, and no value of another program. */
function isStarted(text: string, index: number, afterPrompt: boolean): boolean {
  const line = logicalLine(text, index);
  if (/-name\s+$/.test(line) || /--?emulator[=\s]\S{0,200}$/.test(line)) return false;
  const before = line.trimStart();
  if (before.startsWith('#') && !(afterPrompt && /^#\s/.test(before))) return false;
  const [first = ''] = before
    .replace(/^(?:[$#%>]|\S{0,80}[$#%>])\s+/, '')
    .replace(/^sudo\s+/, '')
    .split(/\s/, 1);
  return !OTHERS.test(baseName(first));
}

/** What stands before a place on its line, and on lines before it that end with a backslash. */
function logicalLine(text: string, index: number): string {
  let start = text.lastIndexOf('\n', index - 1);
  for (
    let i = 0;
    i < 20 &&
    start > 0 &&
    text
      .slice(start - 2, start)
      .replace('\r', '')
      .endsWith('\\');
    i++
  )
    start = text.lastIndexOf('\n', start - 1);
  return text.slice(Math.max(start + 1, index - 4096), index + 1);
}

/** The program whose name ends at a place. */
const programAt = (text: string, end: number): string =>
  text
    .slice(Math.max(0, end - 300), end)
    .replace(/["']$/, '')
    .split(/[\s"'`=[(]/)
    .at(-1)!;

/** What follows the program; only up to the quote's end where the whole command stands in one, as after `bash -c`. */
function afterProgram(text: string, index: number, program: string): string {
  const rest = text.slice(index + program.length);
  const before = text.slice(text.lastIndexOf('\n', index - 1) + 1, index) + program;
  const quote = /^[^"']*(["'])[^"']*$/.exec(before)?.[1];
  if (quote === undefined && /^[^`]*`[^`]*$/.test(before)) return rest.split('`', 1)[0]!;
  if (quote === undefined) return rest;
  if (quote === "'") return rest.split("'", 1)[0]!;
  return /^(?:[^"\\]|\\[^])*/.exec(rest)![0].replaceAll('\\"', '"');
}

function allWords(text: string, at: string): readonly ShellWord[] {
  try {
    return [...shellTokens(text, at)].filter((token) => typeof token !== 'string');
  } catch (error) {
    // Without any program, a quote that is not closed is an apostrophe.
    if (error instanceof SevError && error.code === 'BYTES_VALUE')
      throw new SevError('BYTES_VALUE', { at, ...configForm('no-options') });
    throw error;
  }
}

/** A line that begins with an option goes on with the command, although no backslash says so; or one whose option waits. */
function continues(words: readonly CommandWord[], next: CommandWord): boolean {
  const last = words.at(-1)?.text ?? '';
  return next.text.startsWith('-') || (last.startsWith('-') && !isFlag(last));
}

/** The words up to the end of the command. */
function commandWords(text: string, at: string): readonly CommandWord[] {
  const words: CommandWord[] = [];
  let newLine = false;
  try {
    for (const token of shellTokens(text, at)) {
      if (token === 'command-end' || token === 'condition') break;
      if (token === 'line-end') {
        newLine = true;
        continue;
      }
      if (newLine && !continues(words, token)) break;
      newLine = false;
      words.push(token.expands ? { ...token, text: marked(token) } : token);
    }
  } catch (error) {
    // An apostrophe in the prose on the next line.
    if (!newLine || !(error instanceof SevError) || error.code !== 'BYTES_VALUE') throw error;
  }
  return words;
}

/** A comma in what is not known would part it. */
const marked = ({ parts }: ShellWord): string =>
  parts.map((part) => (typeof part === 'string' ? part : UNKNOWN + part.raw.replaceAll(',', ';'))).join('');

/** Where nothing is quoted, as `ps` prints it, the blanks of the kernel's command line look like all others. */
function joinedAppend(words: readonly CommandWord[]): readonly string[] {
  const texts = words.map(({ text }) => text);
  const at = texts.findLastIndex((text) => /^--?append$/.test(text));
  if (at < 0 || words.some(({ quoted }) => quoted)) return texts;
  const next = texts.findIndex((text, i) => i > at + 1 && text.startsWith('-'));
  const end = next < 0 ? texts.length : next;
  return [...texts.slice(0, at + 1), texts.slice(at + 1, end).join(' '), ...texts.slice(end)];
}
