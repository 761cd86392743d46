// Named values, whatever wrapped them: QMP's members, virsh's lines and libvirt's elements are the same facts.
import { SevError } from '../errors.ts';
import { fromBase64 } from '../bytes/text.ts';
import { parseNumber } from '../bytes/number.ts';
import { readBinary } from './binary.ts';
import type { CapabilitiesPiece, LaunchInfoPiece, Piece } from './piece.ts';

export type Fields = ReadonlyMap<string, unknown>;

/** Members that hold bytes in base64. What they hold is told by the bytes; the name only says where it was found. */
const BLOBS = ['pdh', 'pek', 'oca', 'cek', 'ask', 'ark', 'cert-chain', 'cpu0-id', 'data', 'measurement', 'report'];
const LAUNCH = ['api-major', 'api-minor', 'build-id'] as const;
const CAPABILITIES = {
  cbitpos: 'cbitpos',
  'reduced-phys-bits': 'reducedPhysBits',
  'max-guests': 'maxGuests',
  'max-es-guests': 'maxEsGuests',
} as const;

/** One name for QMP's `build-id`, virsh's `sev-build-id`, sev-tool's `build`, libvirt's and the relay's `buildId`. */
export const fieldName = (name: string): string =>
  name
    .replace('ES', 'Es')
    .replaceAll('_', '-')
    .replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    .replace(/^sev-(?=measurement|api|build|policy)/, '')
    .replace(/^build$/, 'build-id');

const KNOWN: readonly string[] = [...BLOBS, ...LAUNCH, ...Object.keys(CAPABILITIES)];

/** Whether this name, or any of these names, is one that is read here. */
export const isKnownField = (name: string): boolean => KNOWN.includes(name);
export const hasKnownField = (fields: Fields): boolean => KNOWN.some((name) => fields.has(name));

/**
 * @returns the pieces that these values are; none when no name is known
 * @throws SevError BYTES_ENCODING, BYTES_VALUE, BYTES_UNKNOWN, or a certificate's own fault, with the member in `at`
 */
export async function readFields(fields: Fields, source: string): Promise<Piece[]> {
  const blobs = BLOBS.filter((name) => typeof fields.get(name) === 'string').map((name) =>
    readBlob(fields.get(name) as string, source ? `${source}.${name}` : name),
  );
  const pieces: Piece[] = (await Promise.all(blobs)).flat();
  if (LAUNCH.every((name) => fields.has(name))) pieces.push(readLaunchInfo(fields, source));
  if (fields.has('cbitpos')) pieces.push(readCapabilities(fields, source));
  return pieces;
}

async function readBlob(text: string, at: string): Promise<Piece[]> {
  const bytes = fromBase64(text.replaceAll(/\s/g, ''), at);
  const pieces = await readBinary(bytes, at);
  if (bytes.length === 0) {
    const next = 'Ask the operator to run `sev-relay check` there: SEV may be off, or taken up by SEV-SNP.';
    throw new SevError('BYTES_LENGTH', { at, sentence: 'It is empty: the host gave none.', next });
  }
  if (pieces.length === 0) {
    throw new SevError('BYTES_UNKNOWN', { at, because: `It holds ${bytes.length} bytes that are nothing known here.` });
  }
  return pieces.map((piece) => ({ ...piece, encodings: ['base64'] }));
}

function readLaunchInfo(fields: Fields, source: string): LaunchInfoPiece {
  const number = (name: string, max: number): number => readNumber(fields.get(name), max, `${source}.${name}`);
  const state = fields.get('state');
  return {
    kind: 'launch-info',
    enabled: fields.get('enabled') !== false,
    apiMajor: number('api-major', 0xff),
    apiMinor: number('api-minor', 0xff),
    build: number('build-id', 0xff),
    snp: fields.get('sev-type') === 'sev-snp',
    ...(fields.has('policy') && { policy: number('policy', 0xffffffff) }),
    ...(fields.has('handle') && { handle: number('handle', 0xffffffff) }),
    ...(typeof state === 'string' && { state: state.slice(0, 32) }),
    source,
  };
}

function readCapabilities(fields: Fields, source: string): CapabilitiesPiece {
  const entries = Object.entries(CAPABILITIES)
    .filter(([name]) => fields.has(name))
    .map(([name, member]) => [member, readNumber(fields.get(name), 0xffffffff, `${source}.${name}`)]);
  return { kind: 'capabilities', ...(Object.fromEntries(entries) as object), source };
}

/** JSON has numbers, virsh and XML have text in decimal or 0x…. */
export function readNumber(value: unknown, max: number, at: string): number {
  if (typeof value === 'string') return parseNumber(value, max, at);
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max) return value as number;
  throw new SevError('BYTES_VALUE', { at, because: `It is no whole number from 0 to ${max}.` });
}
