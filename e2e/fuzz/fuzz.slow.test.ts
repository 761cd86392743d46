// A short campaign against every target, and proof that the fuzzer finds what it is there to find.
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Dice } from '../../shared/testing/dice.ts';
import { Corpus } from './mutate.ts';

const fuzz = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['e2e/fuzz/main.mjs', '--seed', '1', ...args], { encoding: 'utf8' });

describe('the fuzzer', () => {
  it('finds crashes, hangs, leaks and acceptances', { timeout: 120_000 }, () => {
    const { status, stdout } = fuzz('--self-test', '--runs', '200000', '--hang-ms', '1500');
    expect(stdout.match(/^BROKEN/gm)?.length, stdout).toBe(7);
    expect(status).toBe(0);
  });

  it('finds nothing in any parser', { timeout: 300_000 }, () => {
    const { status, stdout, stderr } = fuzz('--runs', process.env['FUZZ_RUNS'] ?? '300', '--seconds', '3');
    expect(status, stdout + stderr).toBe(0);
    expect(stdout.match(/^good/gm)?.length).toBeGreaterThan(20);
  });

  it('makes the same inputs from the same seed, and seldom the same twice', () => {
    const inputs = (seed: number): string[] => {
      const [dice, corpus] = [new Dice(seed), new Corpus([new Uint8Array(40), new Uint8Array(8).fill(9)])];
      return Array.from({ length: 500 }, () => Buffer.from(corpus.next(dice)).toString('hex'));
    };
    expect(inputs(7)).toEqual(inputs(7));
    expect(new Set([...inputs(7), ...inputs(8)]).size).toBeGreaterThan(700);
  });
});
