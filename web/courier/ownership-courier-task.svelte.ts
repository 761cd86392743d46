// Carrying ownership between a relay and a platform owner who is offline. Nothing of it outlives the page, and nothing is
// judged: the AMD-SP takes only what fits it, and the owner's device makes sure of the chain that follows.
import { type AirgapMessage, expectMessage, type OfKind } from '../../shared/airgap/index.ts';
import { equalBytes } from '../../shared/bytes/equal.ts';
import { SevError } from '../../shared/errors.ts';
import { requireUsage } from '../../shared/sev/formats/cert-chain.ts';
import { parseSevCert } from '../../shared/sev/formats/sev-cert.ts';
import { mayStillBeAsked, wasAnswered } from '../relay/answered.ts';
import { carryOwnership as say } from '../strings/carry-ownership.ts';
import type { CarryingRelay } from '../relay/carrying-relay.ts';
import type { HandOverStatus } from './hand-overs.ts';
import { OWNER_HAND_OVERS, type OwnerHandOver } from './owner-hand-overs.ts';
import { Work } from '../work.svelte.ts';

/** What became of the import: asked means that no answer came, and that only the chain can tell. */
export type ImportState = 'not-asked' | 'asked' | 'not-taken' | 'taken';

export class OwnershipCourierTask extends Work {
  readonly relay: CarryingRelay;
  at = $state.raw<OwnerHandOver>('chain');
  chain = $state.raw<OfKind<'chain'> | undefined>();
  request = $state.raw<OfKind<'csr'> | undefined>();
  signed = $state.raw<OfKind<'pek'> | undefined>();
  imported = $state.raw<ImportState>('not-asked');
  /** The chain after the import. */
  proof = $state.raw<OfKind<'chain'> | undefined>();
  #askedAt = 0;
  #done = $state.raw<readonly OwnerHandOver[]>([]);

  constructor(relay: CarryingRelay) {
    super();
    this.relay = relay;
  }

  status(name: OwnerHandOver): HandOverStatus {
    if (this.at === name) return 'now';
    return this.#done.includes(name) ? 'done' : 'ahead';
  }

  /** Any hand-over can be gone to: the page may have been opened anew in the middle. */
  go(name: OwnerHandOver): void {
    this.error = undefined;
    const waiting = this.imported === 'asked' || this.imported === 'taken';
    this.at = name === 'signed' && waiting ? 'proof' : name;
  }

  /** The person says that the code which is shown was scanned. */
  shown(): void {
    this.#finish(this.at);
  }

  askChain(): Promise<void> {
    return this.attempt(say.chainAsking(this.relay.name), async () => {
      this.chain = await this.#certificates();
    });
  }

  askRequest(): Promise<void> {
    return this.attempt(say.requestAsking(this.relay.name), async () => {
      this.request = await this.#csr();
    });
  }

  /** @throws SevError BYTES_SWAPPED, CERT_USAGE, CERT_MIXED when it is something else, or of another request */
  takeSigned(message: AirgapMessage): void {
    const signed = expectMessage(message, { kinds: ['pek'] });
    requireUsage(parseSevCert(signed.pek, 'pek'), 'PEK', 'pek');
    requireUsage(parseSevCert(signed.oca, 'oca'), 'OCA', 'oca');
    if (this.request) requireSameKey(signed, this.request.csr);
    this.signed = signed;
    // Until the chain has told what became of the last import, no other one is asked for.
    if (this.imported !== 'asked') this.imported = 'not-asked';
    this.proof = undefined;
  }

  /** Takes what was scanned on another screen, and goes to where it is handed over. */
  takeBrought(message: AirgapMessage): Promise<void> {
    this.go('signed');
    return this.attempt(undefined, async () => {
      await Promise.resolve();
      this.takeSigned(message);
    });
  }

  /** Asks once; where the answer stays out, only the chain tells whether it may be asked again. */
  import(): Promise<void> {
    return this.attempt(say.importing(this.relay.name), async () => {
      const { signed } = this;
      if (!signed || this.imported === 'asked' || this.imported === 'taken') return;
      // Before the operator is asked: the page may have been opened anew since the request was shown.
      this.request ??= await this.#csr();
      requireSameKey(signed, this.request.csr);
      this.imported = 'asked';
      this.#askedAt = Date.now();
      try {
        await this.relay.connection.ask('owner.import', { pek: signed.pek, oca: signed.oca });
      } catch (error) {
        if (wasAnswered(error)) this.imported = 'not-asked';
        else this.go('proof');
        throw error;
      }
      this.imported = 'taken';
      this.#finish('signed');
      this.proof = await this.#certificates();
    });
  }

  /** Looks whether the platform names the owner whose signature was carried. */
  askProof(): Promise<void> {
    return this.attempt(say.chainAsking(this.relay.name), async () => {
      const proof = await this.#certificates();
      const { signed } = this;
      this.proof = proof;
      if (!signed || this.imported === 'not-asked') return;
      if (equalBytes(proof.oca, signed.oca)) this.imported = 'taken';
      else if (!mayStillBeAsked(this.#askedAt, Date.now())) this.imported = 'not-taken';
    });
  }

  async #csr(): Promise<OfKind<'csr'>> {
    const { csr } = await this.relay.connection.ask('owner.csr', {});
    return { kind: 'csr', csr };
  }

  async #certificates(): Promise<OfKind<'chain'>> {
    const { ask, ark, ...own } = await this.relay.connection.ask('platform.certificates', {});
    return { kind: 'chain', ...own, ...(ask && { ask }), ...(ark && { ark }) };
  }

  #finish(name: OwnerHandOver): void {
    this.#done = [...this.#done, name];
    const next = OWNER_HAND_OVERS[OWNER_HAND_OVERS.indexOf(name) + 1];
    if (next) this.go(next);
  }
}

/** @throws SevError CERT_MIXED */
function requireSameKey({ pek }: OfKind<'pek'>, csr: Uint8Array): void {
  if (equalBytes(parseSevCert(pek, 'pek').signedBody, parseSevCert(csr, 'csr').signedBody)) return;
  throw new SevError('CERT_MIXED', { at: 'pek', sentence: say.otherRequest, next: say.otherRequestNext });
}
