import { expect, it } from 'vitest';
import { describeWithVectors, vectorBytes, vectorPaths } from '../testing/vectors.ts';
import * as intake from './index.ts';

it("The intake's door lets through what it says, and no more", () => {
  expect(Object.keys(intake).sort()).toEqual(['PIECE_WORDS', 'collectChain', 'expectPiece', 'recognise']);
});

describeWithVectors('Every certificate file of the test data', () => {
  const files = ['certs', 'sim', 'ownership'].flatMap((folder) => vectorPaths(folder));

  it.each(files.filter((path) => path.endsWith('.cert')))('is recognised: %s', async (path) => {
    const pieces = await intake.recognise(vectorBytes(path), path);
    expect(pieces.length).toBeGreaterThan(0);
    expect(pieces.every((piece) => 'cert' in piece)).toBe(true);
    const joined = pieces.flatMap((piece) => ('cert' in piece ? [...piece.cert.bytes] : []));
    expect(Uint8Array.from(joined)).toEqual(vectorBytes(path));
  });

  it('gives every kind words of its own', () => {
    const names = Object.values(intake.PIECE_WORDS).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
