// Whether a parser's work grows in proportion to its input. Measured as processor time of this process, four times the
// input against once: what is linear takes four times as long, what is quadratic sixteen times, on any machine.
import { SevError } from '../../shared/errors.ts';

/** The smaller input; the larger one has four times as many characters. */
const SMALL = 16_384;
const GROWTH = 4;
/** Between 4 (linear) and 16 (quadratic). */
const MOST = 9;
/** Below this many microseconds nothing is told from noise, and nothing is slow. */
const NOISE = 60_000;
/** Noise only ever makes it slower: one good run out of these is enough. */
const TRIES = 4;

export type Parse = (text: string) => unknown;

/** Microseconds of this process's own work; a typed refusal is an answer. */
async function work(parse: Parse, text: string): Promise<number> {
  const start = process.cpuUsage();
  try {
    await parse(text);
  } catch (error) {
    if (!(error instanceof SevError)) throw error;
  }
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

/** @returns how the work grew where it grew too much; undefined where it is linear, or nothing beside the noise */
export async function growthBeyondLinear(
  parse: Parse,
  textOf: (length: number) => string,
  shortest = SMALL,
): Promise<string | undefined> {
  let said = '';
  for (let i = 0; i < TRIES; i++) {
    const large = await work(parse, textOf(shortest * GROWTH));
    if (large < NOISE) return undefined;
    const small = Math.max(await work(parse, textOf(shortest)), NOISE / MOST);
    if (large < MOST * small) return undefined;
    said = `${GROWTH} times the input took ${(large / small).toFixed(1)} times the work (${Math.round(large / 1000)} ms)`;
  }
  return said;
}
