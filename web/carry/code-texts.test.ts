import { describe, expect, it } from 'vitest';
import { type AirgapMessage, encodeMessage, encodeUr, layOutCodes } from '../../shared/airgap/index.ts';
import { noiseForTests } from '../airgap/noise-for-tests.ts';
import { messageInTexts } from './code-texts.ts';

const pin: AirgapMessage = { kind: 'oca-pin', sha256: noiseForTests(32), name: 'us' };
const csr: AirgapMessage = { kind: 'csr', csr: noiseForTests(2084) };

async function codesOf(message: AirgapMessage): Promise<string[]> {
  const { frames } = layOutCodes(await encodeMessage(message));
  if (frames.kind === 'still') return [frames.text];
  return Array.from({ length: frames.total }, (_, i) => frames.frame(i + 1));
}

describe('codes given as text', () => {
  it('are one message, whole or in parts, in one file or in several', async () => {
    expect(await messageInTexts([new Blob([` ${encodeUr(await encodeMessage(pin))}\n`])])).toEqual(pin);
    const codes = await codesOf(csr);
    expect(codes.length).toBeGreaterThan(2);
    expect(await messageInTexts([new Blob([codes.join('\n').toLowerCase()])])).toEqual(csr);
    expect(await messageInTexts(codes.map((code) => new Blob([code])))).toEqual(csr);
  });

  it('are none where any of the files is something else', async () => {
    expect(await messageInTexts([])).toBeUndefined();
    expect(await messageInTexts([new Blob(['curious: UR:'])])).toBeUndefined();
    expect(await messageInTexts([new Blob([(await codesOf(pin))[0]!]), new Blob(['{}'])])).toBeUndefined();
  });

  it('are refused when some are missing, damaged, or far too many', async () => {
    const codes = await codesOf(csr);
    await expect(messageInTexts([new Blob([codes.slice(1).join(' ')])])).rejects.toMatchObject({
      code: 'BYTES_LENGTH',
    });
    const damaged = codes[0]!.replace(/..$/, 'AE');
    await expect(messageInTexts([new Blob([damaged])])).rejects.toMatchObject({ code: 'BYTES_CHECKSUM' });
    await expect(messageInTexts([new Blob(['ur:', 'A'.repeat(2 ** 20)])])).rejects.toMatchObject({
      code: 'BYTES_TOO_LARGE',
    });
  });
});
