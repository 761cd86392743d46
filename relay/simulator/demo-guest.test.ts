// The demo guest image, assembled again and run in a real QEMU.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeGuid } from '../../shared/bytes/guid.ts';
import { ascii } from '../../shared/bytes/text.ts';
import { ByteWriter, concat } from '../../shared/bytes/writer.ts';
import { demoGuestImage } from '../../shared/simulator/demo-guest/image.ts';
import { makeGuestMemory } from '../../shared/simulator/guest-memory.ts';
import { readFirmwareTable } from '../../shared/simulator/firmware-table.ts';
import { kernelHashesTable } from '../../shared/simulator/loaded-pages.ts';
import { eventually, findProgram, temporaryFolder } from '../testing/testing.ts';

const haveAssembler = findProgram('as') !== undefined && findProgram('objcopy') !== undefined;
const qemu = findProgram('qemu-system-x86_64');
const SOURCE = fileURLToPath(new URL('../../shared/simulator/demo-guest/demo-guest.S', import.meta.url));

describe.skipIf(!haveAssembler)('The demo guest image (needs as and objcopy)', () => {
  it('is what demo-guest.S assembles to', () => {
    const dir = temporaryFolder();
    execFileSync('as', ['--32', '-o', join(dir, 'demo.o'), SOURCE]);
    execFileSync('objcopy', ['-O', 'binary', join(dir, 'demo.o'), join(dir, 'demo.fd')]);
    const assembled = readFileSync(join(dir, 'demo.fd'));
    expect(Buffer.from(demoGuestImage()).toString('base64')).toBe(assembled.toString('base64'));
  });
});

const entry = (guid: string, data: Uint8Array) =>
  new ByteWriter()
    .bytes(encodeGuid(guid))
    .u32(20 + data.length)
    .bytes(data)
    .finish();

const table = (...entries: readonly Uint8Array[]) => {
  const content = concat(...entries);
  const guid = encodeGuid('1e74f542-71dd-4d66-963e-ef4287ff173b');
  return new ByteWriter()
    .bytes(guid)
    .u32(20 + content.length)
    .bytes(content)
    .finish();
};

const DISK = '736869e5-84f0-4973-92ec-06879ce3da0b';
const OTHER = 'e6f5a162-d67f-4750-a67c-5d065f2a9910';
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** What lies in the guest's memory at the secret area, and what it makes of it. */
const MEMORIES: readonly (readonly [string, Uint8Array])[] = [
  ['no table', new Uint8Array(16)],
  ['a passphrase', table(entry(DISK, ascii('open sesame\0')))],
  ['two secrets, one with every byte', table(entry(DISK, ascii('a')), entry(OTHER, EVERY_BYTE))],
  ['an empty table', table()],
  ['padding that the length does not count', concat(table(entry(DISK, ascii('x'))), new Uint8Array(32))],
  ['a table beyond its area', concat(table().slice(0, 16), Uint8Array.of(1, 12, 0, 0))],
  ['the largest secret', table(entry(DISK, new Uint8Array(0xc00 - 40).fill(0x41)))],
];

describe.skipIf(qemu === undefined)('The demo guest in a real QEMU (needs qemu-system-x86_64)', () => {
  const { secretArea, hashArea } = readFirmwareTable(demoGuestImage());
  const hashes = kernelHashesTable({ kernel: ascii('kernel') });

  async function run(...contents: readonly (readonly [number, Uint8Array])[]): Promise<string> {
    const dir = temporaryFolder();
    const [image, console] = [join(dir, 'demo.fd'), join(dir, 'console.log')];
    writeFileSync(image, demoGuestImage());
    const loaders = contents.flatMap(([address, bytes], i) => {
      writeFileSync(join(dir, `${i}`), bytes);
      return ['-device', `loader,file=${join(dir, `${i}`)},addr=${address},force-raw=on`];
    });
    const flash = `if=pflash,format=raw,unit=0,readonly=on,file=${image}`;
    const machine = ['-machine', 'q35', '-accel', 'tcg', '-m', '64', '-drive', flash, '-serial', `file:${console}`];
    const arguments_ = ['-nodefaults', '-display', 'none', ...machine, ...loaders];
    const child = spawn(qemu!, arguments_, { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    return eventually(
      () => (existsSync(console) ? readFileSync(console, 'utf8') : ''),
      (text) => /(end of table|no secret table found)\.\r\n$/.test(text),
    );
  }

  it.each(MEMORIES)('tells what the simulated guest tells: %s', async (_, memory) => {
    const simulated = makeGuestMemory(64 * 1024 * 1024);
    simulated.write(secretArea!.base, memory);
    simulated.run({ secretArea, hashArea });
    expect(await run([secretArea!.base, memory])).toBe(simulated.console);
  });

  it('tells that it has kernel hashes', async () => {
    const simulated = makeGuestMemory(64 * 1024 * 1024);
    simulated.write(hashArea!.base, hashes);
    simulated.run({ secretArea, hashArea });
    const told = await run([hashArea!.base, hashes]);
    expect(told).toBe(simulated.console);
    expect(told).toContain('kernel hashes found');
  });
});
