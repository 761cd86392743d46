// What is wrong with bytes that should be strict DER, in words.

const hex = (tag: number): string => `0x${tag.toString(16).padStart(2, '0')}`;

export const DER_FAULTS = {
  missing: () => 'It ends where a value should begin.',
  tag: (tag: number) => `Tag ${hex(tag)} is not used in certificates.`,
  otherTag: (tag: number, expected: number) => `Tag ${hex(tag)} stands where ${hex(expected)} should.`,
  beyond: () => 'A value reaches beyond the end.',
  leftOver: (count: number) => `${count} bytes are left over.`,
  length: () => 'A length is not in its one shortest form, or is above 65,535.',
  integer: () => 'It is not an INTEGER.',
  negative: () => 'The number is negative.',
  padded: () => 'The number has a leading zero that it does not need.',
  above: (max: number) => `The number is above ${max}.`,
  boolean: () => 'It is not TRUE as DER writes it.',
  bits: () => 'The bits do not fill whole bytes.',
  oid: () => 'It is not an object identifier.',
  time: () => 'It is not a time as certificates write it.',
  text: () => 'It is not text as certificates write it.',
} as const;
