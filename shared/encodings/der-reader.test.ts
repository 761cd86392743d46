import { describe, expect, it } from 'vitest';
import { ascii, fromHex } from '../bytes/text.ts';
import { SevError } from '../errors.ts';
import { writeDer } from './der.ts';
import {
  type DerNode,
  DerReader,
  oidOf,
  requireTrue,
  smallNumberOf,
  TAG,
  textOf,
  timeOf,
  unsignedOf,
  wholeBytesOf,
} from './der-reader.ts';

function one(bytes: Uint8Array): DerNode {
  const reader = new DerReader(bytes, 'der');
  const node = reader.next('value');
  reader.end();
  return node;
}
const refused = (run: () => unknown): void => {
  expect(run).toThrow(expect.objectContaining({ code: 'CERT_DER' }));
};
const node = (tag: number, content: Uint8Array): DerNode => one(writeDer(tag, content));

describe('Strict DER', () => {
  it.each([
    ['a length in two bytes that fits into one', '04817f'.padEnd(6 + 2 * 127, '0')],
    ['a length in three bytes that fits into two', '048200ff'.padEnd(8 + 2 * 255, '0')],
    ['a length in four bytes', '0483000001ff'],
    ['an indefinite length', '30800000'],
    ['a tag of two bytes', '1f0100'],
    ['an end-of-contents', '0000'],
    ['a value beyond the end', '040200'],
    ['nothing', ''],
    ['a tag alone', '04'],
    ['bytes left over', '040000'],
  ])('refuses %s', (_, hex) => {
    refused(() => one(fromHex(hex)));
  });

  it.each([0, 1, 127, 128, 255, 256, 65535])('reads a value of %i bytes', (length) => {
    expect(node(TAG.octetString, new Uint8Array(length)).content.length).toBe(length);
  });

  it('reads numbers that are minimal and not negative, and no others', () => {
    expect(['00', '7f', '0080', '00db'].map((hex) => smallNumberOf(node(TAG.integer, fromHex(hex)), 255))).toEqual([
      0, 127, 128, 219,
    ]);
    for (const hex of ['', '80', 'db', '0000', '007f', '01db']) {
      refused(() => smallNumberOf(node(TAG.integer, fromHex(hex)), 255));
    }
    refused(() => unsignedOf(node(TAG.octetString, fromHex('01'))));
    refused(() => smallNumberOf(node(TAG.integer, fromHex('0100000000000000')), 255));
  });

  it('reads TRUE as FF alone', () => {
    expect(requireTrue(node(TAG.boolean, fromHex('ff')))).toBe(true);
    for (const hex of ['', '00', '01', 'ffff']) refused(() => requireTrue(node(TAG.boolean, fromHex(hex))));
  });

  it('reads whole bytes out of bit strings', () => {
    expect(wholeBytesOf(node(TAG.bitString, fromHex('00aabb')))).toEqual(fromHex('aabb'));
    for (const hex of ['', '01aa', '08']) refused(() => wholeBytesOf(node(TAG.bitString, fromHex(hex))));
  });

  it.each([
    ['2b060104019c780103', '1.3.6.1.4.1.3704.1.3'],
    ['550403', '2.5.4.3'],
    ['883703', '2.999.3'],
    ['00', '0.0'],
  ])('reads the object identifier %s', (hex, text) => {
    expect(oidOf(node(TAG.oid, fromHex(hex)))).toBe(text);
  });

  it.each(['', '80', '8001', '5580', '558003', 'ffffffffffffffffff7f', '55'.repeat(40)])(
    'refuses the object identifier %s',
    (hex) => {
      refused(() => oidOf(node(TAG.oid, fromHex(hex))));
    },
  );

  it.each([
    [TAG.utcTime, '201022172305Z', '2020-10-22T17:23:05.000Z'],
    [TAG.utcTime, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [TAG.utcTime, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [TAG.generalizedTime, '20500101000000Z', '2050-01-01T00:00:00.000Z'],
  ])('reads the time %i %s', (tag, text, iso) => {
    expect(timeOf(node(tag, ascii(text))).toISOString()).toBe(iso);
  });

  it.each([
    [TAG.utcTime, '230230000000Z'],
    [TAG.utcTime, '231301000000Z'],
    [TAG.utcTime, '230101240000Z'],
    [TAG.utcTime, '2301010000Z'],
    [TAG.utcTime, '230101000000+0100'],
    [TAG.utcTime, '20230101000000Z'],
    [TAG.generalizedTime, '20230101000000Z'],
    [TAG.generalizedTime, '20500101000000.5Z'],
    [TAG.octetString, '230101000000Z'],
  ])('refuses the time %i %s', (tag, text) => {
    refused(() => timeOf(node(tag, ascii(text))));
  });

  it('reads text without control characters, and no other encoding', () => {
    expect(textOf(node(TAG.utf8String, fromHex('c3bc')))).toBe('ü');
    for (const [tag, hex] of [
      [TAG.utf8String, 'ff'],
      [TAG.utf8String, '1b5b'],
      [TAG.printableString, '40'],
      [TAG.ia5String, '80'],
      [TAG.octetString, '41'],
    ] as const) {
      refused(() => textOf(node(tag, fromHex(hex))));
    }
  });

  it('names the path of what it refuses', () => {
    const reader = new DerReader(fromHex('3003020180'), 'vcek').enter(TAG.sequence, 'spl');
    const read = () => smallNumberOf(reader.next('blSPL'), 255);
    expect(read).toThrow(SevError);
    expect(() => smallNumberOf(new DerReader(fromHex('020180'), 'vcek').next('blSPL'), 255)).toThrow(
      expect.objectContaining({ at: 'vcek.blSPL' }),
    );
  });
});
