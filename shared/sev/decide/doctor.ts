// The measurement doctor: on a mismatch, tries the plausible other inputs and says which one would have matched.
// It diagnoses, and never accepts: what it answers is words, and nothing that a release could be made from.
import { concat } from '../../bytes/writer.ts';
import { type HmacOracle, type MessageBatch, MESSAGE_WORDS, newBatch } from '../../crypto/hmac-search.ts';
import { readState } from '../../crypto/sha256-block.ts';
import { type ReportedLaunch, readReportedLaunch } from '../verify/launch-measure.ts';
import { beyondTheDoctor } from './doctor/beyond.ts';
import type { DoctorCase, DoctorKey } from './doctor/case.ts';
import type { Change, Variant } from './doctor/change.ts';
import {
  type DigestCandidate,
  type DigestPlan,
  digestsOfWeight,
  planDigests,
  REPORTED_DIGEST,
} from './doctor/digests.ts';
import { type Header, headersOfWeight } from './doctor/headers.ts';

export type * from './doctor/case.ts';
export type { Change, Factor } from './doctor/change.ts';
export { cryptoKeyOracle, type HmacOracle, rawKeyOracle } from '../../crypto/hmac-search.ts';

/** What would have matched. Everything else was as expected. */
export interface Diagnosis {
  /** Empty where the measurement matches what was expected after all. */
  readonly changes: readonly Change[];
  readonly sentence: string;
  readonly next: string;
}

export interface DoctorReport {
  readonly diagnosis?: Diagnosis;
  /** How many messages were tried. */
  readonly tried: number;
  readonly ended: 'found' | 'exhausted' | 'aborted' | 'limit';
  /** Where nothing was found: what else it may be, the likeliest first. */
  readonly beyond?: readonly string[];
}

export interface DoctorOptions {
  /** How many surprises are tried together: 2 unless told, 3 for a search of minutes. */
  readonly depth?: number;
  /** Ends the search after about so many messages. */
  readonly limit?: number;
  readonly signal?: { readonly aborted: boolean };
  /** Called now and then, with how many messages were tried. */
  readonly onProgress?: (tried: number) => void;
  /** Lets others work; awaited about every 50 ms. */
  readonly pause?: () => Promise<void>;
  readonly now?: () => number;
}

const BATCH = 2048;
const PAUSE_MS = 50;

interface Timers {
  setTimeout: (callback: () => void, delayMs: number) => unknown;
}
const pauseByTimer = (): Promise<void> =>
  new Promise((resolve) => {
    (globalThis as unknown as Timers).setTimeout(resolve, 0);
  });

/**
 * Searches for what would have given the reported measure, the least surprising first.
 * @throws SevError BYTES_LENGTH, BYTES_VALUE when the report is malformed
 */
export async function diagnose(given: DoctorCase, options: DoctorOptions = {}): Promise<DoctorReport> {
  const reported = readReportedLaunch(given.reported);
  const search = new Search({ ...given, reported }, options);
  const found = await search.run();
  const report = { tried: search.tried, ended: search.ended };
  return found ? { ...report, diagnosis: inWords(found) } : { ...report, beyond: beyondTheDoctor(given) };
}

/** The measure and nonce as they were given, and the other way round. */
interface Arrangement {
  readonly wanted: Uint8Array;
  readonly mnonce: Int32Array;
  readonly weight: number;
  readonly changes: readonly Change[];
}

class Search {
  tried = 0;
  ended: DoctorReport['ended'] = 'exhausted';
  #given: DoctorCase;
  #options: DoctorOptions;
  #depth: number;
  #plan: DigestPlan;
  #digests = new Map<string, readonly DigestCandidate[]>();
  #headers = new Map<string, readonly Variant<Header>[]>();
  #paused: number;

  constructor(given: DoctorCase, options: DoctorOptions) {
    this.#given = given;
    this.#options = options;
    this.#depth = options.depth ?? 2;
    this.#plan = planDigests(given, this.#depth);
    this.#paused = this.#now();
  }

  async run(): Promise<readonly Change[] | undefined> {
    const found = await this.#search();
    return found?.includes(REPORTED_DIGEST) ? this.#named(found) : found;
  }

  /** A digest that the report named is one of the known inputs', perhaps; it need not fit the rest any more. */
  async #named(found: readonly Change[]): Promise<readonly Change[]> {
    const wanted = readState(this.#given.reportDigest!);
    let looked = 0;
    for (let weight = 0; weight <= this.#depth; weight++) {
      for (const { digest, es, changes } of this.#digestsOf(weight, { es: true, plain: true })) {
        if (++looked % BATCH === 0) await this.#breathe();
        if (this.#options.signal?.aborted) return this.#stop(found);
        if (es === undefined || !same(digest, wanted)) continue;
        return this.#stop(found.flatMap((change) => (change === REPORTED_DIGEST ? changes() : [change])));
      }
    }
    return this.#stop(found);
  }

  async #search(): Promise<readonly Change[] | undefined> {
    for (let weight = 0; weight <= this.#depth; weight++) {
      for (const arrangement of arrangementsOf(this.#given.reported)) {
        for (const key of this.#given.keys) {
          const left = weight - arrangement.weight - (key.role === 'this-session' ? 0 : 1);
          for (let forDigest = 0; forDigest <= left; forDigest++) {
            const found = await this.#trySplit(key, arrangement, forDigest, left - forDigest);
            if (found || this.ended !== 'exhausted') return found;
          }
        }
      }
    }
    return undefined;
  }

  /** Tries all digests of one weight with all headers of another, under one key. */
  async #trySplit(
    key: DoctorKey,
    arrangement: Arrangement,
    forDigest: number,
    forHeader: number,
  ): Promise<readonly Change[] | undefined> {
    const headers = this.#headersOf(key, forHeader);
    const kinds = { es: headers.some(({ value }) => value.es), plain: headers.some(({ value }) => !value.es) };
    const around = [...arrangement.changes, ...keyChanges(this.#given.keys[0], key)];
    const batch = new Candidates(arrangement.wanted);
    const wanted = readState(arrangement.wanted);
    for (const digest of this.#digestsOf(forDigest, kinds)) {
      if (forHeader === 0 && same(digest.digest, wanted)) return this.#stop([...digest.changes(), DIGEST_AS_MEASURE]);
      for (const header of headers) {
        if (digest.es !== undefined && digest.es !== header.value.es) continue;
        batch.add(digest, header, arrangement.mnonce);
        if (!batch.full) continue;
        const found = await this.#ask(key.oracle, batch);
        if (found) return this.#stop([...around, ...found]);
        if (this.ended !== 'exhausted') return undefined;
      }
    }
    const found = await this.#ask(key.oracle, batch);
    return found && this.#stop([...around, ...found]);
  }

  async #ask(oracle: HmacOracle, batch: Candidates): Promise<readonly Change[] | undefined> {
    const row = await oracle.find(batch.messages);
    this.tried += batch.messages.count;
    const found = row < 0 ? undefined : batch.changesOf(row);
    batch.clear();
    if (!found) await this.#breathe();
    return found;
  }

  async #breathe(): Promise<void> {
    const { limit, signal, onProgress, pause = pauseByTimer } = this.#options;
    if (this.#now() - this.#paused >= PAUSE_MS) {
      onProgress?.(this.tried);
      await pause();
      this.#paused = this.#now();
    }
    if (signal?.aborted) this.ended = 'aborted';
    else if (limit !== undefined && this.tried >= limit) this.ended = 'limit';
  }

  #stop(changes: readonly Change[]): readonly Change[] {
    this.ended = 'found';
    return changes;
  }

  /** Small weights are asked for again and again, great ones would not fit into memory. */
  #digestsOf(weight: number, kinds: { es: boolean; plain: boolean }): Iterable<DigestCandidate> {
    if (weight > 1) return digestsOfWeight(this.#plan, weight, kinds);
    const name = `${weight} ${kinds.es} ${kinds.plain}`;
    const known = this.#digests.get(name) ?? [...digestsOfWeight(this.#plan, weight, kinds)];
    this.#digests.set(name, known);
    return known;
  }

  #headersOf({ policy = this.#given.policy }: DoctorKey, weight: number): readonly Variant<Header>[] {
    const name = `${policy} ${weight}`;
    const known = this.#headers.get(name) ?? headersOfWeight(this.#given, policy, weight);
    this.#headers.set(name, known);
    return known;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** Messages that wait for one question to an oracle, and what each of them stands for. */
class Candidates {
  readonly messages: MessageBatch;
  #digests: DigestCandidate[] = [];
  #headers: Variant<Header>[] = [];

  constructor(wanted: Uint8Array) {
    this.messages = newBatch(BATCH, wanted);
  }

  get full(): boolean {
    return this.messages.count === BATCH;
  }

  add(digest: DigestCandidate, header: Variant<Header>, mnonce: Int32Array): void {
    const row = this.messages.count++;
    const { words } = header.value;
    const at = row * MESSAGE_WORDS;
    for (let i = 0; i < words.length; i++) this.messages.words[at + i] = words[i]!;
    this.messages.words.set(digest.digest, at + words.length);
    this.messages.words.set(mnonce, at + words.length + 8);
    this.messages.lengths[row] = words.length + 12;
    this.#digests[row] = digest;
    this.#headers[row] = header;
  }

  changesOf(row: number): readonly Change[] {
    return [...this.#headers[row]!.changes(), ...this.#digests[row]!.changes()];
  }

  clear(): void {
    this.messages.count = 0;
  }
}

function arrangementsOf({ measure, mnonce }: ReportedLaunch): readonly Arrangement[] {
  const blob = concat(measure, mnonce);
  return [
    { wanted: measure, mnonce: nonceWords(mnonce), weight: 0, changes: [] },
    { wanted: blob.slice(16), mnonce: nonceWords(blob.slice(0, 16)), weight: 1, changes: [NONCE_FIRST] },
  ];
}

function nonceWords(mnonce: Uint8Array): Int32Array {
  const view = new DataView(mnonce.buffer, mnonce.byteOffset, 16);
  return Int32Array.from({ length: 4 }, (_, i) => view.getInt32(4 * i));
}

const same = (a: Int32Array, b: Int32Array): boolean => a.every((word, i) => word === b[i]);

function inWords(changes: readonly Change[]): Diagnosis {
  if (changes.length === 0) {
    const sentence = 'The measurement matches what you expect, as it stands.';
    return { changes, sentence, next: 'Verify the launch again.' };
  }
  const sentence = changes.map((change) => change.sentence).join(' ');
  const steps = [...new Set(changes.map((change) => change.next))];
  return { changes, sentence, next: steps.join(' ') };
}

function keyChanges(first: DoctorKey | undefined, key: DoctorKey): readonly Change[] {
  const expected = `the TIK of “${first?.name ?? key.name}”`;
  if (key.role === 'this-session') return [];
  if (key.role === 'tek-as-tik') {
    const sentence = `TEK and TIK of “${key.name}” are swapped: the measure was made with what is kept as the TEK.`;
    const next = "Exchange the two key files; sev-tool's tmp_tk.bin holds the TEK first, then the TIK.";
    return [{ factor: 'key', expected, found: `the TEK of “${key.name}”`, sentence, next }];
  }
  const sentence = `The guest was launched with the session “${key.name}”, not with this one.`;
  const next = 'Verify it as the launch of that session; or have the host launch it again with this one.';
  return [{ factor: 'key', expected, found: `the TIK of “${key.name}”`, sentence, next }];
}

const NONCE_FIRST: Change = {
  factor: 'nonce-first',
  expected: 'measure, then nonce',
  found: 'nonce, then measure',
  sentence: 'The measurement was given with its nonce first.',
  next: 'Give the 48 bytes as query-sev-launch-measure prints them: the measure first, then the nonce.',
};

const DIGEST_AS_MEASURE: Change = {
  factor: 'digest-as-measure',
  expected: 'a measure, made with your key',
  found: 'the launch digest, which anyone can compute',
  sentence: 'What was given as the measurement is the launch digest itself: no key went into it, so it proves nothing.',
  next: 'Ask for the measurement: query-sev-launch-measure, or virsh domlaunchsecinfo.',
};
