// The platforms that this device has met, and verified.
import { compareVisits, type PlatformVisit } from '../../shared/sev/decide/continuity.ts';
import type { ProfileName } from '../profile/profile.ts';
import { type Database, stored } from '../storage/database.ts';
import { announce, onChange } from '../storage/records.ts';
import { chipId } from '../../shared/sev/formats/chip-id.ts';
import type { OwnerPin } from './owner-pin.ts';
import { MAX_VISITS, type PlatformRecord, type ReportedStatus } from './platform-record.ts';

/** How a platform was met. */
export interface Met {
  readonly name: string;
  readonly relayUrl?: string;
  readonly status?: ReportedStatus;
}

/** Something known that a visit would put another in the place of. */
export interface Replacement {
  readonly kind: 'relay' | 'chip' | 'owner';
  readonly before: string;
  readonly now: string;
}

/** A visit, compared with what is known here and not stored yet. */
export interface Weighed {
  readonly record: PlatformRecord;
  /** What it would replace: asked about first, old beside new. Empty for a platform as it was, or that is new here. */
  readonly replaced: readonly Replacement[];
  /** The platform as it is known, to go back to. */
  readonly known: PlatformRecord | undefined;
}

export class Platforms {
  list = $state.raw<readonly PlatformRecord[]>([]);
  /** Whose roots the chains of these platforms lead to. */
  readonly profile: ProfileName;
  readonly #database: Database;

  constructor(database: Database, profile: ProfileName = 'real') {
    this.#database = database;
    this.profile = profile;
    onChange('platforms', () => void this.load());
  }

  async load(): Promise<void> {
    const records = await stored(this.#database.getAll('platforms'));
    this.list = records.sort((a, b) => b.seenAt - a.seenAt);
  }

  find(id: string | undefined): PlatformRecord | undefined {
    return this.list.find((platform) => platform.id === id);
  }

  /**
   * Compares a visit to a platform whose chain has just been verified with the last one: of the same relay, where one
   * answered, since another chip there is what the guest owner has to hear of. Nothing is stored: see `keep`.
   *
   * @param chain in sevctl's order, verified by the caller
   */
  async weigh(chain: Uint8Array, seen: PlatformVisit, met: Met): Promise<Weighed> {
    // Whoever only looks at the list needs no certificates, nor the curves behind them.
    const { parseCertChain } = await import('../../shared/sev/formats/cert-chain.ts');
    const id = await chipId(parseCertChain(chain).cek);
    const now = Date.now();
    const known = await stored(this.#database.get('platforms', id));
    const behindRelay = this.list.find(({ relayUrl }) => met.relayUrl !== undefined && relayUrl === met.relayUrl);
    const last = behindRelay ?? known;
    const { kind } = compareVisits(last?.visits[0]?.seen, seen);
    const record: PlatformRecord = {
      ...(known ?? { id, revision: 0, name: met.name, metAt: now }),
      // Another chip behind a relay sheds no pin: the owner is expected of the host, whatever processor it has.
      ...(behindRelay?.owner && !known?.owner && { owner: behindRelay.owner }),
      chain,
      seenAt: now,
      visits: [{ seen, kind }, ...(known?.visits ?? [])].slice(0, MAX_VISITS),
      ...(met.relayUrl && { relayUrl: met.relayUrl }),
      ...(met.status && { status: met.status }),
    };
    return { record, replaced: replacements(record, seen, known, behindRelay), known: known ?? behindRelay };
  }

  /** Remembers a visit: one that replaces nothing, or whose replacements the guest owner has accepted. */
  async keep({ record }: Weighed): Promise<PlatformRecord> {
    await this.#put(record);
    return record;
  }

  rename(record: PlatformRecord, name: string): Promise<void> {
    return this.#put({ ...record, name });
  }

  /** From now on this platform must have this owner; without a pin, any. */
  expectOwner(record: PlatformRecord, owner: OwnerPin | undefined): Promise<void> {
    const { owner: _before, ...rest } = record;
    return this.#put(owner ? { ...rest, owner } : rest);
  }

  async #put(record: PlatformRecord): Promise<void> {
    await stored(this.#database.put('platforms', record));
    await this.load();
    announce({ store: 'platforms', key: record.id });
  }

  async forget(id: string): Promise<void> {
    await stored(this.#database.delete('platforms', id));
    await this.load();
    announce({ store: 'platforms', key: id });
  }
}

/** What is shown of a chip or an owner: enough of its id to tell two apart, never to prove one. */
const short = (id: string): string => `${id.slice(0, 16)}…`;

function replacements(
  record: PlatformRecord,
  seen: PlatformVisit,
  known: PlatformRecord | undefined,
  behindRelay: PlatformRecord | undefined,
): readonly Replacement[] {
  const replaced: Replacement[] = [];
  if (behindRelay && behindRelay.id !== record.id) {
    const before = `${behindRelay.name} (${short(behindRelay.id)})`;
    replaced.push({ kind: 'chip', before, now: known ? `${known.name} (${short(known.id)})` : short(record.id) });
  }
  const { relayUrl } = known ?? {};
  if (relayUrl !== undefined && record.relayUrl !== undefined && relayUrl !== record.relayUrl)
    replaced.push({ kind: 'relay', before: relayUrl, now: record.relayUrl });
  const ownerBefore = known?.visits[0]?.seen.ocaId;
  if (ownerBefore !== undefined && ownerBefore !== seen.ocaId)
    replaced.push({ kind: 'owner', before: short(ownerBefore), now: short(seen.ocaId) });
  return replaced;
}
