// Scanning: a camera, pictures or pasted text in, one message out.
import { SevError } from '../../shared/errors.ts';
import {
  type AirgapMessage,
  type Collected,
  FrameCollector,
  kindOfType,
  nameOfKind,
  parseMessage,
  type Ur,
} from '../../shared/airgap/index.ts';
import { airgap as airgapWords } from '../strings/airgap.ts';
import { withPatience } from '../workers/patience.ts';
import { CodeReader } from '../workers/scan.ts';
import { codesIn } from './codes-in-text.ts';
import { Camera, type CameraChoice, type CameraTrouble, nextFrame } from './camera.ts';
import { openPicture } from './picture.ts';

export interface ScanHandlers {
  /** Takes what was scanned. What it throws is shown, and the person may scan again. */
  readonly onmessage: (message: AirgapMessage) => void | Promise<void>;
  /** Is offered what is no message of the air gap: a pairing link, pasted base64. Answers whether it was of use. */
  readonly ontext?: ((text: string) => boolean | Promise<boolean>) | undefined;
}

export type CameraState =
  { readonly name: 'closed' | 'asking' | 'live' } | { readonly name: 'trouble'; readonly trouble: CameraTrouble };

export interface ScanProgress {
  readonly what: string;
  readonly received: number;
  readonly total: number;
}

/** What a test puts in the place of worker and camera. */
export interface ScanMeans {
  readonly openReader: () => Pick<CodeReader, 'read' | 'close'>;
  readonly openCamera: (id?: string) => Promise<Camera | CameraTrouble>;
  readonly openPicture: (file: Blob) => Promise<ImageBitmap>;
}
const browser: ScanMeans = { openReader: () => new CodeReader(), openCamera: (id) => Camera.open(id), openPicture };

/** Frames in a row that the browser could not hand over: some three seconds. */
const TOO_MANY_MISSED = 100;

/** A picture takes milliseconds, the first one also the loading of the decoder, on a slow phone a few seconds. */
const READ_WITHIN_S = 15;

/** A camera that reads at all brings something new within this time. */
const SLOW_AFTER_MS = 6000;

const nameOfType = (type: string): string => {
  const kind = kindOfType(type);
  return kind ? nameOfKind(kind) : airgapWords.anyCode;
};

export class ScanTask {
  camera = $state.raw<CameraState>({ name: 'closed' });
  cameras = $state.raw<readonly CameraChoice[]>([]);
  chosen = $state.raw<string | undefined>();
  /** Undefined where the camera has no lamp. */
  lit = $state.raw<boolean | undefined>();
  stream = $state.raw<MediaStream | undefined>();
  progress = $state.raw<ScanProgress | undefined>();
  /** An odd code in view, in words. */
  note = $state.raw<string | undefined>();
  /** Nothing new has been read for a while: the other side should make it easier. */
  slow = $state.raw(false);
  /** What was scanned cannot be used here; nothing more is read until the person asks for it. */
  error = $state.raw<unknown>();
  /** What was read last, once it was taken. */
  taken = $state.raw<string | undefined>();

  readonly #handlers: ScanHandlers;
  readonly #means: ScanMeans;
  #collector = newCollector();
  #offered: string | undefined;
  #readAt = 0;
  #reader: ReturnType<ScanMeans['openReader']> | undefined;
  #camera: Camera | undefined;
  #open = new AbortController();
  /** For good: what is still under way is of no interest any more. */
  #closed = false;

  constructor(handlers: ScanHandlers, means: ScanMeans = browser) {
    this.#handlers = handlers;
    this.#means = means;
  }

  /** Whether codes are being looked for. */
  get reading(): boolean {
    return this.error === undefined && this.taken === undefined;
  }

  /** Opens a camera, and asks for permission where that is needed. */
  async openCamera(id?: string): Promise<void> {
    this.#closeCamera();
    const { signal } = this.#open;
    this.camera = { name: 'asking' };
    const camera = await this.#means.openCamera(id);
    if (typeof camera === 'string') {
      if (!signal.aborted) this.camera = { name: 'trouble', trouble: camera };
      return;
    }
    if (signal.aborted) return camera.close();
    this.#camera = camera;
    camera.onEnded(() => {
      if (camera === this.#camera) this.#giveUp('gone');
    });
    this.camera = { name: 'live' };
    this.stream = camera.stream;
    this.chosen = camera.id;
    this.lit = camera.hasTorch ? false : undefined;
    this.cameras = await Camera.choices().catch(() => []);
  }

  /** Reads a video's frames, one after the other and as fast as they can be read, until the camera closes. */
  async watch(video: HTMLVideoElement): Promise<void> {
    const { signal } = this.#open;
    let missed = 0;
    this.#readAt = performance.now();
    while (!signal.aborted) {
      await nextFrame(video, signal);
      if (signal.aborted || !this.reading || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) continue;
      this.slow = performance.now() - this.#readAt > SLOW_AFTER_MS;
      // Now and then a browser has no picture to give: a frame that was missed, like any other.
      const picture = await createImageBitmap(video).catch(() => undefined);
      missed = picture ? 0 : missed + 1;
      if (picture) await this.#attempt(() => this.#readPicture(picture, false));
      else if (missed > TOO_MANY_MISSED) this.#giveUp('failed');
    }
  }

  async toggleTorch(): Promise<void> {
    if (this.lit === undefined || !this.#camera) return;
    const wanted = !this.lit;
    if (await this.#camera.light(wanted)) this.lit = wanted;
  }

  /** Reads picture files, all codes of all of them. */
  async readFiles(files: readonly File[]): Promise<void> {
    this.#goOn();
    await this.#attempt(async () => {
      for (const file of files) {
        const found = await this.#readPicture(await this.#means.openPicture(file), true);
        const { noCode: sentence, noCodeNext: next } = airgapWords;
        if (found === 0) throw new SevError('BYTES_UNKNOWN', { at: file.name, sentence, next });
      }
    });
  }

  /** Reads pasted text: one code's text, those of several, or something that is offered to the screen. */
  async readText(text: string): Promise<void> {
    this.#goOn();
    await this.#attempt(async () => {
      const codes = codesIn(text);
      for (const code of codes) if (this.reading) await this.#take(code);
      if (codes.length > 0 || (await this.#handlers.ontext?.(text.trim()))) return;
      const { notText: sentence, notTextNext: next } = airgapWords;
      throw new SevError('BYTES_UNKNOWN', { sentence, next });
    });
  }

  /** Looks for codes once more, from nothing. */
  again(): void {
    this.error = this.note = this.progress = this.taken = undefined;
    this.#collector = newCollector();
    this.#offered = undefined;
    this.#readAt = performance.now();
  }

  /** What has been collected is kept: codes may come by camera, picture and paste in turn. */
  #goOn(): void {
    if (!this.reading) this.again();
  }

  close(): void {
    this.#closed = true;
    this.#closeCamera();
    this.#closeReader();
    this.camera = { name: 'closed' };
  }

  #closeReader(): void {
    this.#reader?.close();
    this.#reader = undefined;
  }

  #closeCamera(): void {
    this.#open.abort();
    this.#open = new AbortController();
    this.#camera?.close();
    this.#camera = this.stream = this.lit = undefined;
  }

  #giveUp(trouble: CameraTrouble): void {
    this.#closeCamera();
    this.camera = { name: 'trouble', trouble };
  }

  /** @returns how many codes were in it */
  async #readPicture(picture: ImageBitmap, thorough: boolean): Promise<number> {
    if (this.#closed) return 0;
    this.#reader ??= this.#means.openReader();
    const reading = this.#reader.read({ picture, thorough });
    const { texts } = await withPatience(reading, READ_WITHIN_S, hangs).catch((error: unknown) => {
      // A worker that crashed once would only say so again, and one that hangs never says anything.
      this.#closeReader();
      throw error;
    });
    for (const text of texts) if (this.reading) await this.#take(text);
    return texts.length;
  }

  async #take(text: string): Promise<void> {
    const collected = this.#collector.add(text);
    if (collected.status === 'done') return this.#deliver(collected.message);
    if (collected.status === 'not-ours') return this.#offer(text);
    this.#tell(collected);
  }

  /** Offers a text once, however long the camera looks at it. */
  async #offer(text: string): Promise<void> {
    if (text === this.#offered) return;
    this.#offered = text;
    if (await this.#handlers.ontext?.(text)) this.taken = airgapWords.anyCode;
    else this.note = airgapWords.notOurs;
  }

  #tell(collected: Exclude<Collected, { status: 'done' | 'not-ours' }>): void {
    if (collected.status === 'refused') {
      this.note = collected.error.sentence;
      return;
    }
    const { status, type, received, total } = collected;
    const what = nameOfType(type);
    this.note = status === 'other-series' ? airgapWords.other(what) : undefined;
    if (received !== this.progress?.received) this.#readAt = performance.now();
    if (status === 'progress') this.progress = { what, received, total };
  }

  async #deliver(ur: Ur): Promise<void> {
    this.note = undefined;
    const what = nameOfType(ur.type);
    this.taken = what;
    if (this.progress) this.progress = { what, received: this.progress.total, total: this.progress.total };
    const message = await parseMessage(ur);
    if (this.#closed) return;
    // Browsers complain about pages that vibrate before they were touched.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(60);
    await this.#handlers.onmessage(message);
  }

  async #attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.error = error;
    }
  }
}

const hangs = (): SevError =>
  new SevError('VAULT_WORKER', { sentence: airgapWords.hangs, next: airgapWords.hangsNext });

const newCollector = (): FrameCollector => new FrameCollector((type) => kindOfType(type) !== undefined);
