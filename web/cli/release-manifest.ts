// The release's manifest: every file of the web app and of the commands with its hash, so that anybody can compare.
import { fromUtf8 } from '../../shared/bytes/text.ts';
import { parseJson } from '../../shared/encodings/strict-json.ts';
import { SevError } from '../../shared/errors.ts';
import { array, integer, literal, name, object, type Parsed, type Schema, string } from '../../shared/schema.ts';

export const MANIFEST_FORMAT = 'sev-release-manifest.v1';
/** Far larger than any release, and small enough to read at once. */
export const MANIFEST_MAX = 1 << 20;
const FILE_MAX = 1 << 26;

const matching = (pattern: RegExp, what: string): Schema<string> => ({
  parse(value, at) {
    const text = string(512).parse(value, at);
    if (pattern.test(text)) return text;
    throw new SevError('BYTES_VALUE', { at, because: `It is not ${what}.` });
  },
});
const hash = matching(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');
/** Below a folder, and staying there. */
const path = matching(/^\/?(?:[\w@+-][\w.@+-]*\/)*[\w@+-][\w.@+-]*$/, 'a path of a release');
const file = object({ path, size: integer(0, FILE_MAX), sha256: hash });

const manifest = object({
  format: literal(MANIFEST_FORMAT),
  name: name(64),
  version: name(32),
  /** The hash that the app shows on its About page: over the list in build.json. */
  build: hash,
  /** Files of the web app by the path that they are served under. */
  app: array(file, 4096),
  /** Files of the commands, below the package's `dist` folder. */
  commands: array(file, 4096),
});

export type ReleaseManifest = Parsed<typeof manifest>;
export type ReleasedFile = Parsed<typeof file>;

/** @throws SevError BYTES_TOO_LARGE, BYTES_ENCODING when it is no JSON, BYTES_VALUE naming the member that does not fit */
export function parseManifest(bytes: Uint8Array): ReleaseManifest {
  if (bytes.length > MANIFEST_MAX) throw new SevError('BYTES_TOO_LARGE', { at: 'manifest' });
  let value: unknown;
  try {
    value = parseJson(fromUtf8(bytes), 'manifest');
  } catch (cause) {
    throw new SevError('BYTES_ENCODING', {
      at: 'manifest',
      sentence: 'The manifest is not JSON.',
      next: 'Get manifest.json of the release again.',
      cause,
    });
  }
  return manifest.parse(value, 'manifest');
}

export const encodeManifest = (release: ReleaseManifest): string => `${JSON.stringify(release, undefined, 1)}\n`;
