// Whatever is dropped or pasted anywhere: told by its content, and brought to where it belongs.
import type { AirgapMessage, MessageKind, OfKind } from '../shared/airgap/index.ts';
import { SevError } from '../shared/errors.ts';
import { PIECE_WORDS, type Piece, type PieceKind } from '../shared/intake/piece.ts';
import { address, type Navigation } from './navigation.svelte.ts';
import { readGiven } from './workers/intake.ts';
import { recogniseGiven } from './workers/recognise.ts';
import { looksLikePairing, parsePairing } from './relay/pairing.ts';

/** Takes files of any content, as they are. */
export type FileTaker = (files: readonly File[]) => void;

/** Takes pieces that fit where one is. @returns whether it took them */
export type Taker = (pieces: readonly Piece[], files: readonly File[]) => boolean;

const OF_PLATFORM: ReadonlySet<PieceKind> = new Set([
  'pdh',
  'pek',
  'oca',
  'cek',
  'ask',
  'ark',
  'chip-id',
  'unreadable',
]);

export class Inbox {
  /** For the connect screen: files that hold certificates. */
  files = $state.raw<readonly File[]>([]);
  error = $state.raw<unknown>();
  /** A scanned message on its way to the screen that it belongs to: see `carry/bring.ts`. */
  scanned = $state.raw<AirgapMessage | undefined>();
  /** The address of that screen: on no other one may it be taken. */
  scannedFor = $state.raw<string | undefined>();
  readonly #navigation: Navigation;
  /** The one that came last is asked first. */
  readonly #takers: Taker[] = [];
  #fileTaker: FileTaker | undefined;

  constructor(navigation: Navigation) {
    this.#navigation = navigation;
  }

  /** The screen that is open says what it can use. @returns the way to stop */
  serve(taker: Taker): () => void {
    this.#takers.unshift(taker);
    return () => void this.#takers.splice(this.#takers.indexOf(taker), 1);
  }

  /** The same for a screen that reads files by itself, whatever is in them. */
  serveFiles(taker: FileTaker): () => void {
    this.#fileTaker = taker;
    return () => {
      if (this.#fileTaker === taker) this.#fileTaker = undefined;
    };
  }

  take(): readonly File[] {
    const { files } = this;
    this.files = [];
    return files;
  }

  /**
   * For the screen that a scanned message belongs to: takes it, once.
   * @param here the address of that screen
   */
  claim<K extends MessageKind>(here: string, ...kinds: readonly K[]): OfKind<K> | undefined {
    const { scanned, scannedFor } = this;
    if (!scanned || scannedFor !== here || !(kinds as readonly MessageKind[]).includes(scanned.kind)) return undefined;
    this.scanned = undefined;
    return scanned as OfKind<K>;
  }

  offerText(text: string): void {
    if (looksLikePairing(text.slice(Math.max(0, text.indexOf('#'))))) {
      this.#navigation.pairing = parsePairing(text);
      return this.#navigation.go(address.connect);
    }
    void this.offer([new File([text], 'pasted')]);
  }

  async offer(files: readonly File[]): Promise<void> {
    this.error = undefined;
    if (this.#fileTaker) return this.#fileTaker(files);
    try {
      const pieces = await recogniseFiles(files);
      if (this.#takers.some((taker) => taker(pieces, files))) return;
      if (pieces.some(({ kind }) => OF_PLATFORM.has(kind))) return this.#toConnect(files);
      throw this.#misplaced(pieces);
    } catch (error) {
      this.error = error;
    }
  }

  #toConnect(files: readonly File[]): void {
    this.files = files;
    this.#navigation.go(address.connect);
  }

  #misplaced([piece]: readonly Piece[]): SevError {
    if (!piece) return new SevError('BYTES_UNKNOWN');
    const { name, belongs } = PIECE_WORDS[piece.kind];
    return new SevError('BYTES_SWAPPED', { sentence: `This is ${name}; it belongs ${belongs}.` });
  }
}

/** @throws SevError BYTES_UNKNOWN, BYTES_TOO_LARGE, BYTES_SLOW, or the fault of what a file was taken for */
export const recogniseFiles = async (files: readonly File[]): Promise<readonly Piece[]> =>
  recogniseGiven(await readGiven(files));
