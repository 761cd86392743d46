// The vault: the only room in which raw key bytes and secrets are handled. Whoever needs a key asks it to act.
import { concat } from '../../shared/bytes/writer.ts';
import { type CryptoKey, webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { type Decision, decide, type Release, requireGenuine } from '../../shared/sev/decide/decision.ts';
import type { Expectation } from '../../shared/sev/decide/expectation.ts';
import { SevError } from '../../shared/errors.ts';
import { parseCertChain } from '../../shared/sev/formats/cert-chain.ts';
import { encodeSecretTable, type SecretEntry } from '../../shared/guest/secret-table.ts';
import {
  type LaunchSession,
  makeLaunchSession,
  resumeLaunchSession,
  type StoredLaunchSession,
  storeLaunchSession,
} from '../../shared/sev/session/launch-session.ts';
import { sealSecret } from '../../shared/sev/seal/secret-packet.ts';
import { type TrustedPdh, verifyCertChain } from '../../shared/sev/verify/cert-chain.ts';
import type { ReportedLaunch } from '../../shared/sev/verify/launch-measure.ts';
import { encodeLaunchMeasure } from '../../shared/sev/formats/launch-measure.ts';
import { type TrustingProfile, trusting } from '../profile/roots.ts';
import { type Database, stored } from '../storage/database.ts';
import { boxKeys, handlesOf, rawKeysOf, searchKeyOf, underOwnTerms } from './key-record.ts';
import type { VaultLock } from './lock.ts';
import { bind, enter, keepPacket, retire, type SealedPacket, sendElsewhere } from './ledger.ts';
import { secretEntry } from './secrets.ts';
import { requireExpected, standingOf } from './standing.ts';
import { requireKey } from './vault-key.ts';

/** How many other sessions the doctor looks at: the latest ones. */
const MAX_OTHER_SESSIONS = 16;

/** One launch as the vault needs it: bytes of records, none of which it believes. */
export interface LaunchCase {
  /** The chain in sevctl's order; verified anew each time. */
  readonly chain: Uint8Array;
  readonly session: StoredLaunchSession & { readonly id: string };
  readonly expectation: Expectation;
  readonly reported: ReportedLaunch;
}

/** A secret that was just given, or the name of one that the vault keeps and nobody else has to see. */
export type SecretSource = SecretEntry | { readonly storedId: string };

export interface Vault {
  /**
   * Makes a session for a platform, once its chain has verified and is the one that is expected: its owner, where one was
   * pinned, goes into the session, and is asked for again at the release.
   * @throws SevError CERT_*, CERT_OWNER_UNEXPECTED, CERT_PLATFORM_CHANGED, MEASURE_POLICY, VAULT_STORAGE, VAULT_LOCKED, VAULT_NONE */
  makeSession(wanted: {
    readonly chain: Uint8Array;
    readonly policy: number;
    readonly acceptsKeySharing: boolean;
  }): Promise<StoredLaunchSession & { readonly id: string }>;
  /** @throws SevError CERT_*, VAULT_MISSING_KEY, VAULT_CHANGED when the session's terms were changed in storage */
  judge(launch: LaunchCase): Promise<Decision>;
  /**
   * Seals secrets for a launch that `decide` releases. The same launch gets the same packet, however often it is asked.
   * @throws SevError MEASURE_NOT_VERIFIED, MEASURE_SIMULATED, MEASURE_SESSION_USED, VAULT_BUSY, and as `judge`
   */
  seal(launch: LaunchCase, secrets: readonly SecretSource[], areaSize?: number): Promise<SealedPacket>;
  /** The packet that was sealed for a session, if one was. */
  packetOf(sessionId: string): Promise<SealedPacket | undefined>;
  /** Every TIK that is here, this session's first: the doctor may search with them, and only there. */
  searchKeys(
    sessionId: string,
  ): Promise<readonly { readonly sessionId: string; readonly key: CryptoKey | Uint8Array }[]>;
  /**
   * TEK and TIK in the clear, for other tools, after the owner was warned. The session then seals nothing new here: two
   * tools with one session's keys could use it twice.
   * @returns 16 bytes each, which the caller wipes
   * @throws SevError VAULT_MISSING_KEY, VAULT_LOCKED
   */
  takeOut(sessionId: string): Promise<{ readonly tek: Uint8Array; readonly tik: Uint8Array }>;
  /** Ends a session for good: nothing is sealed under it any more, and its keys are forgotten. */
  retire(sessionId: string): Promise<void>;
}

/** Runs work of one name in one tab at a time. */
export type Alone = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** @param profile whose roots are trusted: for real, AMD's alone */
export function openVault(
  database: Database,
  lock: VaultLock,
  alone: Alone = onlyThisTab,
  profile: TrustingProfile = trusting('real'),
): Vault {
  const trust = async (chain: Uint8Array): Promise<TrustedPdh> =>
    verifyCertChain(parseCertChain(chain), await profile.roots());
  const vaultKey = (): Promise<CryptoKey | undefined> => lock.key();

  async function resume({ chain, session }: Omit<LaunchCase, 'expectation' | 'reported'>): Promise<LaunchSession> {
    const record = await stored(database.get('keys', session.id));
    if (record === undefined) throw new SevError('VAULT_MISSING_KEY');
    const keys = await handlesOf(record, vaultKey);
    return resumeLaunchSession({ ...underOwnTerms(record, session), trustedPdh: await trust(chain), keys });
  }

  async function judge(launch: LaunchCase): Promise<Decision> {
    const { expectation, reported } = launch;
    const session = await resume(launch);
    const { owners } = await standingOf(database, session.trustedPdh);
    return decide({ session, expectation, reported, owners });
  }

  /** What is kept here is worth something: it leaves for hardware alone, except where all of it is made up. */
  const entryOf = async (release: Release, source: SecretSource): Promise<SecretEntry> => {
    if (!('storedId' in source)) return source;
    if (profile.name === 'real') requireGenuine(release);
    return secretEntry(database, await requireKey(lock), source.storedId);
  };

  async function sealAlone(launch: LaunchCase, sources: readonly SecretSource[], areaSize?: number) {
    const { id } = launch.session;
    const decision = await judge(launch);
    if (decision.kind !== 'release') throw new SevError('MEASURE_NOT_VERIFIED');
    // What cannot be opened or does not fit is refused before the session is bound.
    const secrets = await Promise.all(sources.map((source) => entryOf(decision, source)));
    let table: Uint8Array = new Uint8Array();
    try {
      table = encodeSecretTable(secrets, areaSize);
      const earlier = await bind(database, id, encodeLaunchMeasure(launch.reported), Date.now());
      if (earlier) return earlier;
      const packet = await sealSecret(decision, table, webCryptoRandom);
      await keepPacket(database, id, packet);
      return packet;
    } finally {
      table.fill(0);
      // What the caller gave is the caller's to wipe.
      for (const [i, { data }] of secrets.entries()) if ('storedId' in sources[i]!) data.fill(0);
    }
  }

  return {
    async makeSession({ chain, policy, acceptsKeySharing }) {
      const trustedPdh = await trust(chain);
      const key = await vaultKey();
      // Practice needs no passphrase; what is worth something is kept under one.
      if (!key && !trustedPdh.simulated) throw new SevError('VAULT_NONE');
      const owner = await requireExpected(database, trustedPdh);
      let raw: Uint8Array = new Uint8Array();
      const rawKeys = ({ tek, tik }: { tek: Uint8Array; tik: Uint8Array }): void => void (raw = concat(tek, tik));
      const random = webCryptoRandom;
      try {
        const session = await makeLaunchSession({ trustedPdh, policy, acceptsKeySharing, owner, random, rawKeys });
        const { id } = session;
        const keys = key ? await boxKeys(key, raw, session) : { sessionId: id, ...session.keys };
        await enter(database, keys, Date.now());
        return { ...storeLaunchSession(session), id };
      } finally {
        raw.fill(0);
      }
    },
    judge,
    seal: (launch, secrets, areaSize) =>
      alone(`sev-verifier-seal-${launch.session.id}`, () => sealAlone(launch, secrets, areaSize)),
    packetOf: async (sessionId) => (await stored(database.get('ledger', sessionId)))?.packet,
    async searchKeys(sessionId) {
      const all = await stored(database.getAll('keys'));
      const first = all.filter((keys) => keys.sessionId === sessionId);
      const others = all.filter((keys) => keys.sessionId !== sessionId).slice(-MAX_OTHER_SESSIONS);
      return Promise.all(
        [...first, ...others].map(async (keys) => ({
          sessionId: keys.sessionId,
          key: await searchKeyOf(keys, vaultKey),
        })),
      );
    },
    async takeOut(sessionId) {
      const record = await stored(database.get('keys', sessionId));
      if (record === undefined) throw new SevError('VAULT_MISSING_KEY');
      const raw = await rawKeysOf(record, vaultKey);
      // Noted before anybody has them.
      await sendElsewhere(database, sessionId, Date.now());
      return raw;
    },
    retire: (sessionId) => retire(database, sessionId, Date.now()),
  };
}

/** The ledger holds even without this, but a second tab would then see a half-done release. @throws SevError VAULT_BUSY */
const onlyThisTab: Alone = (name, work) =>
  navigator.locks.request(name, { ifAvailable: true }, (lock) => {
    if (lock === null) throw new SevError('VAULT_BUSY');
    return work();
  });
