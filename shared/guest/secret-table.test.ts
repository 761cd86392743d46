import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, toUtf8 } from '../bytes/text.ts';
import { concat } from '../bytes/writer.ts';
import { describeWithVectors, vectorJson } from '../testing/vectors.ts';
import { grubPassphrase, knownSecret, LUKS_PASSPHRASE_GUID, passphraseWarning } from './known-secrets.ts';
import {
  encodeSecretTable,
  MAX_SINGLE_SECRET,
  parseSecretTable,
  SECRET_TABLE_GUID,
  type SecretEntry,
} from './secret-table.ts';

const entries = fc.uniqueArray(fc.record({ guid: fc.uuid(), data: fc.uint8Array({ maxLength: 300 }) }), {
  minLength: 1,
  maxLength: 12,
  selector: ({ guid }) => guid,
});
const one = (size: number): SecretEntry[] => [{ guid: LUKS_PASSPHRASE_GUID, data: new Uint8Array(size).fill(7) }];

describe('A secret table', () => {
  it('is read as it was written, padded to 16', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const table = encodeSecretTable(list);
        expect(table.length % 16).toBe(0);
        expect(parseSecretTable(table)).toEqual(list);
      }),
    );
  });

  it('is refused when it is cut anywhere', () => {
    const table = encodeSecretTable([...one(30), { guid: crypto.randomUUID(), data: toUtf8('more') }]);
    for (let length = 0; length < table.length - 15; length++) {
      expect(() => parseSecretTable(table.subarray(0, length))).toThrow('MEASURE_SECRET_TABLE');
    }
  });

  it('fits to the byte: the largest secret, and the size of the area', () => {
    expect(encodeSecretTable(one(MAX_SINGLE_SECRET)).length).toBe(16384);
    expect(() => encodeSecretTable(one(MAX_SINGLE_SECRET + 1))).toThrow('MEASURE_SECRET_SIZE');
    expect(encodeSecretTable(one(3032), 3072).length).toBe(3072);
    expect(() => encodeSecretTable(one(3033), 3072)).toThrow('MEASURE_SECRET_SIZE');
  });

  it('is refused with data behind it, a wrong length, or another beginning', () => {
    const table = encodeSecretTable(one(8));
    const changed = (offset: number, value: number) => {
      const copy = concat(table, new Uint8Array(16));
      copy[offset] = value;
      return copy;
    };
    expect(parseSecretTable(changed(0, table[0]!))).toHaveLength(1);
    expect(() => parseSecretTable(changed(63, 1))).toThrow('More than padding');
    expect(() => parseSecretTable(concat(table, new Uint8Array(32)))).toThrow('More than padding');
    const counted = changed(16, 64);
    expect(parseSecretTable(counted)).toHaveLength(1);
    counted[50] = 1;
    expect(() => parseSecretTable(counted)).toThrow('More than padding');
    expect(() => parseSecretTable(changed(19, 1))).toThrow('MEASURE_SECRET_TABLE at secret.length');
    expect(() => parseSecretTable(changed(16, 19))).toThrow('MEASURE_SECRET_TABLE at secret.length');
    expect(() => parseSecretTable(changed(0, 0))).toThrow('MEASURE_SECRET_TABLE at secret.guid');
    expect(() => parseSecretTable(changed(36, 19))).toThrow('MEASURE_SECRET_TABLE at secret.entry0');
    expect(() => parseSecretTable(changed(36, 29))).toThrow('MEASURE_SECRET_TABLE at secret.entry0');
  });

  it('is refused where Linux would not show all of it, or take an entry for a table', () => {
    const entries = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        guid: `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`,
        data: new Uint8Array(1),
      }));
    expect(parseSecretTable(encodeSecretTable(entries(64)))).toHaveLength(64);
    expect(() => encodeSecretTable(entries(65))).toThrow('MEASURE_SECRET_TABLE');
    for (const guid of [SECRET_TABLE_GUID, SECRET_TABLE_GUID.toUpperCase()])
      expect(() => encodeSecretTable([{ guid, data: new Uint8Array(1) }])).toThrow('MEASURE_SECRET_GUID');
  });

  it('takes a GUID once, in whatever case', () => {
    const twice = [...one(1), { guid: LUKS_PASSPHRASE_GUID.toUpperCase(), data: new Uint8Array(1) }];
    expect(() => encodeSecretTable(twice)).toThrow('MEASURE_SECRET_GUID');
    // Two entries of the same size, so that one GUID can be put in the other's place; the second begins at 49.
    const table = encodeSecretTable([...one(9), { guid: crypto.randomUUID(), data: new Uint8Array(9) }]);
    const twiceIn = table.slice();
    twiceIn.copyWithin(49, 20, 36);
    expect(() => parseSecretTable(twiceIn)).toThrow('MEASURE_SECRET_GUID');
    expect(() => parseSecretTable(table.map((byte, i) => (i >= 49 && i < 65 ? 0 : byte)))).toThrow('nil GUID');
    expect(() => encodeSecretTable([{ guid: 'disk', data: new Uint8Array(1) }])).toThrow('BYTES_ENCODING');
  });
});

describe('A disk passphrase', () => {
  it('is known by its name and its GUID', () => {
    expect(knownSecret('luks-key')?.guid).toBe(LUKS_PASSPHRASE_GUID);
    expect(knownSecret(LUKS_PASSPHRASE_GUID.toUpperCase())?.alias).toBe('luks-key');
    expect(knownSecret('unknown')).toBeUndefined();
  });

  it.each([
    [grubPassphrase('open sesame'), undefined],
    [toUtf8('open sesame'), 'does not end with a NUL'],
    [toUtf8('open sesame\n'), 'newline'],
    [grubPassphrase('open sesame\n'), 'newline'],
    [grubPassphrase('open\0sesame'), 'NUL in its middle'],
    [grubPassphrase(''), 'empty'],
  ])('%# is warned of what GRUB would stumble over', (data, warning) => {
    const said = passphraseWarning(LUKS_PASSPHRASE_GUID, data);
    if (warning) expect(said).toContain(warning);
    else expect(said).toBeUndefined();
    expect(passphraseWarning(crypto.randomUUID(), data)).toBeUndefined();
  });
});

interface SecretVectors {
  cases: { entries: [string, string | object][]; table?: string }[];
  rejected_inputs: { entries: [string, number][]; area: number | null; reason: string; why: string }[];
  readers: { table: string; why?: string; entries: [string, string][] }[];
}

describeWithVectors('The tables of secret.json', () => {
  const vectors = vectorJson<SecretVectors>('secret.json');
  const plain = vectors.cases.filter(({ table }) => table !== undefined);
  const decode = (list: [string, string | object][]) =>
    list.map(([guid, hex]) => ({ guid, data: fromHex(hex as string) }));

  it.each(plain)('%# are ours', ({ entries, table }) => {
    expect(toHex(encodeSecretTable(decode(entries)))).toBe(table);
    expect(parseSecretTable(fromHex(table!))).toEqual(decode(entries));
  });

  it.each(vectors.readers)('%# are read, whoever made them: $why', ({ table, entries }) => {
    expect(parseSecretTable(fromHex(table))).toEqual(decode(entries));
  });

  const codes: Record<string, string> = {
    'secret.empty': 'MEASURE_SECRET_TABLE',
    'secret.duplicate': 'MEASURE_SECRET_GUID',
    'secret.toolarge': 'MEASURE_SECRET_SIZE',
    'secret.area': 'MEASURE_SECRET_SIZE',
    'secret.guid': 'MEASURE_SECRET_GUID',
  };

  it.each(vectors.rejected_inputs)('are refused: $why', ({ entries, area, reason }) => {
    const list = entries.map(([guid, size]) => ({ guid, data: new Uint8Array(size) }));
    expect(() => encodeSecretTable(list, area ?? undefined)).toThrow(codes[reason]);
  });
});
