import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type AirgapMessage,
  encodeMessage,
  encodeUr,
  expectMessage,
  layOutCodes,
  sessionTag,
} from '../../shared/airgap/index.ts';
import { SevError } from '../../shared/errors.ts';
import type { Camera } from './camera.ts';
import { noiseForTests } from './noise-for-tests.ts';
import type { ScanMeans } from './scan-task.svelte.ts';
import { ScanTask } from './scan-task.svelte.ts';

const report: AirgapMessage = { kind: 'report', report: noiseForTests(208) };
const csr: AirgapMessage = { kind: 'csr', csr: noiseForTests(2084) };
const textOf = async (message: AirgapMessage): Promise<string> => encodeUr(await encodeMessage(message));

async function textsOf(message: AirgapMessage): Promise<string[]> {
  const { frames } = layOutCodes(await encodeMessage(message));
  if (frames.kind === 'still') return [frames.text];
  return Array.from({ length: frames.total }, (_, i) => frames.frame(i + 1));
}

/** A picture that shows these codes: what the worker would find in it. */
const picture = (...texts: string[]): File => Object.assign(new File([], 'photo.png'), { texts });
const means: ScanMeans = {
  openReader: () => ({
    read: ({ picture: found }) =>
      Promise.resolve({ texts: (found as unknown as { texts: string[] }).texts, decoder: 'wasm' as const }),
    close: () => undefined,
  }),
  openCamera: () => Promise.resolve('none' as const),
  openPicture: (file) => Promise.resolve(file as unknown as ImageBitmap),
};

interface Story {
  readonly task: ScanTask;
  readonly got: AirgapMessage[];
  readonly offered: string[];
}
function open(onmessage: (message: AirgapMessage) => void = () => undefined): Story {
  const got: AirgapMessage[] = [];
  const offered: string[] = [];
  const handlers = {
    onmessage: (message: AirgapMessage): void => {
      onmessage(message);
      got.push(message);
    },
    ontext: (text: string): boolean => (offered.push(text), text.startsWith('https:')),
  };
  return { task: new ScanTask(handlers, means), got, offered };
}

beforeAll(() => void vi.stubGlobal('navigator', {}));

describe('a scanner', () => {
  it('takes a message from a picture', async () => {
    const { task, got } = open();
    await task.readFiles([picture(await textOf(report))]);
    expect(got).toEqual([report]);
    expect(task.taken).toBe('an attestation report');
    expect(task.reading).toBe(false);
  });

  it('collects codes from pictures and pasted text in turn', async () => {
    const { task, got } = open();
    const texts = await textsOf(csr);
    await task.readFiles([picture(...texts.slice(0, 3)), picture('https:foreign')]);
    expect(task.progress).toEqual({ what: 'a signing request', received: 3, total: 5 });
    await task.readText(`${texts.slice(3).join('\n')}\n`);
    expect(got).toEqual([]);
    // The foreign code was of use to the screen, so reading began anew: all of them again.
    await task.readText(texts.join(' '));
    expect(got).toEqual([csr]);
  });

  it('names what is in view besides, and keeps the progress', async () => {
    const { task } = open();
    const texts = await textsOf(csr);
    await task.readText(texts.slice(0, 2).join(' '));
    const other = await textsOf({ kind: 'pek', pek: noiseForTests(2084), oca: noiseForTests(2084, 2) });
    await task.readText(other[0]!);
    expect(task.note).toBe('Another code is in view too: a signed PEK.');
    expect(task.progress).toMatchObject({ received: 2 });
    await task.readFiles([picture('WIFI:T:WPA;S:guest;;')]);
    expect(task.note).toBe('This code is none of this app.');
    await task.readText(texts[2]!.replace(/.$/, 'A'));
    expect(task.note).toMatch(/misread|bytewords/);
    expect(task.progress).toMatchObject({ received: 2 });
    await task.readText(texts[2]!);
    expect([task.note, task.progress?.received]).toEqual([undefined, 3]);
  });

  it('says why a message cannot be used here, and reads again when asked', async () => {
    const tag = sessionTag(noiseForTests(128));
    const { task, got } = open((message) => void expectMessage(message, { kinds: ['measurement'], session: '00' }));
    const measurement: AirgapMessage = {
      ...{ kind: 'measurement', measurement: noiseForTests(48), apiMajor: 1, apiMinor: 55, build: 22, policy: 5 },
      session: tag,
    };
    await task.readText(await textOf(measurement));
    expect(task.error).toMatchObject({ code: 'MEASURE_OTHER_SESSION' });
    await task.readText(await textOf(report));
    expect((task.error as SevError).sentence).toBe('This is an attestation report; a measurement is asked for here.');
    expect(got).toEqual([]);
    task.again();
    expect([task.error, task.taken, task.reading]).toEqual([undefined, undefined, true]);
  });

  it('offers other texts to the screen once, however long the camera looks', async () => {
    const { task, offered } = open();
    await task.readFiles([picture('hello', 'hello', 'hello')]);
    expect(offered).toEqual(['hello']);
    await task.readText('https://localhost/#relay=ws://127.0.0.1:8455&code=1');
    expect(offered).toHaveLength(2);
    expect(task.error).toBeUndefined();
    await task.readText('nothing of ours');
    expect(task.error).toMatchObject({ code: 'BYTES_UNKNOWN', sentence: 'This text is none of this app.' });
  });

  it('says when a picture holds no code', async () => {
    const { task } = open();
    await task.readFiles([picture()]);
    expect(task.error).toMatchObject({ code: 'BYTES_UNKNOWN', at: 'photo.png' });
  });

  it('says why there is no camera', async () => {
    const { task } = open();
    await task.openCamera();
    expect(task.camera).toEqual({ name: 'trouble', trouble: 'none' });
  });
});

/** A reader that a test holds, crashes or counts. */
function readers(read: () => Promise<{ texts: readonly string[]; decoder: 'wasm' }>) {
  const counts = { opened: 0, closed: 0 };
  const openReader = () => (counts.opened++, { read, close: () => void counts.closed++ });
  return { counts, means: { ...means, openReader } };
}

describe('a scanner to which things happen', () => {
  it('reads again after its worker crashed', async () => {
    let crashed = true;
    const text = await textOf(report);
    const { counts, means: crashing } = readers(() =>
      crashed ? Promise.reject(new SevError('VAULT_WORKER')) : Promise.resolve({ texts: [text], decoder: 'wasm' }),
    );
    const got: AirgapMessage[] = [];
    const task = new ScanTask({ onmessage: (message) => void got.push(message) }, crashing);
    await task.readFiles([picture()]);
    expect(task.error).toMatchObject({ code: 'VAULT_WORKER' });
    crashed = false;
    await task.readFiles([picture()]);
    expect([got, counts]).toEqual([[report], { opened: 2, closed: 1 }]);
  });

  it('stops a worker that hangs, says so, and reads again with another', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const text = await textOf(report);
    let hanging = true;
    const { counts, means: stuck } = readers(() =>
      hanging ? new Promise(() => undefined) : Promise.resolve({ texts: [text], decoder: 'wasm' }),
    );
    const got: AirgapMessage[] = [];
    const task = new ScanTask({ onmessage: (message) => void got.push(message) }, stuck);
    const reading = task.readFiles([picture()]);
    await vi.advanceTimersByTimeAsync(14_000);
    expect([task.error, counts.closed]).toEqual([undefined, 0]);
    await vi.advanceTimersByTimeAsync(1_000);
    await reading;
    expect(task.error).toMatchObject({
      code: 'VAULT_WORKER',
      sentence: 'Reading a picture took too long, and was stopped.',
    });
    hanging = false;
    await task.readFiles([picture()]);
    expect([got, counts, vi.getTimerCount()]).toEqual([[report], { opened: 2, closed: 1 }, 0]);
  });

  it('delivers nothing and opens nothing once it is closed', async () => {
    const text = await textOf(report);
    let finish = (): void => undefined;
    const { counts, means: slow } = readers(
      () => new Promise((resolve) => (finish = () => resolve({ texts: [text], decoder: 'wasm' }))),
    );
    const got: AirgapMessage[] = [];
    const task = new ScanTask({ onmessage: (message) => void got.push(message) }, slow);
    const reading = task.readFiles([picture(), picture()]);
    await vi.waitFor(() => expect(counts.opened).toBe(1));
    task.close();
    finish();
    await reading;
    expect([got, counts]).toEqual([[], { opened: 1, closed: 1 }]);
    const late = task.readText(text);
    await late;
    expect(got).toEqual([]);
  });

  it('says that the camera was taken away, and not that it did not start', async () => {
    let end = (): void => undefined;
    const camera = {
      ...{ stream: {}, id: 'a', hasTorch: false, close: () => undefined },
      onEnded: (listener: () => void) => void (end = listener),
    } as unknown as Camera;
    const task = new ScanTask({ onmessage: () => undefined }, { ...means, openCamera: () => Promise.resolve(camera) });
    await task.openCamera();
    expect(task.camera).toEqual({ name: 'live' });
    end();
    expect(task.camera).toEqual({ name: 'trouble', trouble: 'gone' });
  });

  it('refuses a text that is far longer than any codes', async () => {
    const { task } = open();
    await task.readText(`ur:${'a'.repeat(4 * 2 ** 20)}`);
    expect(task.error).toMatchObject({ code: 'BYTES_TOO_LARGE' });
  });
});
