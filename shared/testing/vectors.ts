// The test data of $SEV_VECTORS, the same in Node and in a browser: the test runner serves it as a module.
import { files } from 'virtual:sev-vectors';
import { describe, it } from 'vitest';
import { fromBase64, fromUtf8 } from '../bytes/text.ts';

/** Whether the vectors are here. Without them, suites that need them are skipped, and their titles say so. */
export const haveVectors = Object.keys(files).length > 0;

/** A suite that needs the vectors; skipped aloud where they are not present. */
export const describeWithVectors = (title: string, suite: () => void): void => {
  if (haveVectors) return void describe(title, suite);
  // The suite itself is not even looked at: it would ask for data that is not there.
  describe(`${title} (needs the test data that SEV_VECTORS names)`, () => {
    it.skip('cannot run without it', () => undefined);
  });
};

/** One file of the vectors, such as `certs/naples/pdh.cert`. */
export function vectorBytes(path: string): Uint8Array {
  const content = files[path];
  if (content === undefined) throw new Error(`no vector ${path}`);
  return fromBase64(content);
}

/** One JSON file of the vectors; the caller says what it holds. */
export const vectorJson = <T>(path: string): T => JSON.parse(fromUtf8(vectorBytes(path))) as T;

/** Every path below a folder of the vectors. */
export const vectorPaths = (folder: string): readonly string[] =>
  Object.keys(files).filter((path) => path.startsWith(`${folder}/`));
