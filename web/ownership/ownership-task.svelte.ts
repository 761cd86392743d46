// Taking one platform into ownership: its request comes in, the owner's key signs it in the vault, and the new chain is
// looked at before anybody calls the platform theirs. Every step is noted in a record before it is taken, and survives the page.
import type { KeyChange } from '../../shared/relay-protocol.ts';
import { type AirgapMessage, expectMessage } from '../../shared/airgap/index.ts';
import { equalBytes } from '../../shared/bytes/equal.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { SevError } from '../../shared/errors.ts';
import { parseCertChain } from '../../shared/sev/formats/cert-chain.ts';
import type { SevCert } from '../../shared/sev/formats/sev-cert.ts';
import { expectPiece } from '../../shared/intake/expect-piece.ts';
import type { Piece } from '../../shared/intake/piece.ts';
import { parsePekCsr } from '../../shared/sev/session/ownership.ts';
import { mayStillBeAsked, wasAnswered } from '../relay/answered.ts';
import type { AppState } from '../app.svelte.ts';
import { Meeting } from '../platforms/meeting.svelte.ts';
import { ownerOfChain } from '../platforms/owner-pin.ts';
import type { PlatformRecord } from '../platforms/platform-record.ts';
import { filesOfMessage } from '../airgap/scanned-files.ts';
import type { Relay } from '../relay/relays.svelte.ts';
import { words } from '../strings/index.ts';
import { ownership as say } from '../strings/ownership.ts';
import type { OwnerKeyFacts } from '../vault/owner-keys.ts';
import { KeptOwnership } from './kept-ownership.svelte.ts';
import type { OwnershipRecord } from './ownership-record.ts';
import { Work } from '../work.svelte.ts';

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
  readonly owner: Pick<OwnerKeyFacts, 'id' | 'name'>;
}

/** A change of the platform's keys that nothing undoes. */
export type { KeyChange } from '../../shared/relay-protocol.ts';

export class OwnershipTask extends Work {
  /** The key that is chosen to sign with. */
  owner = $state.raw<OwnerKeyFacts | undefined>();
  /** Where it stands. */
  readonly kept: KeptOwnership;
  /** The platform as it was met after the change, with its chain verified. */
  after = $state.raw<{ readonly platform: PlatformRecord; readonly owned: boolean } | undefined>();
  readonly request: Request | undefined = $derived.by(() => this.kept.record && this.#requestOf(this.kept.record));
  readonly signed: Signed | undefined = $derived.by(() => {
    const { owner, signed, state } = this.kept.record ?? {};
    // With another key chosen it can be signed anew, until it was asked to be imported.
    const stands = state !== 'signed' || !this.owner || this.owner.id === owner?.id;
    return owner && signed && stands ? { ...signed, owner } : undefined;
  });
  readonly #app: AppState;
  readonly #meeting: Meeting;
  /** The relay that was asked on this page; later it is found by its address. */
  #relay = $state.raw<Relay | undefined>();

  constructor(app: AppState) {
    super();
    this.#app = app;
    this.kept = new KeptOwnership(app.ownerships);
    // Here the owner is what one comes to change, and the screen says whose the platform is afterwards.
    this.#meeting = new Meeting(app.platforms, app.relays, ({ kind }) => kind === 'owner');
  }

  choose(owner: OwnerKeyFacts): void {
    this.owner = owner;
  }

  /** Begins with another request: what followed from the last one is left in its record. */
  #begin(relay?: Relay): void {
    this.kept.record = undefined;
    this.after = undefined;
    this.#relay = relay;
  }

  #requestOf({ csr, relayUrl }: OwnershipRecord): Request {
    const parsed = parsePekCsr(csr);
    const platform = this.#app.platforms.list.find((known) => equalBytes(pekOf(known).signedBody, parsed.signedBody));
    const relay = this.#relay ?? this.#app.relays.find(relayUrl);
    return { csr: parsed, ...(platform && { platform }), ...(relay && { relay }) };
  }

  /** Goes on where the last visit ended. */
  resume(): Promise<void> {
    return this.attempt(undefined, async () => {
      const owner = (await this.kept.resume())?.owner;
      if (!owner) return;
      const keys = await (await this.#app.ownerKeys()).list();
      this.owner = keys.find(({ id }) => id === owner.id) ?? this.owner;
    });
  }

  /** Meets the platform, and asks for the request of that very platform. */
  askRelay(relay: Relay): Promise<void> {
    return this.attempt(say.asking(relay.name), async () => {
      this.#begin(relay);
      const platform = await this.#met(this.#meeting.byRelay(relay));
      await this.#askRequest(relay, platform);
      if (this.signed) await this.#settle(platform);
    });
  }

  async #askRequest(relay: Relay, platform: PlatformRecord): Promise<void> {
    this.doing = say.asking(relay.name);
    const { csr } = await relay.connection.ask('owner.csr', {});
    const { bytes } = parsePekCsr(csr, pekOf(platform), 'csr');
    await this.kept.take(bytes, relay.pairing.url);
  }

  /** @throws SevError CERT_CSR, BYTES_SWAPPED */
  async takePieces(pieces: readonly Piece[]): Promise<void> {
    await this.#takeCsr(expectPiece(pieces, 'pek-csr').cert.bytes);
  }

  /** @throws SevError CERT_CSR, BYTES_SWAPPED */
  async takeMessage(message: AirgapMessage): Promise<void> {
    await this.#takeCsr(expectMessage(message, { kinds: ['csr'] }).csr);
  }

  async #takeCsr(bytes: Uint8Array): Promise<void> {
    const csr = parsePekCsr(bytes);
    this.#begin();
    await this.kept.take(csr.bytes);
  }

  sign(): Promise<void> {
    return this.attempt(say.signing, async () => {
      const { owner, request } = this;
      if (!owner || !request) return;
      const { csr, platform } = request;
      const { signed, oca } = await (
        await this.#app.ownerKeys()
      ).sign(owner.id, csr.bytes, platform && pekOf(platform));
      await this.kept.note('signed', ['requested', 'signed'], {
        state: 'signed',
        owner: { id: owner.id, name: owner.name },
        signed: { pek: signed, oca },
      });
    });
  }

  /** The person took it along: as a file, or as a code. */
  handedOver(): Promise<void> {
    return this.attempt(undefined, async () => {
      const { record } = this.kept;
      if (record?.state === 'signed' && record.history.at(-1)?.event !== 'handed-over')
        await this.kept.note('handed-over', ['signed']);
    });
  }

  /** Has the platform take in the signed PEK, once, and looks at the chain that it has then. */
  importByRelay(): Promise<void> {
    const { request, signed } = this;
    const relay = request?.relay;
    return this.attempt(say.waitingForOperator(relay?.name ?? ''), async () => {
      if (!relay || !signed) return;
      // Noted first: if the answer is lost, it may have been imported all the same.
      await this.kept.note('import-asked', ['signed'], { state: 'import-asked', importAskedAt: Date.now() });
      try {
        await relay.connection.ask('owner.import', { pek: signed.pek, oca: signed.oca });
      } catch (error) {
        if (wasAnswered(error)) await this.kept.note('import-refused', ['import-asked'], { state: 'signed' });
        throw error;
      }
      // Nobody is asked any more: from here on the chain alone tells.
      await this.kept.note('import-answered', ['import-asked'], { importAskedAt: 0 });
      await this.#lookAt(this.#meeting.byRelay(relay));
    });
  }

  /** Asks the host what chain it has now: the only way to know what became of an import. */
  checkByRelay(): Promise<void> {
    const relay = this.request?.relay;
    return this.attempt(say.checking, async () => {
      if (relay) await this.#lookAt(this.#meeting.byRelay(relay));
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
    return this.attempt(say.checking, () => this.#lookAt(this.#meeting.byFiles(files)));
  }

  /** Changes the platform's keys, once its operator agrees; sessions that were made before are void. */
  changeKeys(change: KeyChange): Promise<void> {
    const relay = this.request?.relay;
    return this.attempt(say.waitingForOperator(relay?.name ?? ''), async () => {
      if (!relay) return;
      await relay.connection.ask(change, {});
      const platform = await this.#met(this.#meeting.byRelay(relay));
      // The request before is of a PEK that may be no more.
      this.#begin(relay);
      await this.#askRequest(relay, platform);
      if (this.signed) return this.#settle(platform);
      this.after = { platform, owned: await isOwnedBy(platform, this.owner?.id) };
    });
  }

  /** Lets go of a request. */
  forget(): Promise<void> {
    return this.attempt(undefined, async () => {
      if (await this.kept.forget()) this.#begin();
    });
  }

  /** Green only after this: the chain verifies, and its owner is the one who signed. From now on it is remembered as such. */
  async #lookAt(meeting: Promise<PlatformRecord | undefined>): Promise<void> {
    const { request, signed } = this;
    const platform = await this.#met(meeting);
    // Another platform of the same owner would say nothing about the one that was signed for.
    if (signed && request && !equalBytes(pekOf(platform).signedBody, request.csr.signedBody))
      throw new SevError('CERT_MIXED', { at: 'pek', because: say.otherPek });
    if (signed) await this.#settle(platform);
    else this.after = { platform, owned: await isOwnedBy(platform, this.owner?.id) };
  }

  /** What the verified chain of the platform says of the record: the platform is the owner's, or it is not (yet). */
  async #settle(platform: PlatformRecord): Promise<void> {
    const { owner, state, importAskedAt = 0 } = this.kept.record ?? {};
    const owned = await isOwnedBy(platform, owner?.id);
    if (owned && owner && state !== 'owned') {
      const pin = { keySha256: owner.id, name: owner.name, pinnedAt: Date.now() };
      await this.#app.platforms.expectOwner(platform, pin);
      await this.kept.note('owned', ['signed', 'import-asked'], { state: 'owned' });
    } else if (!owned && state !== 'signed' && !mayStillBeAsked(importAskedAt, Date.now())) {
      await this.kept.note('not-owned', ['import-asked', 'owned'], { state: 'signed' });
    }
    this.after = { platform, owned };
  }

  /** @throws the reason why the platform cannot be trusted */
  async #met(meeting: Promise<PlatformRecord | undefined>): Promise<PlatformRecord> {
    const platform = await meeting;
    if (platform) return platform;
    const { asked, error, found } = this.#meeting;
    const fault = found?.view.fault ?? found?.problems[0] ?? found?.missing[0];
    this.#meeting.forget();
    if (asked) throw otherPlatform();
    if (error instanceof Error) throw error;
    throw fault ? new SevError(fault.code, fault) : new SevError('CERT_CHAIN_INCOMPLETE');
  }
}

const otherPlatform = (): SevError =>
  new SevError('CERT_MIXED', {
    sentence: words.platform.replaced.elsewhere,
    next: words.platform.replaced.elsewhereNext,
  });

const pekOf = ({ chain }: PlatformRecord): SevCert => parseCertChain(chain).pek;

const isOwnedBy = async ({ chain }: PlatformRecord, owner: string | undefined): Promise<boolean> =>
  owner !== undefined && (await ownerOfChain(chain)) === owner;
