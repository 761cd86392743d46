// The vectors' own simulated platform, restored into ours: its chip, its keys and its certificates.
import { fromBase64, fromHex, fromUtf8, toHex } from '../bytes/text.ts';
import { SimulatedAmdSp, type SimulatedAmdSpOptions } from '../simulator/amd-sp.ts';
import { toJsonValue } from '../schema.ts';
import { vectorBytes, vectorJson } from './vectors.ts';

/** The private scalar of an EC key on P-384 in PEM, SEC 1: 48 bytes. */
export function vectorScalar(path: string): Uint8Array {
  const der = fromBase64(fromUtf8(vectorBytes(path)).replace(/-----[^-]+-----|\s/g, ''));
  const beginning = toHex(der.slice(0, 8));
  if (beginning !== '3081a40201010430') throw new Error(`${path} is no EC key on P-384`);
  return der.slice(8, 56);
}

/** What `store()` would give for the platform of `sim/`. */
export const vectorChip = (): unknown =>
  toJsonValue({
    format: 'simulated-chip.v1',
    what: 'SIMULATED AMD-SP: test keys, no secrets of anyone',
    id: fromHex(vectorJson<{ chip_id: string }>('sim.json').chip_id),
    cek: vectorScalar('sim/cek.key.pem'),
    amdCek: vectorBytes('sim/cek.cert'),
    owned: false,
    ocaCert: vectorBytes('sim/oca.cert'),
    pek: vectorScalar('sim/pek.key.pem'),
    pekCert: vectorBytes('sim/pek.cert'),
    pdh: vectorScalar('sim/pdh.key.pem'),
    pdhCert: vectorBytes('sim/pdh.cert'),
  });

export const vectorPlatform = (options: SimulatedAmdSpOptions = {}): Promise<SimulatedAmdSp> =>
  SimulatedAmdSp.create({ ...options, stored: vectorChip() });
