// What can be dropped, pasted or scanned: the kinds of pieces, what each is called, and where it belongs.
import type { FirmwareVersion } from '../sev/formats/firmware-version.ts';
import type { SevError } from '../errors.ts';
import type { CaCert } from '../sev/formats/ca-cert.ts';
import type { CertChain } from '../sev/formats/cert-chain.ts';
import type { SevCert } from '../sev/formats/sev-cert.ts';

/** Where a piece came from, for saying so: `certs_export.zip/pdh.cert`, `query-sev.cpu0-id`. */
interface From {
  readonly source: string;
  /** The encodings that were taken off, outermost first: more than one tells of a blob that was encoded twice. */
  readonly encodings?: readonly ('base64' | 'hex')[];
}
// Distributive, so that every kind is a member of the union of its own.
type OfCert<K extends string> = K extends string ? From & { readonly kind: K; readonly cert: SevCert } : never;
type OfCaCert<K extends string> = K extends string ? From & { readonly kind: K; readonly cert: CaCert } : never;
type OfBytes<K extends string> = K extends string ? From & { readonly kind: K; readonly bytes: Uint8Array } : never;

/** A certificate that its place names and that cannot be read: the chain is drawn with it, broken there. */
export interface UnreadablePiece extends From {
  readonly kind: 'unreadable';
  readonly name: keyof CertChain;
  readonly bytes: Uint8Array;
  readonly error: SevError;
}

/** GET_ID of one socket. */
export interface ChipIdPiece extends From {
  readonly kind: 'chip-id';
  /** 128 hex digits, lower case. */
  readonly id: string;
  /** By the name of sev-tool's file; undefined where nothing says. */
  readonly socket: 0 | 1 | undefined;
}

/** What the host says about a launch, of query-sev and domlaunchsecinfo. All of it unverified. */
export interface LaunchInfoPiece extends From, FirmwareVersion {
  readonly kind: 'launch-info';
  /** False where QEMU runs the guest without SEV. */
  readonly enabled: boolean;
  /** Missing for an SNP guest, whose policy is another thing. */
  readonly policy?: number;
  readonly snp: boolean;
  readonly state?: string;
  readonly handle?: number;
}

/** What a host can do, of query-sev-capabilities, nodesevinfo and domcapabilities. */
export interface CapabilitiesPiece extends From {
  readonly kind: 'capabilities';
  readonly cbitpos?: number;
  readonly reducedPhysBits?: number;
  readonly maxGuests?: number;
  readonly maxEsGuests?: number;
}

/** `<launchSecurity type='sev'>` of a domain; its GODH and session are pieces of their own. */
export interface LaunchSecurityPiece extends From {
  readonly kind: 'launch-security';
  readonly policy: number;
  readonly kernelHashes: boolean;
  readonly cbitpos?: number;
  readonly reducedPhysBits?: number;
}

/** A whole domain XML, for the configuration audit. */
export interface DomainXmlPiece extends From {
  readonly kind: 'domain-xml';
  readonly text: string;
}

/** QEMU's refusal, pasted where its answer was expected. */
export interface QmpErrorPiece extends From {
  readonly kind: 'qmp-error';
  readonly description: string;
}

export type Piece =
  | OfCert<'pdh' | 'pek' | 'oca' | 'cek' | 'godh' | 'pek-csr' | 'pek-signed'>
  | OfCaCert<'ask' | 'ark'>
  | OfBytes<'session' | 'launch-measure' | 'hash' | 'packet-header' | 'attestation-report'>
  | OfBytes<'guest-image' | 'kernel' | 'qcow2' | 'private-key' | 'transport-key'>
  | UnreadablePiece
  | ChipIdPiece
  | LaunchInfoPiece
  | CapabilitiesPiece
  | LaunchSecurityPiece
  | DomainXmlPiece
  | QmpErrorPiece;

export type PieceKind = Piece['kind'];
export type PieceOf<K extends PieceKind> = Extract<Piece, { kind: K }>;

/** How a kind is called, and where it belongs in the words of QEMU, libvirt and the app. */
export const PIECE_WORDS: Readonly<Record<PieceKind, { readonly name: string; readonly belongs: string }>> = {
  pdh: { name: "a platform's PDH certificate", belongs: "into the platform's chain" },
  pek: { name: "a platform's PEK certificate", belongs: "into the platform's chain" },
  oca: { name: 'an OCA certificate', belongs: "into the platform's chain" },
  cek: { name: "a chip's CEK certificate", belongs: "into the platform's chain" },
  ask: { name: "AMD's ASK certificate", belongs: "into the platform's chain" },
  ark: { name: "AMD's ARK certificate", belongs: "into the platform's chain" },
  godh: { name: 'a GODH certificate', belongs: 'into dhCert' },
  'pek-csr': { name: 'a request to sign a PEK', belongs: 'under ownership' },
  'pek-signed': { name: 'a PEK that an owner has signed', belongs: 'under ownership, for the import' },
  session: { name: 'a session blob', belongs: 'into session' },
  'launch-measure': { name: 'a launch measurement', belongs: 'where the measurement is asked for' },
  hash: { name: 'a digest, or a measurement without its nonce', belongs: 'nowhere alone: give all 48 bytes' },
  'packet-header': { name: "a secret packet's header", belongs: 'into packet-header' },
  'attestation-report': { name: 'an attestation report', belongs: 'where the report is asked for' },
  'guest-image': { name: 'a guest image (OVMF)', belongs: 'among the guest images' },
  kernel: { name: 'a Linux kernel', belongs: 'where the kernel is asked for' },
  qcow2: { name: 'a disk image in qcow2 format', belongs: 'nowhere here: convert firmware to a raw image first' },
  'private-key': { name: 'a private key', belongs: 'under ownership, and never to a host' },
  'transport-key': { name: 'a transport key (TIK or TEK)', belongs: 'with its launch, and never to a host' },
  unreadable: { name: 'a certificate that cannot be read', belongs: "into the platform's chain, unchanged" },
  'chip-id': { name: "a chip's id", belongs: "with the platform's chain" },
  'launch-info': { name: 'the API version, build and policy of a launch', belongs: 'beside the measurement' },
  capabilities: { name: "a host's SEV capabilities", belongs: 'with the platform' },
  'launch-security': { name: "a domain's launchSecurity", belongs: 'in the configuration audit' },
  'domain-xml': { name: 'a libvirt domain', belongs: 'in the configuration audit' },
  'qmp-error': { name: "QEMU's refusal", belongs: 'nowhere: it is not an answer' },
};
