// The vault: the only room in which raw key bytes and secrets are handled. Whoever needs a key asks it to act.
import { type CryptoKey, webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { type Decision, decide } from '../../shared/decide/decision.ts';
import type { Expectation } from '../../shared/decide/expectation.ts';
import { SevError } from '../../shared/errors.ts';
import { parseCertChain } from '../../shared/formats/cert-chain.ts';
import { encodeSecretTable, type SecretEntry } from '../../shared/formats/secret-table.ts';
import {
  type LaunchSession,
  makeLaunchSession,
  resumeLaunchSession,
  type StoredLaunchSession,
  storeLaunchSession,
} from '../../shared/session/launch-session.ts';
import { sealSecret } from '../../shared/session/secret-packet.ts';
import { AMD_ROOTS } from '../../shared/trust/amd-roots.ts';
import { SIMULATED_ROOT } from '../../shared/trust/simulated-root.ts';
import { type TrustedPdh, verifyCertChain } from '../../shared/verify/cert-chain.ts';
import type { ReportedLaunch } from '../../shared/verify/launch-measure.ts';
import { encodeLaunchMeasure } from '../../shared/formats/launch-measure.ts';
import { type Database, stored } from '../storage/database.ts';
import type { Box } from './box.ts';
import { boxKeys, handlesOf, searchKeyOf } from './key-record.ts';
import type { VaultLock } from './lock.ts';
import { bind, enter, keepPacket, retire, type SealedPacket } from './ledger.ts';

/** How many other sessions the doctor looks at: the latest ones. */
const MAX_OTHER_SESSIONS = 16;

const ROOTS = [...AMD_ROOTS, SIMULATED_ROOT];

/** One launch as the vault needs it: bytes of records, none of which it believes. */
export interface LaunchCase {
  /** The chain in sevctl's order; verified anew each time. */
  readonly chain: Uint8Array;
  readonly session: StoredLaunchSession & { readonly id: string };
  readonly expectation: Expectation;
  readonly reported: ReportedLaunch;
}

export interface Vault {
  /** Makes a session for a platform, once its chain has verified. @throws SevError CERT_*, MEASURE_POLICY, VAULT_STORAGE, VAULT_LOCKED, VAULT_NONE */
  makeSession(wanted: {
    readonly chain: Uint8Array;
    readonly policy: number;
    readonly acceptsKeySharing: boolean;
  }): Promise<StoredLaunchSession & { readonly id: string }>;
  /** @throws SevError CERT_*, VAULT_MISSING_KEY */
  judge(launch: LaunchCase): Promise<Decision>;
  /**
   * Seals secrets for a launch that `decide` releases. The same launch gets the same packet, however often it is asked.
   * @throws SevError MEASURE_NOT_VERIFIED, MEASURE_SESSION_USED, VAULT_BUSY, and as `judge`
   */
  seal(launch: LaunchCase, secrets: readonly SecretEntry[], areaSize?: number): Promise<SealedPacket>;
  /** The packet that was sealed for a session, if one was. */
  packetOf(sessionId: string): Promise<SealedPacket | undefined>;
  /** Every TIK that is here, this session's first: the doctor may search with them, and only there. */
  searchKeys(
    sessionId: string,
  ): Promise<readonly { readonly sessionId: string; readonly key: CryptoKey | Uint8Array }[]>;
  /** Ends a session for good: nothing is sealed under it any more, and its keys are forgotten. */
  retire(sessionId: string): Promise<void>;
}

/** Runs work of one name in one tab at a time. */
export type Alone = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export function openVault(database: Database, lock: VaultLock, alone: Alone = onlyThisTab): Vault {
  const vaultKey = (): Promise<CryptoKey | undefined> => lock.key();

  async function resume({ chain, session }: Omit<LaunchCase, 'expectation' | 'reported'>): Promise<LaunchSession> {
    const record = await stored(database.get('keys', session.id));
    if (record === undefined) throw new SevError('VAULT_MISSING_KEY');
    const keys = await handlesOf(record, vaultKey);
    return resumeLaunchSession({ ...session, trustedPdh: await trust(chain), keys });
  }

  async function judge(launch: LaunchCase): Promise<Decision> {
    const { expectation, reported } = launch;
    return decide({ session: await resume(launch), expectation, reported });
  }

  async function sealAlone(launch: LaunchCase, secrets: readonly SecretEntry[], areaSize?: number) {
    const { id } = launch.session;
    const decision = await judge(launch);
    if (decision.kind !== 'release') throw new SevError('MEASURE_NOT_VERIFIED');
    const earlier = await bind(database, id, encodeLaunchMeasure(launch.reported), Date.now());
    if (earlier) return earlier;
    const table = encodeSecretTable(secrets, areaSize);
    try {
      const packet = await sealSecret(decision, table, webCryptoRandom);
      await keepPacket(database, id, packet);
      return packet;
    } finally {
      table.fill(0);
    }
  }

  return {
    async makeSession({ chain, policy, acceptsKeySharing }) {
      const trustedPdh = await trust(chain);
      const key = await vaultKey();
      // Practice needs no passphrase; what is worth something is kept under one.
      if (!key && !trustedPdh.simulated) throw new SevError('VAULT_NONE');
      let box: Box | undefined;
      const rawKeys = async (raw: { tek: Uint8Array; tik: Uint8Array }): Promise<void> => {
        if (key) box = await boxKeys(key, raw);
      };
      const random = webCryptoRandom;
      const session = await makeLaunchSession({ trustedPdh, policy, acceptsKeySharing, random, rawKeys });
      await enter(database, { sessionId: session.id, ...(box ? { box } : session.keys) }, Date.now());
      return { ...storeLaunchSession(session), id: session.id };
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
    retire: (sessionId) => retire(database, sessionId, Date.now()),
  };
}

const trust = (chain: Uint8Array): Promise<TrustedPdh> => verifyCertChain(parseCertChain(chain), ROOTS);

/** The ledger holds even without this, but a second tab would then see a half-done release. @throws SevError VAULT_BUSY */
const onlyThisTab: Alone = (name, work) =>
  navigator.locks.request(name, { ifAvailable: true }, (lock) => {
    if (lock === null) throw new SevError('VAULT_BUSY');
    return work();
  });
