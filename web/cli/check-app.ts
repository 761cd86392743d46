// The verb `check-app`: is this web app, or this installation, the release that the manifest describes?
import { fileURLToPath } from 'node:url';
import { type ComparedFile, compareFolder, compareServed } from './compare-release.ts';
import { visibleLine } from '../../shared/text/visible.ts';
import { freeValues, type OptionTable, required } from './options.ts';
import { readSmallFile } from './read-file.ts';
import { MANIFEST_MAX, parseManifest, type ReleaseManifest } from './release-manifest.ts';
import { usage } from './usage.ts';
import { type Result, verb } from './verb.ts';

const HELP = `Usage: sev-verifier check-app --manifest FILE [--url URL | --folder DIR]

Compares the web app with the manifest of a release, file by file. Without --url or --folder it compares
this very installation, its commands included.

  --manifest FILE   manifest.json of the release, from the people you trust for it
  --url URL         where a server hands the app out; its headers are compared too
  --folder DIR      a folder that holds the app
  --json            for scripts

Exit codes: 0 all files are the release's, 1 something differs, 2 wrong use or unreadable input.
`;

const OPTIONS = {
  manifest: { kind: 'text' },
  url: { kind: 'text' },
  folder: { kind: 'text' },
} as const satisfies OptionTable;

/** The package's dist folder, seen from the built command in dist/cli. */
const installation = (): string => fileURLToPath(new URL('..', import.meta.url));

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: async ({ options, free }) => {
    freeValues(free);
    if (options.url !== undefined && options.folder !== undefined)
      throw usage('--url', 'Give it or --folder, not both.');
    const manifest = parseManifest(await readSmallFile(required(options.manifest, '--manifest'), MANIFEST_MAX));
    return report(manifest, await compare(manifest, options), options);
  },
});

interface Place {
  readonly url?: string | undefined;
  readonly folder?: string | undefined;
}

async function compare(manifest: ReleaseManifest, { url, folder }: Place): Promise<readonly ComparedFile[]> {
  if (url !== undefined) return compareServed(baseOf(url), manifest.app);
  if (folder !== undefined) return compareFolder(folder, manifest.app);
  const dist = installation();
  const app = manifest.app.map((file) => ({ ...file, path: `web${file.path}` }));
  return compareFolder(dist, [...app, ...manifest.commands], ['release']);
}

function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (!base || !['http:', 'https:'].includes(base.protocol)) throw usage('--url', 'It is no http or https address.');
  base.hash = base.search = '';
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

const placeOf = ({ url, folder }: Place): string => url ?? folder ?? 'this installation';

function report(manifest: ReleaseManifest, files: readonly ComparedFile[], given: Place): Result {
  const { version, build } = manifest;
  const place = placeOf(given);
  const wrong = files.filter(({ status }) => status !== 'equal');
  if (wrong.length === 0) {
    const verdict = `EQUAL: all ${files.length} files of ${place} are those of release ${version}.`;
    const text = [verdict, `The build is ${build}.`, ...caveat(given)];
    const json = { status: 'equal', version, build, place, files };
    return { exitCode: 0, json, text: `${text.join('\n')}\n`, verdict: visibleLine(verdict) };
  }
  const verdict = `DIFFERENT: ${wrong.length} of ${files.length} files of ${place} are not those of release ${version}.`;
  const text = [
    verdict,
    ...wrong.map(({ path, status, because }) => `  ${WORDS[status].padEnd(14)} ${[path, because].join('  ').trim()}`),
    'Next: do not use it. Get the release again, and ask whoever hands this one out.',
  ];
  const json = { status: 'different', version, build, place, files };
  return { exitCode: 1, json, text: `${text.map(visibleLine).join('\n')}\n`, verdict: visibleLine(verdict) };
}

/** What an equal answer does not prove. */
function caveat({ url, folder }: Place): readonly string[] {
  if (folder !== undefined) return [];
  if (url !== undefined) {
    return [
      'The server gave this to this computer, now. On the device that will use the app, compare the build on its About page.',
    ];
  }
  return ['A changed command could lie about itself: in the dist folder, ask another program: sha256sum -c SHA256SUMS'];
}

const WORDS: Readonly<Record<ComparedFile['status'], string>> = {
  equal: 'equal',
  different: 'other content',
  missing: 'missing',
  extra: 'not released',
  headers: 'other headers',
};
