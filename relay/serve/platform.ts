// The platform as the protocol speaks of it, made from the AMD-SP's commands and AMD's certificates.
import { keyWithItsUse } from '../../shared/sev/formats/key-field.ts';
import { CERT_EXPORT_SIZE, SEV_CERT_SIZE } from '../../shared/sev/formats/sizes.ts';
import { equalBytes, isZero } from '../../shared/bytes/equal.ts';
import { requireLength } from '../../shared/bytes/reader.ts';
import { toHex } from '../../shared/bytes/text.ts';
import { SevError } from '../../shared/errors.ts';
import type { Log } from './log.ts';
import type {
  AmdCertificates,
  AmdCertificateSource,
  PlatformCertificates,
  PlatformSource,
  SevDevice,
} from '../sources/types.ts';

const ID_SIZE = 64;

export function platformOf(
  device: SevDevice,
  amd: AmdCertificateSource,
  { simulated, log }: { readonly simulated: boolean; readonly log: Log },
): PlatformSource {
  const inTurn = makeQueue();
  return {
    simulated,
    status: () => inTurn(() => device.platformStatus()),
    certificates: async () => {
      const { pdh, chain } = await inTurn(() => device.pdhCertExport());
      const exported = splitChain(chain);
      const fromAmd = await certificatesOfAmd(device, amd, exported.cek, log, inTurn);
      return { pdh, ...exported, ...fromAmd };
    },
    identifier: async () => chipIds(await inTurn(() => device.getId())).map(toHex),
    owner: {
      csr: () => inTurn(() => device.pekCsr()),
      import: (pek, oca) => inTurn(() => device.pekCertImport(pek, oca)),
      rotatePdh: () => inTurn(() => device.pdhGen()),
      regeneratePek: () => inTurn(() => device.pekGen()),
      reset: () => inTurn(() => device.factoryReset()),
    },
    close: () => device.close(),
  };
}

/** PEK, OCA and CEK, one after the other. */
export function splitChain(chain: Uint8Array): Pick<PlatformCertificates, 'pek' | 'oca' | 'cek'> {
  requireLength(chain, CERT_EXPORT_SIZE, 'chain');
  const cert = (i: number): Uint8Array => chain.slice(i * SEV_CERT_SIZE, (i + 1) * SEV_CERT_SIZE);
  return { pek: cert(0), oca: cert(1), cek: cert(2) };
}

/** One id per socket; the old command says zeros for a socket that is not there. */
export function chipIds(ids: Uint8Array): readonly Uint8Array[] {
  const all = Array.from({ length: Math.floor(ids.length / ID_SIZE) }, (_, i) =>
    ids.slice(i * ID_SIZE, (i + 1) * ID_SIZE),
  );
  return all.filter((id, i) => i === 0 || !isZero(id));
}

type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * What AMD has to say of this chip. Without it the chain still goes out, with the CEK as the chip exported it: the
 * guest owner sees what lacks, and may have AMD's part from elsewhere.
 */
async function certificatesOfAmd(
  device: SevDevice,
  amd: AmdCertificateSource,
  exportedCek: Uint8Array,
  log: Log,
  inTurn: Turn,
): Promise<AmdCertificates> {
  try {
    const ids = chipIds(await inTurn(() => device.getId()));
    const found = await amd.certificatesFor(ids, exportedCek);
    if (found.cek !== undefined) requireSameKey(found.cek, exportedCek);
    return found;
  } catch (error) {
    if (!(error instanceof SevError)) throw error;
    log.warn(`The chain goes out without AMD's part: ${error.code}: ${error.sentence}`);
    return {};
  }
}

/** @throws SevError CERT_CEK_OTHER_CHIP */
export function requireSameKey(cek: Uint8Array, exportedCek: Uint8Array): void {
  requireLength(cek, SEV_CERT_SIZE, 'cek');
  if (!equalBytes(keyWithItsUse(cek), keyWithItsUse(exportedCek))) throw new SevError('CERT_CEK_OTHER_CHIP');
}

/** One command at a time: the AMD-SP has one mailbox. */
function makeQueue(): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
