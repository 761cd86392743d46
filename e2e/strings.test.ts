// Every sentence of the app is said somewhere: what no screen says any more would still have to be translated.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { airgap } from '../web/strings/airgap.ts';
import { backup } from '../web/strings/backup.ts';
import { courier } from '../web/strings/courier.ts';
import { evidence } from '../web/strings/evidence.ts';
import { words } from '../web/strings/index.ts';
import { lab } from '../web/strings/lab.ts';
import { library } from '../web/strings/library.ts';
import { more } from '../web/strings/more.ts';
import { ownerKeys } from '../web/strings/owner-keys.ts';
import { ownership } from '../web/strings/ownership.ts';
import { practice } from '../web/strings/practice.ts';
import { secrets } from '../web/strings/secrets.ts';

const APART = { airgap, backup, courier, evidence, lab, library, more, ownerKeys, ownership, practice, secrets };

/** Paths such as `words.launch.finalChecks.hint`, down to each sentence. */
function sentences(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([name, member]) => sentences(member, `${path}.${name}`));
}

/**
 * What a source says of the strings, by whichever short name it has for them: `a.b` is named, `a.b[]` is a table from
 * which something is taken, and `a.b!` is taken out by itself, which says nothing of what is in it.
 */
function named(source: string): readonly string[] {
  const short = new Map<string, string>([['words', 'words']]);
  const alone: string[] = [];
  for (const [, list = ''] of source.matchAll(/import \{([^}]+)\} from '[./]*strings\/[\w-]+\.ts'/g))
    for (const [, name = '', as] of list.matchAll(/(\w+)(?: as (\w+))?/g)) short.set(as ?? name, name);
  const whole = (path: string): string => path.replace(/^\w+/, (name) => short.get(name) ?? name);
  const isShort = ([name = '']: readonly string[]): boolean => short.has(name);
  for (const found of source.matchAll(/const (?:(\w+)|\{([^}]+)\}) = (\w+(?:\.\w+)*);/g)) {
    const [, name, members = '', from = ''] = found;
    if (!isShort(from.split('.'))) continue;
    if (name) short.set(name, whole(from));
    for (const [, member = '', as] of members.matchAll(/(\w+)(?:: (\w+))?/g)) {
      short.set(as ?? member, `${whole(from)}.${member}`);
      alone.push(`${whole(from)}.${member}`);
    }
  }
  const declared = new Set([...short.values()]);
  const found = [...source.matchAll(/(?<![\w.'])(\w+)((?:\.\w+)*)(\[?)/g)]
    .filter(([, name = '', members, index]) => short.has(name) && (members !== '' || index !== ''))
    .map(([, name = '', members = '', index = '']) => `${whole(name + members)}${index && '[]'}`)
    .filter((path) => !declared.has(path));
  return [...found, ...alone.map((path) => `${path}!`)];
}

describe('the strings of the app', () => {
  const web = join(import.meta.dirname, '../web');
  const files = readdirSync(web, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(ts|svelte)$/.test(path) && !/^strings\/|\.test\.ts$/.test(path),
  );
  const used = new Set(files.flatMap((path) => named(readFileSync(join(web, path), 'utf8'))));
  /** Named itself; or a part of what was named whole, as a table from which a name is chosen. */
  const isSaid = (path: string): boolean => {
    const parts = path.split('.');
    const group = parts[0] === 'words' ? 2 : 1;
    const ways = parts.map((_, i) => parts.slice(0, i + 1).join('.'));
    return used.has(`${path}!`) || ways.some((way, i) => used.has(`${way}[]`) || (i >= group && used.has(way)));
  };

  it('are all said somewhere', () => {
    const apart = Object.entries(APART).flatMap(([name, strings]) => sentences(strings, name));
    expect([...sentences(words, 'words'), ...apart].filter((path) => !isSaid(path))).toEqual([]);
  });

  it('are found by whichever short name a screen has for them', () => {
    const source = `import { evidence as say } from '../strings/evidence.ts';
      const { launch } = words; const config = words.launch.config;
      say.heading; launch.states[state]; config.folder; words.ui.next; other.words.ui.back;`;
    expect(new Set(named(source))).toEqual(
      new Set([
        'evidence.heading',
        'words.launch!',
        'words.launch.states[]',
        'words.launch.config.folder',
        'words.ui.next',
      ]),
    );
  });
});
