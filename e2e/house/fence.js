// The fences between the rooms of rooms.js, as a rule of ESLint's: exact paths, resolved from the importing file.
import { dirname, join, normalize, relative } from 'node:path';
import { ROOMS } from '../../rooms.js';

const slashes = (path) => normalize(path).replaceAll('\\', '/');
const isIn = (path, room) => path === room || path.startsWith(`${room}/`);

/** What helps tests and does not say so by its place. */
const HELPERS = ['relay/simulator/virtual/libvirtd.ts', 'relay/sources/qmp/fake-qemu.ts'];

/** Tests, and what helps them, may go everywhere in their area; nothing else may import them. */
export const isSupport = (path) =>
  HELPERS.includes(path) || /\.(test|spec)\.ts$|(^|\/)(testing|bench)\/|(^|[/-])(testing|for-tests)\.ts$/.test(path);

/** The room that a file stands in; undefined outside of shared, web and relay, and for tests. */
export function roomOf(path) {
  if (isSupport(path)) return undefined;
  const bare = path.replace(/(\.worker)?(\.svelte)?(\.ts)?$/, '');
  const fits = ({ path: room }) => (room.includes('/') ? bare === room || isIn(path, room) : dirname(path) === room);
  return ROOMS.filter(fits).reduce(
    (best, room) => ((best?.path.length ?? -1) < room.path.length ? room : best),
    undefined,
  );
}

const AREAS = { shared: ['shared'], web: ['web', 'shared'], relay: ['relay', 'shared'] };
const areaOf = (path) => path.split('/')[0];

/**
 * Why one file must not import another.
 *
 * @param from a path from the root, as is `to`
 * @returns undefined where it may
 */
export function refusal(from, to, isType = false) {
  const areas = AREAS[areaOf(from)];
  if (!areas || !(areaOf(to) in AREAS)) return undefined;
  if (!areas.includes(areaOf(to))) return `${areaOf(from)} and ${areaOf(to)} meet only in shared.`;
  const never = ROOMS.filter(({ path }) => isIn(from, path)).flatMap((room) => room.never);
  const wall = never.find((path) => isIn(to, path));
  if (wall) return `nothing in the room of this file may know ${wall}: see rooms.js.`;
  if (isSupport(from)) return undefined;
  if (isSupport(to)) return 'only tests import what helps tests.';
  const [a, b] = [roomOf(from), roomOf(to)];
  if (!a || !b) return `${a ? to : from} stands in no room: add it to rooms.js.`;
  if (a === b) return undefined;
  const allowed = [...a.uses, ...a.back, ...(isType ? a.types : [])];
  return allowed.includes(b.path) ? undefined : `${a.path} may not import ${b.path}: see rooms.js.`;
}

const rooms = {
  meta: { type: 'problem', schema: [], messages: { refused: '{{why}}' } },
  create(context) {
    const from = slashes(relative(context.cwd, context.filename));
    const check = (node, source, isType) => {
      if (typeof source?.value !== 'string') return;
      // What stands behind a question mark tells the bundler how to take the file.
      const target = source.value.split('?', 1)[0];
      const to = target.startsWith('.') ? slashes(join(dirname(from), target)) : target;
      const isNode = target.startsWith('node:') && areaOf(from) === 'shared' && 'shared is pure: no Node.';
      const why = target.startsWith('.') ? refusal(from, to, isType) : isNode;
      if (why) context.report({ node, messageId: 'refused', data: { why } });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source, node.importKind === 'type'),
      ExportNamedDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === 'type'),
      ImportExpression: (node) => check(node, node.source, false),
      TSImportType: (node) => check(node, node.source ?? node.argument?.literal, true),
    };
  },
};

export default { rules: { rooms } };
