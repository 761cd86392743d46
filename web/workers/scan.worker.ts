// Reads QR codes out of pictures, away from the page: by WebAssembly, or in plain JavaScript where that is not to be had.
// Loaded only when a scanner opens; both decoders come from this build.
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import wasmUrl from 'zxing-wasm/reader/zxing_reader.wasm?url';
import { answer } from './answer.ts';
import type { ScanAnswer, ScanRequest } from './scan-messages.ts';

type Decoder = (picture: ImageData, thorough: boolean) => Promise<readonly string[]>;

/** What a printed page of codes, or two screens side by side, may hold. */
const MAX_CODES = 12;
/** How long the plain decoder may try: a camera's next frame is better than the last hypothesis. */
const PLAIN_MS = { camera: 250, thorough: 1500 };

async function loadWasm(): Promise<Decoder> {
  await prepareZXingModule({ overrides: { locateFile: () => wasmUrl }, fireImmediately: true });
  return async (picture, thorough) => {
    const codes = await readBarcodes(picture, {
      formats: ['QRCode'],
      tryHarder: true,
      tryRotate: thorough,
      tryInvert: thorough,
      maxNumberOfSymbols: thorough ? MAX_CODES : 2,
      textMode: 'Plain',
    });
    return codes.filter(({ isValid }) => isValid).map(({ text }) => text);
  };
}

async function loadPlain(): Promise<Decoder> {
  const { decodeQR } = await import('qr/decode.js');
  return async ({ width, height, data }, thorough) => {
    try {
      const timeLimit = thorough ? PLAIN_MS.thorough : PLAIN_MS.camera;
      return await Promise.resolve([decodeQR({ width, height, data }, { timeLimit })]);
    } catch {
      // It throws when there is no code in the picture.
      return [];
    }
  };
}

const loading = loadWasm().then(
  (decode) => ({ name: 'wasm', decode }) as const,
  async () => ({ name: 'plain', decode: await loadPlain() }) as const,
);

const canvas = new OffscreenCanvas(1, 1);
const context = canvas.getContext('2d', { willReadFrequently: true })!;

function pixelsOf(bitmap: ImageBitmap): ImageData {
  const { width, height } = bitmap;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

answer<ScanRequest, ScanAnswer>(async ({ picture, thorough }) => {
  const { name, decode } = await loading;
  return { texts: await decode(pixelsOf(picture), thorough), decoder: name };
});
