import { describe, expect, it } from 'vitest';
import { concat } from '../../shared/bytes/writer.ts';
import { SevError } from '../../shared/errors.ts';
import { makeLog } from './log.ts';
import { platformOf, splitChain } from './platform.ts';
import { withFallback } from '../sources/fallback-device.ts';
import type { AmdCertificates, SevDevice } from '../sources/types.ts';

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const CHAIN = concat(filled(2084, 2), filled(2084, 3), filled(2084, 4));

const device = (parts: Partial<SevDevice> = {}): SevDevice => ({
  platformStatus: () => Promise.reject(new SevError('RELAY_DEVICE')),
  pdhCertExport: () => Promise.resolve({ pdh: filled(2084, 1), chain: CHAIN }),
  getId: () => Promise.resolve(filled(64, 9)),
  pekCsr: () => Promise.resolve(filled(2084, 5)),
  pekCertImport: () => Promise.resolve(),
  pdhGen: () => Promise.resolve(),
  pekGen: () => Promise.resolve(),
  factoryReset: () => Promise.resolve(),
  close: () => Promise.resolve(),
  ...parts,
});

function platform(amd: () => Promise<AmdCertificates>, parts: Partial<SevDevice> = {}) {
  const lines: string[] = [];
  const log = makeLog('warn', (line) => lines.push(line));
  return { lines, source: platformOf(device(parts), { certificatesFor: amd }, { simulated: false, log }) };
}

const EXPORTED = { pdh: filled(2084, 1), pek: filled(2084, 2), oca: filled(2084, 3), cek: filled(2084, 4) };

describe('the chain', () => {
  it('is the export, with what AMD has to say of it', async () => {
    // AMD's copy differs in its version and its signature, never in its key.
    const cek = filled(2084, 4);
    cek.set([7, 7], 4);
    cek.fill(8, 0x414);
    const [ask, ark] = [filled(832, 6), filled(832, 7)];
    const { source } = platform(() => Promise.resolve({ cek, ask, ark }));
    expect(await source.certificates()).toEqual({ ...EXPORTED, cek, ask, ark });
  });

  it.each([
    ['AMD cannot be reached', () => Promise.reject(new SevError('RELAY_KDS')), /RELAY_KDS/],
    ["AMD's CEK has another key", () => Promise.resolve({ cek: filled(2084, 5) }), /CERT_CEK_OTHER_CHIP/],
    ["AMD's CEK has another length", () => Promise.resolve({ cek: filled(2083, 4) }), /BYTES_LENGTH/],
  ])('goes out as exported when %s, and the operator reads why', async (_, amd, says) => {
    const { source, lines } = platform(amd);
    expect(await source.certificates()).toEqual(EXPORTED);
    expect(lines.join('')).toMatch(says);
  });

  it('of another length is refused', async () => {
    const { source } = platform(() => Promise.resolve({}), {
      pdhCertExport: () => Promise.resolve({ pdh: filled(2084, 1), chain: CHAIN.slice(1) }),
    });
    await expect(source.certificates()).rejects.toThrow('BYTES_LENGTH');
    expect(() => splitChain(concat(CHAIN, filled(1, 0)))).toThrow('BYTES_LENGTH');
  });
});

it('names one id per socket, and none for a socket that is not there', async () => {
  const ids = async (bytes: Uint8Array): Promise<readonly string[]> =>
    platform(() => Promise.resolve({}), { getId: () => Promise.resolve(bytes) }).source.identifier();
  expect(await ids(filled(64, 9))).toEqual(['09'.repeat(64)]);
  expect(await ids(concat(filled(64, 9), filled(64, 10)))).toEqual(['09'.repeat(64), '0a'.repeat(64)]);
  expect(await ids(concat(filled(64, 9), filled(64, 0)))).toEqual(['09'.repeat(64)]);
});

it('asks the AMD-SP one thing at a time, and goes on after a failure', async () => {
  let [running, most] = [0, 0];
  const slowly = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    throw new SevError('AMDSP_INVALID_PLATFORM_STATE');
  };
  const { source } = platform(() => Promise.resolve({}), { pdhGen: slowly, pekGen: slowly, factoryReset: slowly });
  const { owner } = source;
  const done = await Promise.allSettled([owner.rotatePdh(), owner.regeneratePek(), owner.reset(), owner.csr()]);
  expect(done.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
  expect(most).toBe(1);
});

describe('a device that cannot be opened', () => {
  const closed = (): Promise<never> => Promise.reject(new SevError('RELAY_DEVICE', { because: 'No device.' }));
  const capabilities = { pdh: filled(2084, 1), chain: CHAIN, cpu0Id: filled(64, 9) };

  it('leaves the chain and the id to whoever can ask the platform', async () => {
    const others = [() => Promise.reject(new SevError('RELAY_QMP_GONE')), () => Promise.resolve(capabilities)];
    const fallback = withFallback(device({ pdhCertExport: closed, getId: closed }), others);
    expect(await fallback.pdhCertExport()).toEqual({ pdh: capabilities.pdh, chain: CHAIN });
    expect(await fallback.getId()).toEqual(capabilities.cpu0Id);
  });

  it('keeps its own words when nobody can help', async () => {
    const others = [() => Promise.resolve({ ...capabilities, cpu0Id: undefined })];
    const fallback = withFallback(device({ getId: closed, pdhGen: closed }), others);
    await expect(fallback.getId()).rejects.toThrow('No device.');
    await expect(fallback.pdhGen()).rejects.toThrow('No device.');
  });

  it('is not passed by when it refuses by itself', async () => {
    const refuses = (): Promise<never> => Promise.reject(new SevError('AMDSP_INVALID_PLATFORM_STATE'));
    const fallback = withFallback(device({ pdhCertExport: refuses }), [() => Promise.resolve(capabilities)]);
    await expect(fallback.pdhCertExport()).rejects.toThrow('AMDSP_INVALID_PLATFORM_STATE');
  });
});
