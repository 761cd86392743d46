// Codes for certificates and chains that must not be trusted.
import type { ErrorWords } from './words.ts';

export const CERT_ERRORS = {
  CERT_VERSION: {
    sentence: "The certificate's version is not 1.",
    next: 'Ask the host for the chain again.',
  },
  CERT_USAGE: {
    sentence: 'The certificate is not of the kind that belongs in this place.',
    next: 'Check the order of the certificates, and give each in its place.',
  },
  CERT_ALGORITHM: {
    sentence: 'The certificate names an algorithm that does not fit its use.',
    next: 'Do not trust this platform. Ask the host for the chain again.',
  },
  CERT_KEY: {
    sentence: "The certificate's public key is malformed.",
    next: 'Do not trust this platform. Ask the host for the chain again.',
  },
  CERT_POINT: {
    sentence: 'The public key is not a point on the curve P-384.',
    next: 'Do not use this key: it could be made to reveal yours.',
  },
  CERT_SLOT: {
    sentence: 'A signature slot is malformed, or the two slots do not name the signers that they must.',
    next: 'Do not trust this platform. Ask the host for the chain again.',
  },
  CERT_SIGNATURE: {
    sentence: 'A signature does not verify.',
    next: 'Do not trust this platform. Ask the host for the chain again; if it stays so, do not use this host.',
  },
  CERT_CEK_UNSIGNED: {
    sentence: "The chip's key (CEK) does not carry AMD's signature yet.",
    next: "Fetch AMD's copy from https://kdsintf.amd.com/cek/id/CHIP-ID and give it with the chain. The chip id: `sev-relay show identifier`, `sevctl show identifier`, or cpu0-id in `virsh nodesevinfo`.",
  },
  CERT_CEK_OTHER_CHIP: {
    sentence: 'The CEK from AMD belongs to another chip.',
    next: "Fetch the CEK of this platform's own chip id.",
  },
  CERT_KEY_ID: {
    sentence: "The signing key's id is not the one that the certificate names.",
    next: 'Do not trust this platform. Give the ASK and ARK of its own generation.',
  },
  CERT_ROOT_UNKNOWN: {
    sentence: "The root key (ARK) is not AMD's.",
    next: 'Do not trust this platform: its chain does not lead to AMD, whatever ids it carries.',
  },
  CERT_SIMULATED: {
    sentence: 'This platform is simulated: the key of its root is published, so anyone can pretend to be it.',
    next: 'Do not use it for anything real. To try it out, open the demo link that `sev-relay --simulate` prints, or use Practice.',
  },
  CERT_NOT_SIMULATED: {
    sentence: 'This is a real platform, and the demo takes simulated ones only.',
    next: 'Open the app without the demo, and connect to this platform there.',
  },
  CERT_CHAIN_INCOMPLETE: {
    sentence: 'The chain lacks a certificate.',
    next: 'Ask the host for the whole chain: PDH, PEK, OCA and CEK.',
  },
  CERT_MIXED: {
    sentence: 'Certificates of two platforms, or of two times, were given.',
    next: 'Give the certificates of one platform, from one export.',
  },
  CERT_PLATFORM_CHANGED: {
    sentence: 'This platform has another owner (OCA) than the one with which you accepted it.',
    next: 'Connect to the host again, look at what changed, and decide whether you accept it.',
  },
  CERT_OWNER_UNEXPECTED: {
    sentence: "The platform's owner (OCA) is not the one that you pinned.",
    next: 'Ask the platform owner. Do not launch here until you know why the owner changed.',
  },
  CERT_CSR: {
    sentence: 'This is not a signing request for a PEK.',
    next: 'Export the request again on the host with `sev-relay` or `sevtool --pek_csr`.',
  },
  CERT_PEM: {
    sentence: 'The key file cannot be read as a P-384 private key.',
    next: 'Give an unencrypted EC private key on secp384r1, in PEM or DER.',
  },
  CERT_REPORT: {
    sentence: 'The attestation report is malformed or does not say what was asked.',
    next: 'Ask for a new report with a fresh nonce.',
  },
} satisfies Record<string, ErrorWords>;
