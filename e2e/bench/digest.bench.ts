// Issue 3: hashing large images on the command line, beside openssl and sha256sum on the same bytes.
import { join } from 'node:path';
import { hashFile } from '../../web/cli/hash-file.ts';
import { Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import { toHex } from '../../shared/bytes/text.ts';
import { type Bench, beside, type Figure, skipped } from './bench.ts';
import { command, commandEnding, timeInTurns } from './measure.ts';
import { writeRandom } from './random-file.ts';

export const bench: Bench = {
  issue: 3,
  title: 'digest',
  run: async ({ folder, quick, commands }) => {
    const megabytes = quick ? 32 : 512;
    const file = writeRandom(join(folder, 'image'), megabytes);
    const digest = hashFile(file).sha256();
    const openssl = (): Promise<unknown> => commandEnding(0, 'openssl', 'dgst', '-sha256', file);
    if ((await command('openssl', ['version']).catch(() => ({ code: -1 }))).code !== 0) {
      return [skipped('hashing a file', 'MB/s', 'openssl is not installed')];
    }
    const times = quick ? 2 : 7;
    const [ours, process, theirs, sha256sum] = await timeInTurns(
      times,
      () => hashFile(file).sha256(),
      () => commandEnding(0, 'node', commands.verifier, 'digest', '--firmware', file),
      openssl,
      () => commandEnding(0, 'sha256sum', file),
    );
    const stdout = (await commandEnding(0, 'openssl', 'dgst', '-sha256', file)).out;
    if (!stdout.includes(toHex(digest))) throw new Error('the digests differ');
    const rate = (ms: number): number => (megabytes * 1.048576) / (ms / 1000);
    const figures: Figure[] = [
      beside('hashing a file', 'MB/s', rate(ours!), { name: 'openssl dgst', value: rate(theirs!) }, 0.9),
      beside('hashing a file', 'MB/s', rate(ours!), { name: 'sha256sum', value: rate(sha256sum!) }),
      beside('sev-verifier digest, whole process', 'MB/s', rate(process!), {
        name: 'openssl dgst',
        value: rate(theirs!),
      }),
    ];
    return [...figures, midstateFigure(quick ? 8 : 64)];
  },
};

/** The hash whose state can be kept, in plain JavaScript: what a page without WebAssembly has. */
function midstateFigure(megabytes: number): Figure {
  const bytes = new Uint8Array(megabytes * 2 ** 20);
  new Sha256Stream().update(bytes.subarray(0, 2 ** 20)).digest();
  const started = performance.now();
  new Sha256Stream().update(bytes).digest();
  return {
    name: 'with a state that can be kept (JavaScript)',
    unit: 'MB/s',
    ours: (megabytes * 1.048576) / ((performance.now() - started) / 1000),
  };
}
