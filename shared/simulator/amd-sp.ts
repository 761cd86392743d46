// A software AMD Secure Processor under a published test root, for tests and practice. SEV API, chapters 5 and 6.
// It keeps the commands' states, checks and statuses. It does not encrypt guest memory, and proves nothing about a host.
import { type Random, webCryptoRandom } from '../crypto/subtle.ts';
import { parseSevCert } from '../sev/formats/sev-cert.ts';
import { SIMULATED_CA } from '../trust/simulated-root.ts';
import { signedReport } from './attestation.ts';
import { importRootKey } from './certify.ts';
import { AmdSpFailure, requireThat, STATUS } from './failure.ts';
import { GuestContext, type GuestStateNumber } from './guest-context.ts';
import type { ApiVersion, IncomingPacket } from './launch-measure.ts';
import { exportedChain, makeChip, newPdh, selfOwnedKeys, signingRequest, takenOver } from './platform-identity.ts';
import { agree } from './platform-key.ts';
import { POLICY_NOKS, requireAllowedPolicy } from './policy-rules.ts';
import { type PlatformIdentity, restoreIdentity, storeIdentity } from './stored-chip.ts';
import { TEST_ASK_KEY } from './test-root.ts';
import { openSession, type TransportKeys } from './transport-keys.ts';

/** The command ATTESTATION came with API 0.23. */
const FIRST_MINOR_WITH_REPORTS = 23;

export interface SimulatedAmdSpOptions {
  readonly random?: Random;
  readonly apiMajor?: number;
  readonly apiMinor?: number;
  readonly build?: number;
  /** Whether SEV-ES is available. */
  readonly es?: boolean;
  /** What `store()` gave: the same chip again. Without it, every platform is a new chip. */
  readonly stored?: unknown;
}

export type PlatformState = 'uninit' | 'init' | 'working';

export interface SimulatedStatus extends ApiVersion {
  readonly state: PlatformState;
  readonly owned: boolean;
  readonly es: boolean;
  readonly guests: number;
}

export interface LaunchStart {
  readonly policy: number;
  /** GODH, 2,084 bytes, and the session blob, 128 bytes: both or neither. Without them the AMD-SP makes its own keys. */
  readonly godh?: Uint8Array;
  readonly session?: Uint8Array;
  /** Another guest whose memory key is to be shared; 0 or missing for a key of its own. */
  readonly handle?: number;
}

/**
 * One simulated platform. Commands that change something are carried out one after the other, as behind the real
 * mailbox; each throws an AmdSpFailure with the specification's status.
 */
export class SimulatedAmdSp {
  readonly #version: ApiVersion;
  readonly #es: boolean;
  readonly #random: Random;
  #identity: PlatformIdentity;
  #initialised = true;
  #guests = new Map<number, GuestContext>();
  #lastHandle = 0;
  #mailbox: Promise<unknown> = Promise.resolve();

  private constructor(identity: PlatformIdentity, options: Required<Omit<SimulatedAmdSpOptions, 'stored'>>) {
    const { apiMajor, apiMinor, build, es, random } = options;
    this.#identity = identity;
    this.#version = { apiMajor, apiMinor, build };
    this.#es = es;
    this.#random = random;
  }

  /** A platform in state INIT. @throws SevError BYTES_* when `stored` is damaged */
  static async create(options: SimulatedAmdSpOptions = {}): Promise<SimulatedAmdSp> {
    const { random = webCryptoRandom, apiMajor = 0, apiMinor = 24, build = 15, es = true, stored } = options;
    const chosen = { random, apiMajor, apiMinor, build, es };
    if (stored !== undefined) return new SimulatedAmdSp(restoreIdentity(stored), chosen);
    const chip = await makeChip(await importRootKey(TEST_ASK_KEY), random);
    return new SimulatedAmdSp({ chip, keys: selfOwnedKeys(chip, chosen, random) }, chosen);
  }

  /** The chip with its present keys, as a value for JSON. Guests are not part of it. */
  store(): unknown {
    return storeIdentity(this.#identity);
  }

  platformStatus(): SimulatedStatus {
    const state = !this.#initialised ? 'uninit' : this.#guests.size > 0 ? 'working' : 'init';
    const { owned } = this.#identity.keys;
    return { ...this.#version, state, owned, es: this.#es, guests: this.#guests.size };
  }

  /** PDH 2,084 bytes; chain 6,252 bytes: PEK, OCA and the CEK without AMD's signature. */
  pdhCertExport(): { readonly pdh: Uint8Array; readonly chain: Uint8Array } {
    this.#requireState('init', 'working');
    const { chip, keys } = this.#identity;
    return { pdh: keys.pdhCert.slice(), chain: exportedChain(chip, keys) };
  }

  /** 64 bytes. */
  getId(): Uint8Array {
    return this.#identity.chip.id.slice();
  }

  /** The CEK as the simulated AMD's key server would hand it out: 2,084 bytes, signed by the ASK. */
  amdCek(): Uint8Array {
    return this.#identity.chip.amdCek.slice();
  }

  /** The simulated AMD's CA certificates, 1,600 bytes each. */
  caCerts(): { readonly ask: Uint8Array; readonly ark: Uint8Array } {
    return { ask: SIMULATED_CA.ask.slice(), ark: SIMULATED_CA.ark.slice() };
  }

  init(): Promise<void> {
    return this.#serially(() => {
      this.#requireState('uninit');
      this.#initialised = true;
    });
  }

  /** Ends every guest. */
  shutdown(): Promise<void> {
    return this.#serially(() => {
      this.#guests.clear();
      this.#initialised = false;
    });
  }

  pekCsr(): Uint8Array {
    this.#requireState('init');
    return signingRequest(this.#identity.keys);
  }

  pekCertImport(pek: Uint8Array, oca: Uint8Array): Promise<void> {
    return this.#serially(() => {
      this.#requireState('init');
      const { chip, keys } = this.#identity;
      this.#identity = { chip, keys: takenOver(chip, keys, { pek, oca }, this.#version, this.#random) };
    });
  }

  pdhGen(): Promise<void> {
    return this.#serially(() => {
      this.#requireState('init', 'working');
      const { chip, keys } = this.#identity;
      this.#identity = { chip, keys: { ...keys, ...newPdh(keys.pek, this.#version, this.#random) } };
    });
  }

  pekGen(): Promise<void> {
    return this.#serially(() => {
      this.#requireState('init');
      this.#renewKeys();
    });
  }

  reset(): Promise<void> {
    return this.#serially(() => {
      this.#requireState('uninit');
      this.#renewKeys();
    });
  }

  /**
   * @returns the guest's handle
   * @throws AmdSpFailure POLICY_FAILURE, INVALID_GUEST, INVALID_PARAM, INVALID_LENGTH, INVALID_CERTIFICATE, BAD_MEASUREMENT
   */
  launchStart({ policy, godh, session, handle: sharedWith = 0 }: LaunchStart): Promise<number> {
    return this.#serially(async () => {
      this.#requireState('init', 'working');
      requireAllowedPolicy(policy, { ...this.#version, es: this.#es });
      if (sharedWith !== 0) this.#requireKeySharing(policy, this.#guest(sharedWith));
      const bothOrNeither = (godh === undefined) === (session === undefined);
      requireThat(bothOrNeither, STATUS.INVALID_PARAM, 'GODH and session belong together.');
      const keys = godh && session ? await this.#agreeOnKeys(godh, session, policy) : this.#makeKeys();
      this.#guests.set(++this.#lastHandle, new GuestContext(policy, keys, this.#version));
      return this.#lastHandle;
    });
  }

  launchUpdateData(handle: number, bytes: Uint8Array): Promise<void> {
    return this.#serially(() => this.#guest(handle).updateData(bytes));
  }

  /** @param page the first registers of the next CPU, 4,096 bytes */
  launchUpdateVmsa(handle: number, page: Uint8Array): Promise<void> {
    return this.#serially(() => this.#guest(handle).updateVmsa(page));
  }

  /** @returns 48 bytes: the measure, then a fresh mnonce */
  launchMeasure(handle: number): Promise<Uint8Array> {
    return this.#serially(() => this.#guest(handle).measure(this.#random(16)));
  }

  /** @returns the plaintext that lands in guest memory */
  launchSecret(handle: number, packet: IncomingPacket): Promise<Uint8Array> {
    return this.#serially(() => this.#guest(handle).openSecret(packet));
  }

  launchFinish(handle: number): Promise<void> {
    return this.#serially(() => this.#guest(handle).finish());
  }

  guestStatus(handle: number): { readonly policy: number; readonly state: GuestStateNumber } {
    const { policy, state } = this.#guest(handle);
    return { policy, state };
  }

  /** @param mnonce 16 bytes, chosen by whoever asks @returns 208 bytes, signed by the PEK */
  attestationReport(handle: number, mnonce: Uint8Array): Promise<Uint8Array> {
    return this.#serially(() => {
      const { apiMajor, apiMinor } = this.#version;
      requireThat(apiMajor > 0 || apiMinor >= FIRST_MINOR_WITH_REPORTS, STATUS.INVALID_COMMAND);
      requireThat(mnonce.length === 16, STATUS.INVALID_LENGTH, 'The mnonce does not have 16 bytes.');
      const guest = this.#guest(handle);
      return signedReport(this.#identity.keys.pek, mnonce, guest.measuredDigest(), guest.policy);
    });
  }

  decommission(handle: number): Promise<void> {
    return this.#serially(() => {
      this.#guest(handle);
      this.#guests.delete(handle);
    });
  }

  async #agreeOnKeys(godh: Uint8Array, session: Uint8Array, policy: number): Promise<TransportKeys> {
    const z = agree(this.#identity.keys.pdh, readGodh(godh));
    requireThat(z !== undefined, STATUS.INVALID_CERTIFICATE, "The GODH's key is no point on the curve.");
    return openSession(z, session, policy);
  }

  /** Keys that nobody outside knows: such a guest runs, but nobody can verify it. */
  #makeKeys(): TransportKeys {
    return { tek: this.#random(16), tik: this.#random(16) };
  }

  #requireKeySharing(policy: number, other: GuestContext): void {
    const allowed = (policy & POLICY_NOKS) === 0 && (other.policy & POLICY_NOKS) === 0;
    requireThat(allowed, STATUS.POLICY_FAILURE, 'A policy forbids key sharing.');
  }

  #renewKeys(): void {
    const { chip } = this.#identity;
    this.#identity = { chip, keys: selfOwnedKeys(chip, this.#version, this.#random) };
  }

  #guest(handle: number): GuestContext {
    const guest = this.#guests.get(handle);
    requireThat(guest !== undefined, STATUS.INVALID_GUEST);
    return guest;
  }

  #requireState(...states: PlatformState[]): void {
    requireThat(states.includes(this.platformStatus().state), STATUS.INVALID_PLATFORM_STATE);
  }

  #serially<T>(command: () => T | Promise<T>): Promise<T> {
    const done = this.#mailbox.then(command);
    this.#mailbox = done.catch(() => undefined);
    return done;
  }
}

/** The guest owner's public key; nothing else of the certificate counts. */
function readGodh(godh: Uint8Array) {
  try {
    return parseSevCert(godh, 'godh').publicKey;
  } catch {
    throw new AmdSpFailure(STATUS.INVALID_CERTIFICATE, 'The GODH is malformed.');
  }
}
