// What another user of the host could have prepared is refused, and nothing is written through a link.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SevError } from '../../shared/errors.ts';
import { firstCodeOf } from '../serve/pairing.ts';
import { readProfiles } from '../sources/launcher/profiles.ts';
import { temporaryFolder } from '../testing/testing.ts';
import { readTrusted } from './private-files.ts';
import { openSharedState, openState, readIfThere, writeWhole } from './state.ts';

const NOBODY = 65_534;
const itAsRoot = process.getuid?.() === 0 ? it : it.skip;

const refusal = (work: () => unknown): { code: string; because: string; next: string } => {
  try {
    work();
  } catch (error) {
    const { code, because, next } = error as SevError;
    return { code, because, next };
  }
  throw new Error('it was taken');
};

describe('a state folder', () => {
  it.each([0o777, 0o770, 0o702])('that others may change (%o) is refused, with what to do', (mode) => {
    const path = join(temporaryFolder(), 'state');
    mkdirSync(path);
    chmodSync(path, mode);
    for (const open of [openState, openSharedState]) {
      const { code, because, next } = refusal(() => open(path));
      expect(code).toBe('RELAY_STATE');
      expect(because).toContain(mode.toString(8));
      expect(next).toContain('chmod go-w');
    }
    expect(existsSync(join(path, 'lock')), 'nothing was written there').toBe(false);
  });

  it('that is a link is refused, with a slash at its end too', () => {
    const base = temporaryFolder();
    mkdirSync(join(base, 'real'), { mode: 0o700 });
    symlinkSync(join(base, 'real'), join(base, 'link'));
    for (const end of ['', '/', '/.'])
      expect(refusal(() => openState(join(base, 'link') + end))).toMatchObject({ code: 'RELAY_STATE' });
    expect(existsSync(join(base, 'real/lock'))).toBe(false);
  });

  it('below a folder in which all may rename it is refused', () => {
    const base = join(temporaryFolder(), 'open');
    mkdirSync(base);
    chmodSync(base, 0o777);
    expect(refusal(() => openState(join(base, 'state'))).because).toContain(base);
    chmodSync(base, 0o1777);
    openState(join(base, 'state')).close();
  });

  itAsRoot('of another user is refused, and so is a pairing code that they planted (needs root)', () => {
    const path = join(temporaryFolder(), 'state');
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, NOBODY, NOBODY);
    expect(refusal(() => openState(path)).because).toContain(`uid ${NOBODY}`);
    chownSync(path, 0, 0);
    const planted = join(path, 'pairing-code');
    writeFileSync(planted, 'aaaa-aaaa-aaaa-aaaa\n');
    chownSync(planted, NOBODY, NOBODY);
    const state = openState(path);
    expect(refusal(() => firstCodeOf(state, Date.now()))).toMatchObject({ code: 'RELAY_STATE' });
    state.close();
  });
});

describe('a file of the state folder', () => {
  it.each([0o666, 0o620])('that others may change (%o) is not read', (mode) => {
    const path = join(temporaryFolder(), 'pairing-code');
    writeFileSync(path, 'aaaa-aaaa-aaaa-aaaa\n');
    chmodSync(path, mode);
    expect(refusal(() => readIfThere(path)).code).toBe('RELAY_STATE');
  });

  it('that is a link is not read; and what is written takes its place, not the place it leads to', () => {
    const folder = temporaryFolder();
    const [victim, link] = [join(folder, 'victim'), join(folder, 'address')];
    writeFileSync(victim, 'precious');
    symlinkSync(victim, link);
    expect(refusal(() => readIfThere(link)).code).toBe('RELAY_STATE');
    symlinkSync(victim, join(folder, 'address.new'));
    writeWhole(link, 'ws://127.0.0.1:1\n');
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(readIfThere(link)).toBe('ws://127.0.0.1:1\n');
    expect(statSync(link).mode & 0o777).toBe(0o600);
  });

  it('that is a folder or a pipe is told, not waited for', () => {
    const path = join(temporaryFolder(), 'pairing-code');
    mkdirSync(path);
    expect(refusal(() => readIfThere(path)).code).toBe('RELAY_STATE');
  });
});

describe('a file that the operator names', () => {
  it('is refused where others may change it, or the folder above it', () => {
    const folder = join(temporaryFolder(), 'etc');
    mkdirSync(folder);
    const path = join(folder, 'profiles.json');
    writeFileSync(path, '{"profiles": []}');
    chmodSync(path, 0o644);
    expect(readProfiles(path).profiles).toEqual([]);
    chmodSync(path, 0o664);
    expect(refusal(() => readProfiles(path))).toMatchObject({ code: 'RELAY_FILE' });
    chmodSync(path, 0o644);
    chmodSync(folder, 0o777);
    expect(refusal(() => readProfiles(path)).because).toContain(folder);
  });

  it('is followed where it is a link, and judged at its end; a key must not be for all to read', () => {
    const folder = temporaryFolder();
    const [key, link] = [join(folder, 'key.pem'), join(folder, 'live.pem')];
    writeFileSync(key, 'a key');
    symlinkSync(key, link);
    chmodSync(key, 0o640);
    expect(readTrusted(link, { secret: true })).toBe('a key');
    chmodSync(key, 0o644);
    expect(refusal(() => readTrusted(link, { secret: true }))).toMatchObject({ code: 'RELAY_FILE' });
    expect(readTrusted(link)).toBe('a key');
  });
});
