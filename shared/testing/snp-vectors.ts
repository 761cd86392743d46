// The cases of vectors/snp: which bytes each one judges, what is done to them first, and the simulated roots that some of them trust.
import { fromHex, toHex } from '../bytes/text.ts';
import { sha256 } from '../crypto/subtle.ts';
import { SNP_PRODUCTS } from '../snp/formats/product.ts';
import { parseX509 } from '../snp/formats/x509.ts';
import type { SnpChain } from '../snp/verify/vek-chain.ts';
import { AMD_ROOTS } from '../trust/amd-roots.ts';
import type { PinnedRoot } from '../trust/pinned-root.ts';
import { rsaKeySha256 } from '../trust/rsa-key-hash.ts';
import { vectorBytes, vectorJson } from './vectors.ts';

type ObjectName = 'report' | 'vek' | 'crl' | `ca${number}`;

/** What the caller asks for, under the vectors' own names. */
export interface VectorPolicy {
  readonly report_data?: string;
  readonly measurement?: string;
  readonly host_data?: string;
  readonly id_key_digest?: string;
  readonly author_key_digest?: string;
  readonly family_id?: string;
  readonly image_id?: string;
  readonly chip_id?: string;
  readonly vmpl?: number;
  readonly min_guest_svn?: number;
  readonly allow_debug?: boolean;
  readonly allow_migrate?: boolean;
  readonly policy_mask?: number;
  readonly policy_value?: number;
  readonly platform_mask?: number;
  readonly platform_value?: number;
  readonly min_tcb?: Readonly<Partial<Record<'fmc' | 'bl' | 'tee' | 'snp' | 'ucode', number>>>;
  readonly min_version?: readonly [number, number, number];
  readonly mit_mask?: number;
  readonly same_firmware?: boolean;
}

export interface SnpCase {
  readonly name: string;
  readonly kind?: 'report' | 'certificate' | 'chain' | 'verify';
  readonly report?: string;
  readonly vek?: string;
  readonly ca?: readonly string[];
  readonly crl?: string;
  readonly at?: string;
  readonly pins?: 'sim';
  readonly policy?: VectorPolicy;
  readonly edits?: Readonly<Partial<Record<ObjectName, readonly (readonly [number, string])[]>>>;
  readonly length?: Readonly<Partial<Record<ObjectName, number>>>;
  readonly flip_each?: {
    readonly of: ObjectName;
    readonly from: number;
    readonly to: number;
    readonly xor: readonly number[];
  };
  readonly expect: 'valid' | 'refuse';
  readonly reason?: string;
  readonly notes?: readonly string[];
}

export const snpCases = (file: 'real' | 'negative' | 'sim'): readonly SnpCase[] =>
  vectorJson<{ cases: SnpCase[] }>(`snp/${file}.json`).cases;

/** Everything that a case judges, edited as it says. */
export interface SnpEvidence extends SnpChain {
  readonly report: Uint8Array;
}

export function evidenceOf(given: SnpCase): SnpEvidence {
  const take = (name: ObjectName, path: string | undefined): Uint8Array => {
    const bytes = path === undefined ? new Uint8Array() : vectorBytes(`snp/${path}`);
    const length = given.length?.[name] ?? bytes.length;
    const edited = new Uint8Array(length);
    edited.set(bytes.subarray(0, length));
    for (const [offset, hex] of given.edits?.[name] ?? []) edited.set(fromHex(hex), offset);
    return edited;
  };
  return {
    report: take('report', given.report),
    vek: take('vek', given.vek),
    authorities: (given.ca ?? []).map((path, i) => take(`ca${i}`, path)),
    ...(given.crl !== undefined && { crls: [take('crl', given.crl)] }),
  };
}

/** The evidence with one byte of one object changed. */
export function flipped(evidence: SnpEvidence, of: ObjectName, offset: number, xor: number): SnpEvidence {
  const change = (bytes: Uint8Array): Uint8Array => {
    const changed = bytes.slice();
    changed[offset]! ^= xor;
    return changed;
  };
  if (of === 'report') return { ...evidence, report: change(evidence.report) };
  if (of === 'vek') return { ...evidence, vek: change(evidence.vek) };
  if (of === 'crl') return { ...evidence, crls: evidence.crls!.map(change) };
  const index = Number(of.slice(2));
  return { ...evidence, authorities: evidence.authorities.map((bytes, i) => (i === index ? change(bytes) : bytes)) };
}

export const asOf = ({ at }: SnpCase): Date => new Date(at ?? '2026-07-01T00:00:00Z');

/** AMD's roots, or the vectors' simulated ones: their pins are hashes of SubjectPublicKeyInfo, turned into ours here. */
export const rootsOf = async ({ pins }: SnpCase): Promise<readonly PinnedRoot[]> =>
  pins === 'sim' ? simSnpRoots() : AMD_ROOTS;

export async function simSnpRoots(): Promise<readonly PinnedRoot[]> {
  const { pins } = vectorJson<{ pins: Record<string, string> }>('snp/sim.json');
  return Promise.all(
    SNP_PRODUCTS.map(async (product): Promise<PinnedRoot> => {
      const { key, keyInfo } = parseX509(vectorBytes(`snp/sim/${product.toLowerCase()}/ark.der`), 'ark');
      if (key.kind !== 'rsa' || toHex(await sha256(keyInfo)) !== pins[product])
        throw new Error(`${product}: not its pin`);
      return {
        generation: 'simulated',
        name: `test root of ${product}`,
        simulated: true,
        modulusSizeBits: 4096,
        keyId: '',
        keySha256: rsaKeySha256(key.rsa),
        ask: { keyId: '', keySha256: '' },
        snpProducts: [product],
      };
    }),
  );
}
