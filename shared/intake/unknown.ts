// What is nothing known here, called what it is: somebody has to find the right file at night.
import { SevError } from '../errors.ts';

const SNP_REPORT_SIZE = 1184;
const TAR_MARK_OFFSET = 257;

type Named = Pick<SevError, 'sentence'> & Partial<Pick<SevError, 'next'>>;

/**
 * @param text the bytes as text, or undefined when they are binary
 * @returns BYTES_UNKNOWN with what it seems to be, and what to give instead; undefined when nothing can be said
 */
export function nameUnknown(bytes: Uint8Array, text: string | undefined, at: string): SevError | undefined {
  const named = text === undefined ? nameBinary(bytes) : nameText(text.trim());
  return named && new SevError('BYTES_UNKNOWN', { at, ...named });
}

function nameBinary(bytes: Uint8Array): Named | undefined {
  if (bytes.length === SNP_REPORT_SIZE) {
    return { sentence: 'This may be a report of SEV-SNP, which is not read here yet.' };
  }
  if (bytes[0] === 0x30 && bytes[1] === 0x82) return X509;
  const [packer] = PACKERS.find(([, offset, ...mark]) => mark.every((byte, i) => bytes[offset + i] === byte)) ?? [];
  if (packer === undefined) return undefined;
  return { sentence: `This is packed with ${packer}.`, next: 'Unpack it first, and give what was in it, or a zip.' };
}

/** Packers by the bytes that their files have at an offset. */
const PACKERS: readonly (readonly [name: string, offset: number, ...mark: number[]])[] = [
  ['gzip', 0, 0x1f, 0x8b, 8],
  ['bzip2', 0, 0x42, 0x5a, 0x68],
  ['xz', 0, 0xfd, 0x37, 0x7a, 0x58, 0x5a],
  ['zstd', 0, 0x28, 0xb5, 0x2f, 0xfd],
  ['7-Zip', 0, 0x37, 0x7a, 0xbc, 0xaf],
  ['tar', TAR_MARK_OFFSET, 0x75, 0x73, 0x74, 0x61, 0x72],
];

const X509: Named = {
  sentence: "This is an X.509 certificate. SEV's certificates have a form of their own; X.509 belongs to SEV-SNP.",
  next: "Give SEV's: the CEK from kdsintf.amd.com/cek/id/…, and ask_ark_<generation>.cert; no VCEK and no cert_chain.pem.",
};

/** The text itself is not quoted, but for a server's or virsh's own words: it may be a secret. */
function nameText(text: string): Named | undefined {
  if (text.includes('-----BEGIN CERTIFICATE-----')) return X509;
  if (isWebPage(text)) return webPage(text);
  if (text.startsWith('<')) return { sentence: "This is XML, but none of libvirt's that is known here.", next: SERVER };
  const [, refusal] = /^error: (.{1,300})/m.exec(text) ?? [];
  if (refusal !== undefined)
    return {
      sentence: `This is a refusal, as virsh prints it: ${refusal}`,
      next: 'Have that mended first, and ask again.',
    };
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1];
}

export const isWebPage = (text: string): boolean => /^<(?:!doctype html|html|head|body)\b/i.test(text);

const SERVER =
  'If it was downloaded: the server answered with an error. Open it, read what it says, and download again.';

function webPage(text: string): Named {
  const [, title] = /<title>([^<]{1,100})<\/title>/i.exec(text) ?? [];
  const says = title === undefined ? '' : ` It says: “${title.replaceAll(/\s+/g, ' ').trim()}”.`;
  return { sentence: `This is a web page, saved in the place of a file.${says}`, next: SERVER };
}

const TEXTS: readonly (readonly [RegExp, Named])[] = [
  [
    /^[0-9a-f]{6,8}:? +[0-9a-f]{2}/im,
    {
      sentence: 'This is a hex dump, with addresses.',
      next: 'Give the file itself, or what `base64 -w0 FILE` prints.',
    },
  ],
  [
    /^pub_key_usage:/m,
    {
      sentence: 'This is a certificate as sev-tool prints it for people.',
      next: 'Give the file beside it: pdh.cert, cert_chain.cert.',
    },
  ],
  [
    /^[ \t]*(?:•?⬑ )?(?:PDH|PEK|CEK) EP384 [DE]256 [0-9a-f]{64}/m,
    {
      sentence: "These are a chain's ids, as `sevctl verify` prints them: they prove nothing by themselves.",
      next: 'Give the chain itself, from `sevctl export --full FILE` or `sev-relay export --full FILE`.',
    },
  ],
  [
    /^[0-9a-f]{64} [ *]\S/m,
    {
      sentence: 'This is a hash, as sha256sum prints it: the host can print any.',
      next: 'Give the file itself, from your own source.',
    },
  ],
];
