// Issue 6: how long blobs take as codes, with frames lost and joined late; decoding one frame; sizes in the bundle.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import encodeQr from 'qr';
import decodeQr from 'qr/decode.js';
import { build } from 'vite';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { layOutCodes } from '../../shared/airgap/index.ts';
import { TRANSFER_CASES, type TransferCase, transferTime } from '../../shared/testing/bench-airgap.ts';
import { referenceMessage } from '../../shared/testing/reference-message.ts';
import { type Bench, type Figure, skipped, within } from './bench.ts';
import { time } from './measure.ts';

const ASSETS = 'dist/web/assets';
/** Modules of a code four pixels wide: a code of version 18 on half of a camera's 720 lines. */
const PIXELS_PER_MODULE = 4;

export const bench: Bench = {
  issue: 6,
  title: 'air gap',
  run: async ({ quick }) => [
    ...TRANSFER_CASES.flatMap((given) => transferFigures(given, quick ? 20 : 200)),
    ...(await decodeFigures(quick ? 5 : 50)),
    within('codec, minified', 'kB gzip', await codecSize(), 5),
    sizeOf('decoder: worker', /^scan\.worker-.*\.js$/),
    sizeOf('decoder: WebAssembly', /^zxing_reader-.*\.wasm$/),
    sizeOf('decoder: plain JavaScript, where there is no WebAssembly', /^decode-.*\.js$/),
    firstScript(),
  ],
};

/** At ten codes a second, in simulated time: what is lost is drawn by lot, the same in every run. */
function transferFigures(given: TransferCase, runs: number): readonly Figure[] {
  const { fragments, medianSeconds, p95Seconds, bytesPerSecond } = transferTime(given, undefined, undefined, runs);
  const codes = fragments === 1 ? 'one still code' : `${fragments} codes`;
  const joined = given.joined === 1 ? '' : `, joined at code ${given.joined}`;
  const name = `${given.name} (${codes}), ${given.loss * 100} % lost${joined}`;
  const promised = given.name.includes('with CA') && given.loss === 0.2;
  return [
    promised ? within(name, 's', medianSeconds, 2) : { name, unit: 's', ours: medianSeconds },
    ...(promised ? [within(`${name}: in 19 of 20 cases`, 's', p95Seconds, 2)] : []),
    { name: `${name}: bytes`, unit: '/s', ours: bytesPerSecond },
  ];
}

/** One frame of the usual size, sharp and straight: what decoding costs, not what a bad picture costs. */
async function decodeFigures(times: number): Promise<readonly Figure[]> {
  const codes = layOutCodes({ type: 'x-sev-chain', payload: referenceMessage(3608) });
  if (codes.frames.kind === 'still') throw new Error('a chain does not stand still');
  const text = codes.frames.frame(1);
  const picture = draw(
    encodeQr(text, 'raw', { encoding: 'alphanumeric', version: codes.version, ecc: 'low', border: 4 }),
  );
  const module = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm');
  const wasmBinary = readFileSync(module).buffer;
  await prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
  const byWasm = async (): Promise<unknown> => (await readBarcodes(picture, { formats: ['QRCode'] }))[0]?.text;
  const plainly = (): unknown => decodeQr(picture);
  if ((await byWasm()) !== text || plainly() !== text) throw new Error('a decoder misread the frame');
  const name = `decoding a frame of version ${codes.version}, ${picture.width} by ${picture.height}`;
  return [
    { name: `${name}, WebAssembly`, unit: 'ms', ours: await time(times, byWasm) },
    { name: `${name}, plain JavaScript`, unit: 'ms', ours: await time(times, plainly) },
  ];
}

function draw(modules: readonly (readonly boolean[])[]): ImageData {
  const side = modules.length * PIXELS_PER_MODULE;
  const data = new Uint8ClampedArray(4 * side * side).fill(255);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const dark = modules[Math.floor(y / PIXELS_PER_MODULE)]![Math.floor(x / PIXELS_PER_MODULE)];
      if (dark) data.fill(0, 4 * (y * side + x), 4 * (y * side + x) + 3);
    }
  }
  return { width: side, height: side, data, colorSpace: 'srgb' };
}

/** Frames, fountain, bytewords, UR and CBOR: not the lists of the messages, nor the errors and bytes that the app has anyway. */
async function codecSize(): Promise<number> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: true,
      target: 'es2023',
      modulePreload: false,
      rolldownOptions: {
        input: ['collector', 'frames'].map((name) => resolve(`shared/airgap/${name}.ts`)),
        external: [/\/(errors|bytes|crypto)[/.]/],
        preserveEntrySignatures: 'strict',
      },
    },
  });
  const outputs = Array.isArray(built) ? built : [built];
  const chunks = outputs.flatMap((output) => ('output' in output ? output.output : []));
  return gzipped(chunks.map((chunk) => ('code' in chunk ? chunk.code : '')).join('\n'));
}

const gzipped = (content: string | Uint8Array): number => gzipSync(content, { level: 9 }).length / 1000;

function sizeOf(name: string, file: RegExp): Figure {
  const found = readdirSync(ASSETS).find((one) => file.test(one));
  if (found === undefined) return skipped(name, 'kB gzip', `there is no ${file.source} in ${ASSETS}`);
  return { name, unit: 'kB gzip', ours: gzipped(readFileSync(join(ASSETS, found))) };
}

/** What is loaded at first, and that no decoder is in it. */
function firstScript(): Figure {
  const page = readFileSync('dist/web/index.html', 'utf8');
  const scripts = [...page.matchAll(/assets\/([\w.-]+\.js)/g)].map(([, file]) => readFileSync(join(ASSETS, file!)));
  const decoders = scripts.some((script) => /zxing|findFinder/i.test(script.toString()));
  const size = scripts.reduce((sum, script) => sum + gzipped(script), 0);
  const name = 'first script';
  return { name, unit: 'kB gzip', ours: size, goal: 'without a decoder', met: !decoders };
}
