// All launches of this device, newest first: of each its summary, and whole those that were opened.
import { SvelteMap } from 'svelte/reactivity';
import { sessionTag } from '../../../shared/airgap/session-tag.ts';
import { toHex } from '../../../shared/bytes/text.ts';
import { randomId } from '../../../shared/crypto/subtle.ts';
import { encodePolicy } from '../../../shared/sev/formats/policy.ts';
import { recommendedPolicy } from '../../../shared/sev/formats/policy-words.ts';
import type { PlatformRecord } from '../../platforms/platform-record.ts';
import { type Database, stored } from '../../storage/database.ts';
import { announce, changeRecord, EVERY_RECORD, onChange } from '../../storage/records.ts';
import { words } from '../../strings/index.ts';
import { after, type LaunchRecord } from './launch-record.ts';
import { type LaunchSummary, newestFirst, orderOf, summaryOf } from './launch-summary.ts';
import { FIRST_CPU, type Plan } from '../sev/plan/plan.ts';
import { FIRST_ORIGINS } from '../sev/plan/plan-origins.ts';

const INDEX = { store: 'launchIndex', of: summaryOf } as const;

export class Launches {
  list = $state.raw<readonly LaunchSummary[]>([]);
  readonly #opened = new SvelteMap<string, LaunchRecord>();
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    onChange('launches', (id) => void (id === EVERY_RECORD ? this.#reloadAll() : this.#reload(id)));
  }

  async load(): Promise<void> {
    const [records, summaries] = await stored(
      Promise.all([this.#database.count('launches'), this.#database.getAll('launchIndex')]),
    );
    const whole = summaries.length === records ? summaries : await stored(this.#summariseAll());
    this.list = whole.sort(newestFirst);
  }

  /** Reads the whole record, for `find` to have it. @returns undefined when it is not on this device */
  async open(id: string): Promise<LaunchRecord | undefined> {
    await this.#reload(id);
    return this.find(id);
  }

  /** A record that was opened. */
  find(id: string): LaunchRecord | undefined {
    return this.#opened.get(id);
  }

  /** @param tag of the session, as messages of the air gap name it: see `sessionTag` */
  async findBySession(tag: string): Promise<LaunchRecord | undefined> {
    for (const { id, sessionId } of this.list) {
      const record = sessionId === undefined ? undefined : await stored(this.#database.get('launches', id));
      if (record?.session && toHex(sessionTag(record.session.blob)) === tag) return record;
    }
    return undefined;
  }

  /** @param mnonce of an attestation report @returns the launch that asked for one under it */
  findByNonce(mnonce: Uint8Array): LaunchSummary | undefined {
    const nonce = toHex(mnonce);
    return this.list.find(({ nonces }) => nonces?.includes(nonce));
  }

  has(id: string): boolean {
    return this.list.some((launch) => launch.id === id);
  }

  /** Begins a launch on a platform whose chain the caller has just seen verified. */
  async begin(platform: PlatformRecord, plan?: Plan): Promise<LaunchRecord> {
    const now = Date.now();
    const fresh: LaunchRecord = {
      id: randomId(),
      revision: 0,
      name: words.launch.defaultName(platform.name, this.#numberOn(platform.id)),
      createdAt: now,
      updatedAt: now,
      order: this.#nextOrder(now),
      state: 'platform',
      platformId: platform.id,
      platformName: platform.name,
      chain: platform.chain,
      ...(platform.relayUrl && { relayUrl: platform.relayUrl }),
      plan: plan ?? firstPlan(platform),
      history: [],
    };
    const record = after(fresh, 'begun', {}, platform.name);
    const transaction = this.#database.transaction(['launches', 'launchIndex'], 'readwrite');
    const writes = [
      transaction.objectStore('launches').add(record),
      transaction.objectStore('launchIndex').put(summaryOf(record)),
    ];
    await stored(Promise.all([...writes, transaction.done]));
    announce({ store: 'launches', key: record.id });
    this.#put(record);
    return record;
  }

  /**
   * Changes a record as it is at that moment in storage.
   * @throws SevError VAULT_STORAGE, VAULT_RECORD, or what `next` throws
   */
  async change(id: string, next: (present: LaunchRecord) => LaunchRecord): Promise<LaunchRecord> {
    const later = (present: LaunchRecord): LaunchRecord => {
      const changed = next(present);
      return changed === present ? present : { ...changed, order: this.#nextOrder(Date.now()) };
    };
    const saved = await changeRecord(this.#database, 'launches', id, later, INDEX);
    this.#put(saved);
    return saved;
  }

  /** Reads a record anew where it is open; of the others the list takes the summary. */
  async #reload(id: string): Promise<void> {
    const record = await stored(this.#database.get('launches', id));
    if (record) return this.#put(record);
    this.#opened.delete(id);
    this.list = this.list.filter((launch) => launch.id !== id);
  }

  async #reloadAll(): Promise<void> {
    await this.load();
    await Promise.all([...this.#opened.keys()].map((id) => this.#reload(id)));
  }

  #put(record: LaunchRecord): void {
    const known = this.find(record.id);
    if (!known || known.revision < record.revision) this.#opened.set(record.id, record);
    const listed = this.list.find(({ id }) => id === record.id);
    if (listed && listed.revision >= record.revision) return;
    this.list = [summaryOf(record), ...this.list.filter(({ id }) => id !== record.id)];
  }

  /** After an update of the app, or a restore that brought records alone: every record is read once. */
  async #summariseAll(): Promise<LaunchSummary[]> {
    const transaction = this.#database.transaction(['launches', 'launchIndex'], 'readwrite');
    const index = transaction.objectStore('launchIndex');
    await index.clear();
    const summaries: LaunchSummary[] = [];
    for await (const { value } of transaction.objectStore('launches')) summaries.push(summaryOf(value));
    await Promise.all([...summaries.map((summary) => index.put(summary)), transaction.done]);
    return summaries;
  }

  /** The present time; or, where the clock was put back, just after the latest change. */
  #nextOrder(now: number): number {
    const [latest] = this.list;
    return latest ? Math.max(now, orderOf(latest) + 1) : now;
  }

  #numberOn(platformId: string): number {
    return this.list.filter((launch) => launch.platformId === platformId).length + 1;
  }
}

/** SEV-ES but on the first generation, as the certificates show it. What the host says of itself is not asked. */
const firstPlan = ({ visits }: PlatformRecord): Plan => ({
  policy: encodePolicy(recommendedPolicy({ es: visits[0]?.seen.generation !== 'naples' })),
  acceptsKeySharing: false,
  cpu: FIRST_CPU,
  origins: FIRST_ORIGINS,
});
