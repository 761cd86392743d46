// The few system calls that /dev/sev needs, by way of koffi, which is loaded at the first one.
import { createRequire } from 'node:module';
import { SevError } from '../../../shared/errors.ts';

/** Memory outside the JavaScript heap, whose address the kernel may be given. */
export interface NativeMemory {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** What /dev/sev needs of an operating system; tests put their own in its place. */
export interface Kernel {
  /** @returns a file descriptor, or the negative errno */
  open(path: string, mode: 'read' | 'read-write'): number;
  /** @returns 0, or the negative errno; other work goes on meanwhile */
  ioctl(fd: number, request: number, address: bigint): Promise<number>;
  close(fd: number): void;
  allocate(length: number): NativeMemory;
  free(memory: NativeMemory): void;
}

const O_RDONLY = 0;
const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;

type Koffi = typeof import('koffi');
type Native = (...args: unknown[]) => number;
type AsyncNative = Native & { async: (...args: unknown[]) => void };

/** @throws SevError RELAY_DEVICE when the native binding is not installed here */
export function loadKernel(): Kernel {
  const koffi = loadKoffi();
  // The process itself rather than libc.so.6: a preloaded library that stands in for the device is then seen too.
  const self = koffi.load(null);
  const open = self.func('int open(const char *path, int flags)') as Native;
  const close = self.func('int close(int fd)') as Native;
  const ioctl = self.func('int ioctl(int fd, unsigned long request, uintptr_t argument)') as AsyncNative;
  return {
    open(path, mode) {
      const fd = open(path, (mode === 'read' ? O_RDONLY : O_RDWR) | O_CLOEXEC);
      return fd < 0 ? -koffi.errno() : fd;
    },
    ioctl: (fd, request, address) =>
      new Promise((resolve, reject) => {
        // errno belongs to the call that just ended: read it before anything else happens.
        ioctl.async(fd, request, address, (error: Error | null, result: number) =>
          error ? reject(error) : resolve(result < 0 ? -koffi.errno() : 0),
        );
      }),
    close: (fd) => void close(fd),
    allocate(length) {
      const address = koffi.alloc('uint8_t', length) as bigint;
      const bytes = new Uint8Array(koffi.view(address, length)).fill(0);
      return { address: koffi.address(address), bytes };
    },
    free: ({ address }) => koffi.free(address),
  };
}

function loadKoffi(): Koffi {
  try {
    const loaded = createRequire(import.meta.url)('koffi') as Koffi & { default?: Koffi };
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new SevError('RELAY_DEVICE', {
      because: 'The native binding “koffi” is not installed; npm leaves it out for platforms that it does not know.',
      next: 'Operator: install the package again without --omit=optional, on Linux.',
      cause,
    });
  }
}
