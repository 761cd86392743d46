// The pages say what is so: methods, tests, links and commands in them exist, and every command says who runs it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MESSAGE_KINDS, typeOfKind } from '../../shared/airgap/messages.ts';
import { AMDSP_STATUS } from '../../shared/errors/amdsp.ts';
import { RELAY_ERRORS } from '../../shared/errors/relay.ts';
import { METHODS, NOTIFICATIONS, RPC_CODE, SEV_STATES } from '../../shared/relay-protocol.ts';
import { VERBS as RELAY_VERBS } from '../../relay/command/verbs.ts';
import { VERBS as VERIFIER_VERBS } from '../../web/cli/verbs.ts';
import { blocksOf, pages, readPage } from './blocks.ts';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'sev-relay': Object.keys(RELAY_VERBS),
  'sev-verifier': Object.keys(VERIFIER_VERBS),
  'npm run': Object.keys(scripts),
};

/** Where the helps of all verbs are kept; other tests hold them to the commands. */
const HELP: Readonly<Record<string, string>> = {
  'sev-relay': 'relay/command/__snapshots__/verbs.test.ts.snap',
  'sev-verifier': 'web/cli/__snapshots__/help.test.ts.snap',
};

const SHELL_MARK = /^(run|exit=\d+|network|hardware(=[a-z]+)?)$/;
const LANGUAGES = ['sh', 'json', 'xml', 'text'];

describe.each(pages())('%s', (page) => {
  it('says of every block what it is, and of every command who runs it', () => {
    for (const { line, language, marks } of blocksOf(page)) {
      expect(LANGUAGES, `${page}:${line}`).toContain(language);
      if (language !== 'sh') continue;
      expect(marks.length, `${page}:${line}`).toBeGreaterThan(0);
      for (const mark of marks) expect(mark, `${page}:${line}`).toMatch(SHELL_MARK);
    }
  });

  it('holds JSON that can be read', () => {
    for (const { language, line, text } of blocksOf(page)) {
      if (language === 'json') expect(() => void JSON.parse(text), `${page}:${line}`).not.toThrow();
    }
  });

  it('names only commands that exist', () => {
    const text = readPage(page);
    for (const [command, verbs] of Object.entries(COMMANDS)) {
      const named = [...text.matchAll(new RegExp(`\\b${command} ([a-z][a-z0-9:-]*)`, 'g'))]
        .filter(({ index }) => isCode(text, index))
        .map(([, verb]) => verb);
      for (const verb of named) expect(verbs, `${command} ${verb}`).toContain(verb);
    }
  });

  it('gives our commands only options that their help names', () => {
    for (const { line, language, text } of blocksOf(page)) {
      if (language !== 'sh') continue;
      for (const [, command, rest] of text
        .replaceAll('\\\n', ' ')
        .matchAll(/^(?:npx )?(sev-relay|sev-verifier)\b(.*)$/gm)) {
        const help = readFileSync(HELP[command!]!, 'utf8');
        for (const [option] of rest!.matchAll(/(?<= )--[a-z-]+/g)) expect(help, `${page}:${line}`).toContain(option);
      }
    }
  });

  it('links to what is there', () => {
    const text = readPage(page);
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path, anchor] = target!.split('#') as [string, string | undefined];
      const file = path === '' ? page : join(dirname(page), path);
      expect(existsSync(file), `${page} → ${target}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(readFileSync(file, 'utf8')), `${page} → ${target}`).toContain(anchor);
    }
  });
});

/** Whether a place in a page is within backticks, or in a block. */
const isCode = (text: string, index: number): boolean => {
  const before = text.slice(0, index);
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return (before.match(/^```/gm)?.length ?? 0) % 2 === 1 || (line.split('`').length - 1) % 2 === 1;
};

/** As GitHub makes them from headings. */
const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe.each(Object.entries(HELP))('The options of %s', (_, snapshots) => {
  it('are each explained on a page', () => {
    const all = pages().map(readPage).join('\n');
    const options = new Set(readFileSync(snapshots, 'utf8').match(/--[a-z][a-z0-9-]*/g));
    expect(options.size).toBeGreaterThan(10);
    const silent = [...options].filter((option) => !new RegExp(`${option}(?![a-z0-9-])`).test(all));
    expect(silent).toEqual([]);
  });
});

describe('The words of the screens', () => {
  const strings = readdirSync('web/strings').map((name) => readFileSync(join('web/strings', name), 'utf8'));
  // What stands for a name, such as “Have … import it”, is left out.
  const partsOf = (words: string): string[] => words.split(/ ?… ?|\.$/).filter((part) => part.length > 3);

  it.each(['docs/guest-owner.md', 'docs/platform-owner.md', 'docs/evidence.md'])('are quoted rightly in %s', (page) => {
    const quoted = [...readPage(page).matchAll(/(?<!\*)\*([A-Z][^*|]+)\*(?!\*)/g)].map(([, words]) => words!);
    expect(quoted.length).toBeGreaterThan(1);
    const isSaid = (words: string): boolean =>
      partsOf(words).every((part) => strings.some((all) => all.includes(part)));
    expect(quoted.map((words) => words.replaceAll(/\s+/g, ' ')).filter((words) => !isSaid(words))).toEqual([]);
  });
});

describe('docs/protocol.md', () => {
  const text = readPage('docs/protocol.md');
  const rows = new Set([...text.matchAll(/^\| `([a-z]+\.[A-Za-z]+)` \|/gm)].map(([, name]) => name));

  it('describes every method and notification, and no other', () => {
    expect([...rows].sort()).toEqual([...Object.keys(METHODS), ...Object.keys(NOTIFICATIONS)].sort());
  });

  it('names every number of a failure', () => {
    for (const code of Object.values(RPC_CODE)) expect(text).toContain(`| ${code} |`);
  });

  it('says of every reason when it comes, or that it never comes over the wire', () => {
    const rows = [...text.matchAll(/^\| (`RELAY_[^|]*) \|/gm)].map(([, codes]) => codes!);
    const [, aside] = /never come over the wire: ([^.]*)\./.exec(text)!;
    const named = [...rows, aside!].flatMap((codes) => codes.match(/RELAY_[A-Z_]+/g) ?? []);
    expect(named.sort()).toEqual(Object.keys(RELAY_ERRORS).sort());
  });

  it('names every state of a launch', () => {
    for (const state of SEV_STATES) expect(text).toContain(`\`${state}\``);
  });

  it('describes every kind of code, and no other', () => {
    const kinds = [...text.matchAll(/^\| `(x-sev-[a-z-]+)` \|/gm)].map(([, type]) => type);
    expect(kinds).toEqual(MESSAGE_KINDS.map(typeOfKind));
  });
});

describe('docs/host-operator.md', () => {
  it('explains every status of the firmware, in both radices, under its name', () => {
    const text = readPage('docs/host-operator.md');
    for (const [status, code] of Object.entries(AMDSP_STATUS)) {
      const number = Number(status);
      const hex = `0x${number.toString(16).padStart(2, '0').toUpperCase().replace('X', 'x')}`;
      expect(text).toContain(`| ${hex} · ${number} | ${code.replace('AMDSP_', '')} |`);
    }
  });
});

describe('docs/threat-model.md', () => {
  // `path` · title, in a table's last cell or in brackets; a path alone stands for its whole file.
  const text = readPage('docs/threat-model.md');
  const claims = [...text.matchAll(/`([\w./-]+\.(?:test|spec)\.ts)`(?: · ([^|)\n]+))?/g)].map(
    ([, path, title]) => [path!, title?.trim()] as const,
  );

  it('names many tests', () => {
    expect(claims.length).toBeGreaterThan(40);
  });

  it.each(claims)('names a test that exists: %s · %s', (path, title) => {
    expect(existsSync(path), path).toBe(true);
    if (title !== undefined) expect(readFileSync(path, 'utf8')).toContain(title);
  });
});
