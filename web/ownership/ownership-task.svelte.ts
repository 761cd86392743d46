// Taking one platform into ownership: its request comes in, the owner's key signs it in the vault, and the new chain is
// looked at before anybody calls the platform theirs.
import { type AirgapMessage, expectMessage } from '../../shared/airgap/index.ts';
import { equalBytes } from '../../shared/bytes/equal.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { SevError } from '../../shared/errors.ts';
import { parseCertChain } from '../../shared/formats/cert-chain.ts';
import type { SevCert } from '../../shared/formats/sev-cert.ts';
import { expectPiece } from '../../shared/intake/expect-piece.ts';
import type { Piece } from '../../shared/intake/piece.ts';
import { parsePekCsr } from '../../shared/session/ownership.ts';
import type { AppState } from '../app.svelte.ts';
import { Meeting } from '../platforms/meeting.svelte.ts';
import { ownerOfChain } from '../platforms/owner-pin.ts';
import type { PlatformRecord } from '../platforms/platform-record.ts';
import { filesOfMessage } from '../platforms/scanned-files.ts';
import type { Relay } from '../relay/relays.svelte.ts';
import { ownership as say } from '../strings/ownership.ts';
import type { OwnerKeyFacts } from '../vault/owner-keys.ts';

/** A platform's request, and what is known of where it comes from. */
export interface Request {
  readonly csr: SevCert;
  /** The platform whose verified chain holds this very PEK; missing when none that was met does. */
  readonly platform?: PlatformRecord;
  /** The relay that gave it, and that can take the answer. */
  readonly relay?: Relay;
}

/** What the platform imports: 2,084 bytes each. */
export interface Signed {
  readonly pek: Uint8Array;
  readonly oca: Uint8Array;
  readonly owner: OwnerKeyFacts;
}

/** A change of the platform's keys that nothing undoes. */
export type KeyChange = 'owner.rotatePdh' | 'owner.regeneratePek' | 'owner.reset';

export class OwnershipTask {
  /** What is going on, in words; undefined when nothing is. */
  doing = $state.raw<string | undefined>();
  error = $state.raw<unknown>();
  owner = $state.raw<OwnerKeyFacts | undefined>();
  request = $state.raw<Request | undefined>();
  signed = $state.raw<Signed | undefined>();
  /** The platform as it was met after the change, with its chain verified. */
  after = $state.raw<{ readonly platform: PlatformRecord; readonly owned: boolean } | undefined>();
  readonly #app: AppState;
  readonly #meeting: Meeting;

  constructor(app: AppState) {
    this.#app = app;
    this.#meeting = new Meeting(app.platforms, app.relays);
  }

  choose(owner: OwnerKeyFacts): void {
    if (owner.id !== this.owner?.id) this.signed = undefined;
    this.owner = owner;
  }

  /** Another request, or none: what followed from the last one goes with it. */
  #take(request: Request | undefined): void {
    this.request = request;
    this.signed = undefined;
    this.after = undefined;
  }

  /** Meets the platform, and asks for the request of that very platform. */
  askRelay(relay: Relay): Promise<void> {
    return this.#attempt(say.asking(relay.name), async () => {
      this.#take(undefined);
      const platform = await this.#met(this.#meeting.byRelay(relay));
      this.doing = say.asking(relay.name);
      const { csr } = await relay.connection.ask('owner.csr', {});
      this.#take({ csr: parsePekCsr(csr, pekOf(platform), 'csr'), platform, relay });
    });
  }

  /** @throws SevError CERT_CSR, BYTES_SWAPPED */
  takePieces(pieces: readonly Piece[]): void {
    this.#takeCsr(expectPiece(pieces, 'pek-csr').cert.bytes);
  }

  /** @throws SevError CERT_CSR, BYTES_SWAPPED */
  takeMessage(message: AirgapMessage): void {
    this.#takeCsr(expectMessage(message, { kinds: ['csr'] }).csr);
  }

  #takeCsr(bytes: Uint8Array): void {
    const csr = parsePekCsr(bytes);
    const platform = this.#app.platforms.list.find((known) => equalBytes(pekOf(known).signedBody, csr.signedBody));
    this.#take({ csr, ...(platform && { platform }) });
  }

  sign(): Promise<void> {
    return this.#attempt(say.signing, async () => {
      const { owner, request } = this;
      if (!owner || !request) return;
      const { csr, platform } = request;
      const pek = platform && pekOf(platform);
      const { signed, oca } = await (await this.#app.ownerKeys()).sign(owner.id, csr.bytes, pek);
      this.signed = { pek: signed, oca, owner };
    });
  }

  /** Has the platform take in the signed PEK, and looks at the chain that it has then. */
  importByRelay(): Promise<void> {
    const { request, signed } = this;
    const relay = request?.relay;
    return this.#attempt(say.waitingForOperator(relay?.name ?? ''), async () => {
      if (!relay || !signed) return;
      await relay.connection.ask('owner.import', { pek: signed.pek, oca: signed.oca });
      await this.#lookAt(this.#meeting.byRelay(relay));
    });
  }

  /** The new chain, brought back by hand. */
  takeChainPieces(pieces: readonly Piece[]): Promise<void> {
    const certificates = pieces.flatMap((piece) => ('cert' in piece ? [piece.cert.bytes] : []));
    if (certificates.length === 0) expectPiece(pieces, 'pdh');
    return this.#takeChain([new File([concat(...certificates) as BlobPart], say.unnamedPlatform)]);
  }

  takeChainMessage(message: AirgapMessage): Promise<void> {
    return this.#takeChain(filesOfMessage(message));
  }

  #takeChain(files: readonly File[]): Promise<void> {
    return this.#attempt(say.checking, () => this.#lookAt(this.#meeting.byFiles(files)));
  }

  /** Changes the platform's keys, once its operator agrees; sessions that were made before are void. */
  changeKeys(change: KeyChange): Promise<void> {
    const relay = this.request?.relay;
    return this.#attempt(say.waitingForOperator(relay?.name ?? ''), async () => {
      if (!relay) return;
      await relay.connection.ask(change, {});
      const platform = await this.#met(this.#meeting.byRelay(relay));
      this.doing = say.asking(relay.name);
      // The request before is of a PEK that may be no more.
      const { csr } = await relay.connection.ask('owner.csr', {});
      this.#take({ csr: parsePekCsr(csr, pekOf(platform), 'csr'), platform, relay });
      this.after = { platform, owned: await this.#isOwned(platform) };
    });
  }

  /** Green only after this: the chain verifies, and its owner is the one who signed. From now on it is remembered as such. */
  async #lookAt(meeting: Promise<PlatformRecord | undefined>): Promise<void> {
    const { owner, request, signed } = this;
    const platform = await this.#met(meeting);
    // Another platform of the same owner would say nothing about the one that was signed for.
    if (signed && request && !equalBytes(pekOf(platform).signedBody, request.csr.signedBody))
      throw new SevError('CERT_MIXED', { at: 'pek', because: say.otherPek });
    const owned = await this.#isOwned(platform);
    if (owned && owner) {
      const pin = { keySha256: owner.id, name: owner.name, pinnedAt: Date.now() };
      await this.#app.platforms.expectOwner(platform, pin);
    }
    this.after = { platform, owned };
  }

  async #isOwned({ chain }: PlatformRecord): Promise<boolean> {
    return this.owner !== undefined && (await ownerOfChain(chain)) === this.owner.id;
  }

  /** @throws the reason why the platform cannot be trusted */
  async #met(meeting: Promise<PlatformRecord | undefined>): Promise<PlatformRecord> {
    const platform = await meeting;
    if (platform) return platform;
    const { error, found } = this.#meeting;
    const fault = found?.view.fault ?? found?.problems[0] ?? found?.missing[0];
    this.#meeting.forget();
    if (error instanceof Error) throw error;
    throw fault ? new SevError(fault.code, fault) : new SevError('CERT_CHAIN_INCOMPLETE');
  }

  async #attempt(doing: string, work: () => Promise<void>): Promise<void> {
    this.doing = doing;
    this.error = undefined;
    try {
      await work();
    } catch (error) {
      this.error = error;
    } finally {
      this.doing = undefined;
    }
  }
}

const pekOf = ({ chain }: PlatformRecord): SevCert => parseCertChain(chain).pek;
