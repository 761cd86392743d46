// A private folder that goes with the test.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'sev-cli-'));

  constructor() {
    made.push(this.path);
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file and answers its path. */
  write(name: string, content: Uint8Array | string): string {
    writeFileSync(this.at(name), content);
    return this.at(name);
  }

  read(name: string): Uint8Array {
    return new Uint8Array(readFileSync(this.at(name)));
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  text(name: string): string {
    return readFileSync(this.at(name), 'utf8');
  }
}
