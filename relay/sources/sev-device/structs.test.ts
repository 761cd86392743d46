import { expect, it } from 'vitest';
import { fromHex, toHex } from '../../../shared/bytes/text.ts';
import { amdSpErrorCode } from '../../../shared/errors/amdsp.ts';
import { describeWithVectors, haveVectors, vectorJson } from '../../../shared/testing/vectors.ts';
import {
  COMMANDS,
  encodeIssue,
  encodeSpans,
  ISSUE_SIZE,
  parseIssueError,
  parseSpanLengths,
  parseStatus,
  SEV_ISSUE_CMD,
  STATUS_SIZE,
} from './structs.ts';

interface HostVectors {
  ioctl: number;
  commands: Record<string, number>;
  sizes: Record<string, number>;
  platform_status: {
    bytes: string;
    parsed: { api: [number, number]; build: number; guests: number; state: string; owned: boolean; es: boolean };
  }[];
  issue_example: { cmd: number; data: number; error: number; bytes: string };
  export_example: { pdh: number; pdh_len: number; chain: number; chain_len: number; bytes: string };
  status_codes: Record<string, number>;
}

describeWithVectors('the structures of /dev/sev', () => {
  const host = haveVectors ? vectorJson<HostVectors>('host.json') : undefined!;

  it("have the kernel's numbers and sizes", () => {
    expect(SEV_ISSUE_CMD).toBe(host.ioctl);
    expect(COMMANDS).toEqual(host.commands);
    expect([ISSUE_SIZE, STATUS_SIZE]).toEqual([host.sizes['sev_issue_cmd'], host.sizes['status']]);
  });

  it.each(host?.platform_status ?? [])('read the status $bytes', ({ bytes, parsed }) => {
    const { api, owned, ...rest } = parsed;
    expect(parseStatus(fromHex(bytes))).toEqual({
      ...rest,
      apiMajor: api[0],
      apiMinor: api[1],
      owner: owned ? 'external' : 'self',
    });
  });

  it('write a command with its address unaligned at 4', () => {
    const { bytes, error } = host.issue_example;
    expect(toHex(encodeIssue('PDH_CERT_EXPORT', 0x1122334455667788n, error))).toBe(bytes);
    expect(parseIssueError(fromHex(bytes))).toBe(error);
  });

  it('write and read the lengths of an export', () => {
    const { pdh, pdh_len, chain, chain_len, bytes } = host.export_example;
    const spans = [
      { address: BigInt(pdh), length: pdh_len },
      { address: BigInt(chain), length: chain_len },
    ];
    expect(toHex(encodeSpans(...spans))).toBe(bytes);
    expect(parseSpanLengths(fromHex(bytes))).toEqual([pdh_len, chain_len]);
  });

  it('name every firmware status as the specification does', () => {
    for (const [name, status] of Object.entries(host.status_codes)) {
      if (status !== 0) expect(amdSpErrorCode(status)).toBe(`AMDSP_${name}`);
    }
  });
});

it('refuse a status of another length or with a state that is none', () => {
  expect(() => parseStatus(new Uint8Array(11))).toThrow('BYTES_LENGTH');
  expect(() => parseStatus(Uint8Array.of(0, 24, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0))).toThrow('BYTES_VALUE');
});
