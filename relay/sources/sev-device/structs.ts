// The structures of /dev/sev: packed, little-endian. Linux, include/uapi/linux/psp-sev.h.
import { ByteReader, requireLength } from '../../../shared/bytes/reader.ts';
import { ByteWriter } from '../../../shared/bytes/writer.ts';
import { SevError } from '../../../shared/errors.ts';
import type { PlatformStatus } from '../types.ts';

/** `_IOWR('S', 0, struct sev_issue_cmd)`. */
export const SEV_ISSUE_CMD = 0xc0105300;

export const COMMANDS = {
  FACTORY_RESET: 0,
  PLATFORM_STATUS: 1,
  PEK_GEN: 2,
  PEK_CSR: 3,
  PDH_GEN: 4,
  PDH_CERT_EXPORT: 5,
  PEK_CERT_IMPORT: 6,
  GET_ID: 7,
  GET_ID2: 8,
} as const;
export type CommandName = keyof typeof COMMANDS;

/** What the kernel leaves in the error field when it did not call the firmware. */
export const FIRMWARE_NOT_CALLED = 0xffffffff;
export const STATUS_INVALID_LENGTH = 0x04;

export const ISSUE_SIZE = 16;
export const STATUS_SIZE = 12;
export const GET_ID_SIZE = 128;

/** A piece of memory as a structure names it. */
export interface Span {
  readonly address: bigint;
  readonly length: number;
}
export const NO_SPAN: Span = { address: 0n, length: 0 };

/** sev_issue_cmd, 16 bytes: command u32 at 0, address u64 at 4, error u32 at 12. */
export const encodeIssue = (command: CommandName, address: bigint, error = 0): Uint8Array =>
  new ByteWriter(ISSUE_SIZE).u32(COMMANDS[command]).u64(address).u32(error).finish();

export function parseIssueError(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes, 'sev_issue_cmd');
  reader.take(12, 'command');
  return reader.u32('error');
}

/** Spans one after the other: each an address u64 and a length u32. Serves PEK_CSR, GET_ID2 (12) and the pairs (24). */
export function encodeSpans(...spans: readonly Span[]): Uint8Array {
  const writer = new ByteWriter(spans.length * 12);
  for (const { address, length } of spans) writer.u64(address).u32(length);
  return writer.finish();
}

/** The lengths that the kernel wrote back. */
export function parseSpanLengths(bytes: Uint8Array): number[] {
  const reader = new ByteReader(bytes, 'lengths');
  const lengths: number[] = [];
  while (reader.remaining > 0) {
    reader.u64('address');
    lengths.push(reader.u32('length'));
  }
  return lengths;
}

const STATES = ['uninit', 'init', 'working'] as const;
const FLAG_OWNED = 1 << 0;
const FLAG_ES = 1 << 8;

/**
 * sev_user_data_status, 12 bytes: the flags word sits unaligned at 3.
 * @throws SevError BYTES_LENGTH, BYTES_VALUE for a state that is none
 */
export function parseStatus(bytes: Uint8Array): PlatformStatus {
  requireLength(bytes, STATUS_SIZE, 'status');
  const reader = new ByteReader(bytes, 'status');
  const [apiMajor, apiMinor, stateNumber] = [reader.u8('apiMajor'), reader.u8('apiMinor'), reader.u8('state')];
  const flags = reader.u32('flags');
  const state = STATES[stateNumber];
  if (state === undefined) throw new SevError('BYTES_VALUE', { at: 'status.state', because: `It is ${stateNumber}.` });
  return {
    apiMajor,
    apiMinor,
    state,
    owner: flags & FLAG_OWNED ? 'external' : 'self',
    es: (flags & FLAG_ES) !== 0,
    build: reader.u8('build'),
    guests: reader.u32('guests'),
  };
}
