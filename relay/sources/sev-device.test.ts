import { describe, expect, it } from 'vitest';
import { concat } from '../../shared/bytes/writer.ts';
import { loadKernel, type Kernel, type NativeMemory } from './sev-device/kernel.ts';
import { openSevDevice } from './sev-device.ts';
import type { SevDevice } from './types.ts';

const { EACCES, EBUSY, EINVAL, EIO, ENODEV, ENOENT, EPERM, ENOTSUPP, ETIMEDOUT } = {
  EACCES: 13,
  EBUSY: 16,
  EINVAL: 22,
  EIO: 5,
  ENODEV: 19,
  ENOENT: 2,
  EPERM: 1,
  ENOTSUPP: 524,
  ETIMEDOUT: 110,
};

/** Answers one command from its structure: an errno with a firmware status, or 0. */
type Firmware = (
  command: number,
  struct: DataView,
  at: (address: bigint) => Uint8Array,
) => [errno: number, status: number];

/** A kernel that keeps its books: every address must be one that it gave out, and everything must be given back. */
class FakeKernel implements Kernel {
  readonly memory = new Map<bigint, Uint8Array>();
  readonly opened: string[] = [];
  readonly commands: number[] = [];
  open_ = 0;
  #next = 0x1000n;
  readonly #firmware: Firmware;
  readonly #openErrno: (mode: string) => number;

  constructor(firmware: Firmware, openErrno: (mode: string) => number = () => 0) {
    this.#firmware = firmware;
    this.#openErrno = openErrno;
  }

  open(path: string, mode: 'read' | 'read-write'): number {
    this.opened.push(`${path} ${mode}`);
    const errno = this.#openErrno(mode);
    if (errno !== 0) return -errno;
    this.open_++;
    return 7;
  }

  ioctl(fd: number, request: number, address: bigint): Promise<number> {
    expect([fd, request]).toEqual([7, 0xc0105300]);
    const issue = this.#view(address, 16);
    const command = issue.getUint32(0, true);
    this.commands.push(command);
    const [errno, status] = this.#firmware(
      command,
      this.#view(issue.getBigUint64(4, true)),
      (where) => this.memory.get(where) ?? failNow(`no memory at ${where}`),
    );
    issue.setUint32(12, status, true);
    return Promise.resolve(-errno);
  }

  close(fd: number): void {
    expect(fd).toBe(7);
    this.open_--;
  }

  allocate(length: number): NativeMemory {
    const address = (this.#next += 0x10000n);
    const bytes = new Uint8Array(length);
    this.memory.set(address, bytes);
    return { address, bytes };
  }

  free({ address }: NativeMemory): void {
    expect(this.memory.delete(address)).toBe(true);
  }

  #view(address: bigint, length?: number): DataView {
    if (address === 0n) return new DataView(new ArrayBuffer(0));
    const bytes = this.memory.get(address) ?? failNow(`no memory at ${address}`);
    if (length !== undefined) expect(bytes).toHaveLength(length);
    return new DataView(bytes.buffer);
  }
}

const failNow = (why: string): never => {
  throw new Error(why);
};

const deviceOf = (kernel: FakeKernel): SevDevice =>
  openSevDevice(
    '/dev/sev',
    () => kernel,
    () => Promise.resolve(),
  );

/** Fills the buffers of a structure of spans, and says first how long they must be. */
const negotiated = (
  struct: DataView,
  at: (address: bigint) => Uint8Array,
  ...blobs: Uint8Array[]
): [number, number] => {
  expect(struct.byteLength).toBe(blobs.length * 12);
  let short = false;
  for (const [i, blob] of blobs.entries()) {
    const address = struct.getBigUint64(i * 12, true);
    const length = struct.getUint32(i * 12 + 8, true);
    struct.setUint32(i * 12 + 8, blob.length, true);
    if (address === 0n || length < blob.length) short = true;
    else at(address).set(blob);
  }
  return short ? [EIO, 4] : [0, 0];
};

const STATUS = [1, 55, 1, 0, 1, 0, 0, 21, 0, 0, 0, 0];
const statusInto = (struct: DataView, bytes: readonly number[] = STATUS): [number, number] => {
  bytes.forEach((byte, i) => struct.setUint8(i, byte));
  return [0, 0];
};

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

describe('the device', () => {
  it("tells the platform's status", async () => {
    const kernel = new FakeKernel((command, struct) => (expect(command).toBe(1), statusInto(struct)));
    expect(await deviceOf(kernel).platformStatus()).toEqual({
      apiMajor: 1,
      apiMinor: 55,
      build: 21,
      state: 'init',
      owner: 'self',
      es: true,
      guests: 0,
    });
    expect(kernel.opened).toEqual(['/dev/sev read-write']);
  });

  it('asks for lengths first, then exports the PDH and its chain', async () => {
    const kernel = new FakeKernel((_, struct, at) => negotiated(struct, at, filled(2084, 1), filled(6252, 2)));
    expect(await deviceOf(kernel).pdhCertExport()).toEqual({ pdh: filled(2084, 1), chain: filled(6252, 2) });
    expect(kernel.commands).toEqual([5, 5]);
  });

  it('makes a signing request', async () => {
    const kernel = new FakeKernel((_, struct, at) => negotiated(struct, at, filled(2084, 3)));
    expect(await deviceOf(kernel).pekCsr()).toEqual(filled(2084, 3));
    expect(kernel.commands).toEqual([3, 3]);
  });

  it('imports two certificates by address and length', async () => {
    const kernel = new FakeKernel((command, struct, at) => {
      expect([command, struct.byteLength]).toEqual([6, 24]);
      expect(at(struct.getBigUint64(0, true))).toEqual(filled(2084, 4));
      expect(at(struct.getBigUint64(12, true))).toEqual(filled(2084, 5));
      expect([struct.getUint32(8, true), struct.getUint32(20, true)]).toEqual([2084, 2084]);
      return [0, 0];
    });
    await deviceOf(kernel).pekCertImport(filled(2084, 4), filled(2084, 5));
    expect(kernel.commands).toEqual([6]);
  });

  it('runs the commands that take nothing', async () => {
    const kernel = new FakeKernel((_, struct) => (expect(struct.byteLength).toBe(0), [0, 0]));
    const device = deviceOf(kernel);
    await device.pekGen();
    await device.pdhGen();
    await device.factoryReset();
    expect(kernel.commands).toEqual([2, 4, 0]);
  });

  it('gives back all memory and closes, also after a failure', async () => {
    for (const firmware of [
      ((_, struct, at) => negotiated(struct, at, filled(2084, 1))) as Firmware,
      (() => [EIO, 1]) as Firmware,
    ]) {
      const kernel = new FakeKernel(firmware);
      await deviceOf(kernel)
        .pekCsr()
        .catch(() => undefined);
      expect([kernel.memory.size, kernel.open_]).toEqual([0, 0]);
    }
  });
});

describe("the chip's id", () => {
  const both = concat(filled(64, 1), filled(64, 2));

  it.each([64, 128])('comes in %i bytes', async (length) => {
    const kernel = new FakeKernel((command, struct, at) =>
      command === 1 ? statusInto(struct) : negotiated(struct, at, both.slice(0, length)),
    );
    expect(await deviceOf(kernel).getId()).toEqual(both.slice(0, length));
    expect(kernel.commands).toEqual([1, 8, 8]);
  });

  it.each([
    ['the kernel does not know GET_ID2', EINVAL, 0],
    ['the firmware is older than 0.16', ENOTSUPP, 0xffffffff],
    ['the firmware does not know GET_ID2', EIO, 0x11],
  ])('comes from the old command where %s', async (_, errno, status) => {
    const kernel = new FakeKernel((command, struct) => {
      if (command === 1) return statusInto(struct);
      if (command === 8) return [errno, status];
      expect(struct.byteLength).toBe(128);
      both.forEach((byte, i) => struct.setUint8(i, byte));
      return [0, 0];
    });
    expect(await deviceOf(kernel).getId()).toEqual(both);
    expect(kernel.commands).toEqual([1, 8, 7]);
  });

  it.each([
    [0, 17, 18, 2],
    [0, 16, 40, 2],
    [0, 17, 19, 1],
    [0, 22, 1, 1],
    [1, 17, 5, 1],
  ])('is asked as often as API %i.%i build %i needs', async (major, minor, build, times) => {
    const waits: number[] = [];
    const kernel = new FakeKernel((command, struct, at) =>
      command === 1
        ? statusInto(struct, [major, minor, 1, 0, 0, 0, 0, build, 0, 0, 0, 0])
        : negotiated(struct, at, both),
    );
    await openSevDevice(
      '/dev/sev',
      () => kernel,
      (ms) => (waits.push(ms), Promise.resolve()),
    ).getId();
    expect(kernel.commands.filter((command) => command === 8)).toHaveLength(times * 2);
    expect(waits).toEqual(times === 2 ? [5000] : []);
  });
});

describe('what the device refuses', () => {
  const fails = (errno: number, status: number): SevDevice => deviceOf(new FakeKernel(() => [errno, status]));

  it.each([
    [EIO, 0x01, 'AMDSP_INVALID_PLATFORM_STATE', /PDH_GEN ended with status 0x01/],
    [EIO, 0x05, 'AMDSP_ALREADY_OWNED', /owner/],
    [EIO, 0x99, 'AMDSP_UNKNOWN', /0x99/],
    [EIO, 0xffffffff, 'RELAY_DEVICE', /errno 5/],
    [EPERM, 0xffffffff, 'RELAY_DEVICE', /only read/],
    [EBUSY, 0xffffffff, 'RELAY_DEVICE', /guests run/],
    [ENODEV, 0xffffffff, 'RELAY_DEVICE', /no working firmware/],
    [ETIMEDOUT, 0xffffffff, 'RELAY_DEVICE', /in time/],
    [EINVAL, 0xffffffff, 'RELAY_DEVICE', /does not know/],
    [77, 0, 'RELAY_DEVICE', /errno 77/],
  ])('with errno %i and status %i is %s', async (errno, status, code, says) => {
    await expect(fails(errno, status).pdhGen()).rejects.toMatchObject({
      code,
      sentence: expect.stringMatching(says) as string,
    });
  });

  it.each([
    [ENOENT, /There is no \/dev\/sev/, /modprobe/],
    [ENODEV, /no working firmware/, /dmesg/],
    [EBUSY, /busy/, /fuser/],
  ])('to open with errno %i is said with what to do', async (errno, says, next) => {
    const device = deviceOf(
      new FakeKernel(
        () => [0, 0],
        () => errno,
      ),
    );
    await expect(device.platformStatus()).rejects.toMatchObject({
      code: 'RELAY_DEVICE',
      sentence: expect.stringMatching(says) as string,
      next: expect.stringMatching(next) as string,
    });
  });

  it('to write is read from all the same', async () => {
    const kernel = new FakeKernel(
      (_, struct) => statusInto(struct),
      (mode) => (mode === 'read' ? 0 : EACCES),
    );
    expect((await deviceOf(kernel).platformStatus()).build).toBe(21);
    expect(kernel.opened).toEqual(['/dev/sev read-write', '/dev/sev read']);
    const closed = deviceOf(
      new FakeKernel(
        () => [0, 0],
        () => EACCES,
      ),
    );
    await expect(closed.platformStatus()).rejects.toThrow('may not open /dev/sev');
  });

  it.each([
    ['no length at all', 0],
    ['more than the kernel allows', 16_385],
  ])('to negotiate: %s', async (_, length) => {
    const kernel = new FakeKernel((_command, struct) => (struct.setUint32(8, length, true), [EIO, 4]));
    await expect(deviceOf(kernel).pekCsr()).rejects.toThrow('RELAY_DEVICE');
    expect(kernel.memory.size).toBe(0);
  });

  it('by answering without a buffer', async () => {
    await expect(fails(0, 0).pekCsr()).rejects.toThrow('RELAY_DEVICE');
  });
});

describe('the real system calls', () => {
  it('say in words that a device is not there', async () => {
    await expect(openSevDevice('/dev/no-such-device').platformStatus()).rejects.toThrow('There is no /dev/sev');
  });

  it('say in words that a file is no SEV device', async () => {
    await expect(openSevDevice('/dev/null').pdhCertExport()).rejects.toThrow('This file is no SEV device');
  });

  it('give memory that the kernel can reach', () => {
    const kernel = loadKernel();
    const memory = kernel.allocate(4096);
    expect(memory.bytes).toEqual(new Uint8Array(4096));
    expect(memory.address).toBeGreaterThan(0n);
    kernel.free(memory);
  });
});
