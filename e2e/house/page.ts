// The tables of rooms in docs/architecture.md, from rooms.js. What stands around them is written by hand.
import { readFileSync } from 'node:fs';
import { GROUPS, type Room, ROOMS } from '../../rooms.js';

export const ARCHITECTURE = 'docs/architecture.md';

/** The page as it has to be: its own words, with the tables of now. */
export const architecturePage = (): string =>
  readFileSync(ARCHITECTURE, 'utf8').replaceAll(
    /(<!-- rooms: (\w+) -->\n)[^]*?(<!-- end -->)/g,
    (_, begin: string, area: string, end: string) => `${begin}${tableOf(area)}${end}`,
  );

function tableOf(area: string): string {
  const rooms = ROOMS.filter(({ path }) => path === area || path.startsWith(`${area}/`));
  const rows = rooms.map((room) => `| \`${room.path}\` | ${room.what} | ${importsOf(room, area)} |\n`);
  return `| room | what | may import |\n| --- | --- | --- |\n${rows.join('')}`;
}

function importsOf({ uses, types, back, never }: Room, area: string): string {
  const parts = [
    named(uses, area),
    types.length > 0 ? `types of ${named(types, area)}` : '',
    back.length > 0 ? `back to ${named(back, area)}` : '',
    never.length > 0 ? `**never** ${named(never, area)}` : '',
  ];
  return parts.filter((part) => part !== '').join('; ') || 'nothing of ours';
}

/** Lists that many rooms share by their one name, and rooms of the same area without it. */
function named(paths: readonly string[], area: string): string {
  const left = new Set(paths);
  const groups = Object.entries(GROUPS).filter(([, group]) => {
    const isWhole = group.every((path) => left.has(path));
    if (isWhole) group.forEach((path) => left.delete(path));
    return isWhole;
  });
  const inArea = [...left].filter((path) => path.startsWith(`${area}/`));
  const all = ROOMS.filter(({ path }) => path.startsWith(`${area}/`)).length;
  if (inArea.length > all * 0.9) return [...groups.map(([name]) => name), `all of ${area}`].join(', ');
  return [...groups.map(([name]) => name), ...[...left].map((path) => path.replace(`${area}/`, ''))].join(', ');
}
