// What the checks read of a host. The real one is beneath; tests put recorded hosts in its place.
import { execFile } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import { openSevDevice } from '../sources/sev-device.ts';
import { loadKernel } from '../sources/sev-device/kernel.ts';
import type { PlatformStatus } from '../sources/types.ts';

export interface CpuidLeaf {
  readonly eax: number;
  readonly ebx: number;
  readonly ecx: number;
  readonly edx: number;
}

export interface FileAccess {
  readonly readable: boolean;
  readonly writable: boolean;
  /** Permission bits, such as 0o660. */
  readonly mode: number;
  readonly group: string;
}

export interface ProgramOutput {
  readonly code: number;
  readonly output: string;
}

export interface DeviceFacts {
  readonly status: PlatformStatus;
  /** Why the chain cannot be exported; missing when it can. */
  readonly exportError?: string;
}

/** Every reading answers undefined for what is not there or may not be read. */
export interface HostReadings {
  text(path: string): string | undefined;
  bytes(path: string): Uint8Array | undefined;
  names(folder: string): readonly string[];
  access(path: string): FileAccess | undefined;
  run(program: string, ...args: readonly string[]): Promise<ProgramOutput | undefined>;
  cpuid(leaf: number): CpuidLeaf | undefined;
  msr(register: number): bigint | undefined;
  /** KVM_GET_API_VERSION; a negative errno when /dev/kvm cannot be used. */
  kvmVersion(): Promise<number>;
  /** @returns the device's own words when it cannot be used */
  device(path: string): Promise<DeviceFacts | { readonly error: string; readonly fix: string }>;
  userName(): string;
}

const KVM_GET_API_VERSION = 0xae00;
const MAX_TEXT_BYTES = 1024 * 1024;

export const realHost: HostReadings = {
  text: (path) => attempt(() => readFileSync(path).subarray(0, MAX_TEXT_BYTES).toString('utf8')),
  bytes: (path) => attempt(() => new Uint8Array(readFileSync(path))),
  names: (folder) => attempt(() => readdirSync(folder)) ?? [],
  access: (path) => attempt(() => accessOf(path)),
  run: runProgram,
  cpuid: (leaf) =>
    attempt(() => {
      const view = readAt('/dev/cpu/0/cpuid', leaf, 16);
      const register = (i: number): number => view.getUint32(4 * i, true);
      return { eax: register(0), ebx: register(1), ecx: register(2), edx: register(3) };
    }),
  msr: (register) => attempt(() => readAt('/dev/cpu/0/msr', register, 8).getBigUint64(0, true)),
  kvmVersion: async () => {
    const kernel = loadKernel();
    const fd = kernel.open('/dev/kvm', 'read-write');
    if (fd < 0) return fd;
    const result = await kernel.ioctl(fd, KVM_GET_API_VERSION, 0n);
    kernel.close(fd);
    return result;
  },
  device: async (path) => {
    const device = openSevDevice(path);
    try {
      const status = await device.platformStatus();
      const exportError = await device.pdhCertExport().then(() => undefined, wordsOf);
      return { status, ...(exportError !== undefined && { exportError }) };
    } catch (error) {
      return { error: wordsOf(error), fix: error instanceof SevError ? error.next : '' };
    }
  },
  userName: () => userInfo().username,
};

const wordsOf = (error: unknown): string => (error instanceof SevError ? error.sentence : String(error));

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function readAt(path: string, position: number, length: number): DataView {
  const fd = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(length);
    if (readSync(fd, bytes, 0, length, position) !== length) throw new Error('short');
    return new DataView(bytes.buffer);
  } finally {
    closeSync(fd);
  }
}

function accessOf(path: string): FileAccess {
  const { mode, gid } = statSync(path);
  const may = (what: number): boolean => attempt(() => (accessSync(path, what), true)) ?? false;
  return {
    readable: may(constants.R_OK),
    writable: may(constants.W_OK),
    mode: mode & 0o777,
    group: groupName(gid),
  };
}

function groupName(gid: number): string {
  const groups = attempt(() => readFileSync('/etc/group', 'utf8')) ?? '';
  return (
    groups
      .split('\n')
      .find((line) => line.split(':')[2] === String(gid))
      ?.split(':')[0] ?? String(gid)
  );
}

function runProgram(program: string, ...args: readonly string[]): Promise<ProgramOutput | undefined> {
  const folders = isAbsolute(program) ? [''] : (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.some((folder) =>
    attempt(() => statSync(isAbsolute(program) ? program : join(folder, program))),
  );
  if (!found) return Promise.resolve(undefined);
  const options = { timeout: 10_000, maxBuffer: MAX_TEXT_BYTES, env: { ...process.env, LC_ALL: 'C' } };
  return new Promise((resolve) => {
    try {
      execFile(program, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
        resolve({ code, output: `${stdout}${stderr}` });
      });
    } catch (error) {
      resolve({ code: 1, output: `${program} was not started: ${(error as NodeJS.ErrnoException).code}` });
    }
  });
}
