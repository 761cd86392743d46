// Who a simulated platform is: the keys burnt into its chip, and those that its owner can renew. SEV API, chapter 5.
import { concat } from '../bytes/writer.ts';
import { equalBytes } from '../bytes/equal.ts';
import type { CryptoKey, Random } from '../crypto/subtle.ts';
import { parseEcdsaSlotValue, parseSevCert, type SevCert } from '../sev/formats/sev-cert.ts';
import { certificateOf, signed, slotBy, slotByAsk } from './certify.ts';
import { AmdSpFailure, requireThat, STATUS } from './failure.ts';
import { makePlatformKey, type PlatformKey, signedBy } from './platform-key.ts';

/** What never changes: the chip's id and its CEK. */
export interface Chip {
  /** 64 bytes; a chip with one socket has one. */
  readonly id: Uint8Array;
  readonly cek: PlatformKey;
  /** The CEK as the simulated AMD hands it out, signed by its ASK: 2,084 bytes. */
  readonly amdCek: Uint8Array;
}

/** What a change of owner or a regeneration replaces. Certificates have 2,084 bytes. */
export interface OwnedKeys {
  readonly owned: boolean;
  readonly ocaCert: Uint8Array;
  readonly pek: PlatformKey;
  readonly pekCert: Uint8Array;
  readonly pdh: PlatformKey;
  readonly pdhCert: Uint8Array;
}

interface Version {
  readonly apiMajor: number;
  readonly apiMinor: number;
}

// The API version of the firmware that made the CEK when the chip was made, as on real chips.
const CEK_VERSION = { apiMajor: 0, apiMinor: 14 };

export async function makeChip(ask: CryptoKey, random: Random): Promise<Chip> {
  const cek = makePlatformKey(random);
  const content = certificateOf('CEK', cek, CEK_VERSION);
  return { id: random(64), cek, amdCek: signed(content, await slotByAsk(ask, content)) };
}

/** PEK_GEN and PLATFORM_RESET: new OCA, PEK and PDH, all by the firmware itself. */
export function selfOwnedKeys(chip: Chip, version: Version, random: Random): OwnedKeys {
  const [oca, pek] = [makePlatformKey(random), makePlatformKey(random)];
  const [ocaContent, pekContent] = [certificateOf('OCA', oca, version), certificateOf('PEK', pek, version)];
  const ocaCert = signed(ocaContent, slotBy('OCA', oca, ocaContent));
  const pekCert = signed(pekContent, slotBy('OCA', oca, pekContent), slotBy('CEK', chip.cek, pekContent));
  return { owned: false, ocaCert, pek, pekCert, ...newPdh(pek, version, random) };
}

/** PDH_GEN: sessions made for the old PDH are void from here on. */
export function newPdh(pek: PlatformKey, version: Version, random: Random): Pick<OwnedKeys, 'pdh' | 'pdhCert'> {
  const pdh = makePlatformKey(random);
  const content = certificateOf('PDH', pdh, version);
  return { pdh, pdhCert: signed(content, slotBy('PEK', pek, content)) };
}

/** PEK, OCA and CEK as PDH_CERT_EXPORT gives them: the exported CEK carries no signature of AMD's. */
export function exportedChain(chip: Chip, keys: OwnedKeys): Uint8Array {
  return concat(keys.pekCert, keys.ocaCert, signed(parseSevCert(chip.amdCek)));
}

/** The PEK with both slots unused, as PEK_CSR gives it. */
export function signingRequest(keys: OwnedKeys): Uint8Array {
  return signed(parseSevCert(keys.pekCert));
}

/**
 * PEK_CERT_IMPORT: checks the owner's certificates, countersigns the PEK with the CEK, and makes a new PDH.
 * @throws AmdSpFailure ALREADY_OWNED, INVALID_CERTIFICATE, BAD_SIGNATURE
 */
export function takenOver(
  chip: Chip,
  keys: OwnedKeys,
  owner: { readonly pek: Uint8Array; readonly oca: Uint8Array },
  version: Version,
  random: Random,
): OwnedKeys {
  requireThat(!keys.owned, STATUS.ALREADY_OWNED);
  const [pek, oca] = [readCertificate(owner.pek), readCertificate(owner.oca)];
  const own = equalBytes(pek.signedBody, parseSevCert(keys.pekCert).signedBody);
  requireThat(own, STATUS.INVALID_CERTIFICATE, "The PEK is not this platform's.");
  requireThat(oca.usage === 'OCA', STATUS.INVALID_CERTIFICATE, 'The second certificate is no OCA.');
  requireThat(isSignedByOca(oca, oca), STATUS.BAD_SIGNATURE, "The OCA's own signature is wrong.");
  requireThat(isSignedByOca(pek, oca), STATUS.BAD_SIGNATURE, "The OCA's signature of the PEK is wrong.");

  const free = pek.signatures.indexOf(undefined);
  requireThat(free >= 0, STATUS.INVALID_CERTIFICATE, 'The PEK has no free slot.');
  const byCek = slotBy('CEK', chip.cek, pek);
  const [first, second] = pek.signatures;
  const pekCert = free === 0 ? signed(pek, byCek, second) : signed(pek, first, byCek);
  return { owned: true, ocaCert: oca.bytes, pek: keys.pek, pekCert, ...newPdh(keys.pek, version, random) };
}

function readCertificate(bytes: Uint8Array): SevCert {
  try {
    return parseSevCert(bytes);
  } catch {
    throw new AmdSpFailure(STATUS.INVALID_CERTIFICATE);
  }
}

function isSignedByOca(subject: SevCert, oca: SevCert): boolean {
  const slot = subject.signatures.find((signature) => signature?.usage === 'OCA');
  return slot !== undefined && signedBy(oca.publicKey, parseEcdsaSlotValue(slot.value), subject.signedBody);
}
