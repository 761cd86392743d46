// What is wrong with an SNP report, its policy or its wrapping, in words.

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;
const both = (value: number): string => `${value} · ${hex(value)}`;
const bits = (list: readonly number[]): string => `${list.length > 1 ? 'bits' : 'bit'} ${list.join(', ')}`;

export const REPORT_FAULTS = {
  version: (version: number) => `It says version ${version}.`,
  algorithm: (value: number) => `Signature algorithm ${both(value)} is not 1, ECDSA on P-384 with SHA-384.`,
  vmpl: (value: number) => `VMPL ${both(value)} is not 0 to 3.`,
  keyInfo: (value: number) => `The key information ${both(value)} sets reserved bits.`,
  signingKey: (value: number) => `Signing key ${value} is reserved.`,
  reserved: (offset: number) => `Byte ${hex(offset)} is not zero.`,
  tcbByte: (offset: number, layout: string) =>
    layout === 'turin'
      ? `Byte ${offset} of a TCB of Turin has no meaning, and is not zero.`
      : `Byte ${offset} of a TCB of Milan or Genoa has no meaning, and is not zero. Turin uses bytes 2 and 3.`,
  cpuid: (family: number, model: number) => `CPU family ${hex(family)}, model ${hex(model)}.`,
  signatureRange: (part: string) => `The number ${part} of the signature is out of range.`,
  turinVersion2: () => 'A version 2 report does not say how its TCB is laid out, so one from Turin cannot be judged.',
  policyReserved: (list: readonly number[]) => `The policy sets ${bits(list)}; 26 to 63 are reserved.`,
  policyOne: () => 'Bit 17 of the policy is clear; it must be set.',
  policySize: () => 'It is not a number of 64 bits.',
  ioctlStatus: (status: number) => `The firmware answered with status ${both(status)} instead of a report.`,
  ioctlSize: (size: number) => `The reply says that its report has ${size} bytes.`,
  hclVersion: (version: number) => `The HCL report has version ${version}, not 2.`,
  hclType: (type: number) => `The HCL report's hardware report is of type ${type}, not SEV-SNP (2).`,
  hclHash: (hash: number) => `The HCL report's data is hashed with algorithm ${hash}, not SHA-256 (1).`,
  hclEnd: () => 'The HCL report ends before its runtime data, or more than zeros follow it.',
  trailing: () => 'More than zeros follows the report.',
  textDigits: () => 'The text is neither hex, nor base64, nor a hex dump, nor a REPORT block.',
  nested: () => 'It is wrapped too many times.',
  gzip: () => 'The gzip data is damaged.',
} as const;

export const TABLE_FAULTS = {
  end: () => 'Its list of entries has no end.',
  range: () => 'An entry lies outside the table, inside its list, or is empty.',
  overlap: () => 'Two entries overlap.',
  duplicate: (guid: string) => `Entry ${guid} occurs twice.`,
  tooMany: () => 'It has more entries than any host gives.',
} as const;
