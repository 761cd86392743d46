// The command of QEMU within what people copy: a script, a line of `ps`, /proc/PID/cmdline, libvirt's log, a unit of systemd.
import { SevError } from '../errors.ts';
import { isFlag } from './qemu-options.ts';
import { shellTokens, type ShellWord } from './shell.ts';

/** A list of all guests of a host, or a log of some months. */
const MAX_COMMANDS = 1000;

export interface FoundCommand {
  /** The arguments, without the program. */
  readonly words: readonly string[];
  /** How many commands of QEMU there are; the last was taken, which is the latest in a log. */
  readonly commands: number;
  /** Whether a shell would put other values in the place of some. */
  readonly expands: boolean;
}

/** The program, where an option follows it; `kvm` alone could be a value, as in `-accel kvm`. */
const PROGRAM =
  /(?:^|[\s/="'])(?:qemu-system-\w{1,20}|qemu-kvm)["']?(?=\s+(?:\\\s+)*-)|(?:^|\/)(?:qemu|kvm)["']?(?=\s+(?:\\\s+)*-)/gm;

/** @throws SevError BYTES_VALUE when a quote in the command is not closed, BYTES_TOO_LARGE */
export function findCommand(text: string, at: string): FoundCommand {
  // The kernel's own form: a NUL after each word, and so nothing to guess.
  if (text.includes('\0')) return { words: text.replace(/\0\s*$/, '').split('\0'), commands: 1, expands: false };
  const matches = [...text.matchAll(PROGRAM)];
  if (matches.length > MAX_COMMANDS) throw new SevError('BYTES_TOO_LARGE', { at });
  const programs = matches.filter(({ index }) => isStarted(text, index));
  const last = programs.at(-1);
  const words = last ? commandWords(afterProgram(text, last.index, last[0]), at) : allWords(text, at);
  return {
    words: joinedAppend(words),
    commands: Math.max(programs.length, 1),
    expands: words.some(({ expands }) => expands),
  };
}

/** Not in a comment, and not the name of a guest. */
function isStarted(text: string, index: number): boolean {
  const before = text.slice(text.lastIndexOf('\n', index - 1) + 1, index + 1);
  return !before.trimStart().startsWith('#') && !/-name\s+$/.test(before);
}

/** What follows the program; only up to the quote's end where the whole command stands in one, as after `bash -c`. */
function afterProgram(text: string, index: number, program: string): string {
  const rest = text.slice(index + program.length);
  const before = text.slice(text.lastIndexOf('\n', index - 1) + 1, index) + program;
  const quote = /^[^"']*(["'])[^"']*$/.exec(before)?.[1];
  if (quote === undefined) return rest;
  if (quote === "'") return rest.split("'", 1)[0]!;
  return /^(?:[^"\\]|\\[^])*/.exec(rest)![0].replaceAll('\\"', '"');
}

const allWords = (text: string, at: string): readonly ShellWord[] =>
  [...shellTokens(text, at)].filter((token) => typeof token !== 'string');

/** The words up to the end of the command. A line that begins with an option goes on with it, although no backslash says so. */
function commandWords(text: string, at: string): readonly ShellWord[] {
  const words: ShellWord[] = [];
  let newLine = false;
  for (const token of shellTokens(text, at)) {
    if (token === 'command-end') break;
    if (token === 'line-end') {
      newLine = true;
      continue;
    }
    const last = words.at(-1)?.text ?? '';
    const isAwaited = last.startsWith('-') && !isFlag(last);
    if (newLine && !isAwaited && !token.text.startsWith('-')) break;
    newLine = false;
    words.push(token);
  }
  return words;
}

/** Where nothing is quoted, as `ps` prints it, the blanks of the kernel's command line look like all others. */
function joinedAppend(words: readonly ShellWord[]): readonly string[] {
  const texts = words.map(({ text }) => text);
  const at = texts.findLastIndex((text) => /^--?append$/.test(text));
  if (at < 0 || words.some(({ quoted }) => quoted)) return texts;
  const next = texts.findIndex((text, i) => i > at + 1 && text.startsWith('-'));
  const end = next < 0 ? texts.length : next;
  return [...texts.slice(0, at + 1), texts.slice(at + 1, end).join(' '), ...texts.slice(end)];
}
