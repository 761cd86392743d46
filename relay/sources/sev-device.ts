// /dev/sev itself: a fixed list of commands with the kernel's own structures and length negotiation.
import { SevError } from '../../shared/errors.ts';
import { type Kernel, loadKernel, type NativeMemory } from './sev-device/kernel.ts';
import {
  type CommandName,
  encodeIssue,
  encodeSpans,
  GET_ID_SIZE,
  NO_SPAN,
  parseIssueError,
  parseSpanLengths,
  parseStatus,
  SEV_ISSUE_CMD,
  type Span,
  STATUS_INVALID_LENGTH,
  STATUS_SIZE,
} from './sev-device/structs.ts';
import { ERRNO, ioctlError, openError } from './sev-device/words.ts';
import type { PlatformStatus, SevDevice } from './types.ts';

/** SEV_FW_BLOB_MAX_SIZE: the kernel takes no larger buffer, so no answer can honestly need one. */
const MAX_BLOB_BYTES = 16_384;
const NAPLES_ID_WAIT_MS = 5_000;

interface Outcome {
  readonly errno: number;
  readonly status: number;
}

/**
 * Opens the device at the first command, anew for each one, so that it may come, go and change hands meanwhile.
 * @param kernel given by tests; koffi's otherwise, loaded when it is first needed
 */
export function openSevDevice(
  path = '/dev/sev',
  kernel: () => Kernel = once(loadKernel),
  wait: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
): SevDevice {
  /** Runs work with the device open: for writing where this user may, since some commands want it in some states. */
  const withDevice = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    const session = new Session(kernel(), path);
    try {
      return await work(session);
    } finally {
      session.close();
    }
  };
  const platformStatus = (): Promise<PlatformStatus> =>
    withDevice(async (session) => {
      const status = session.allocate(STATUS_SIZE);
      await session.run('PLATFORM_STATUS', status);
      return parseStatus(status.bytes.slice());
    });
  const plain = (command: CommandName) => (): Promise<void> => withDevice((session) => session.run(command));

  return {
    platformStatus,
    async pdhCertExport() {
      const [pdh, chain] = await withDevice((session) => session.negotiate('PDH_CERT_EXPORT', 2));
      return { pdh: pdh!, chain: chain! };
    },
    async getId() {
      // Early Naples firmware may give a wrong id when it is asked first: ask, wait, ask again, as sev-tool does.
      if (isEarlyNaples(await platformStatus())) {
        await withDevice(readId);
        await wait(NAPLES_ID_WAIT_MS);
      }
      return withDevice(readId);
    },
    async pekCsr() {
      const [csr] = await withDevice((session) => session.negotiate('PEK_CSR', 1));
      return csr!;
    },
    pekCertImport: (pek, oca) =>
      withDevice((session) => {
        const spans = [session.place(pek), session.place(oca)];
        return session.run('PEK_CERT_IMPORT', session.placeStruct(encodeSpans(...spans)));
      }),
    pdhGen: plain('PDH_GEN'),
    pekGen: plain('PEK_GEN'),
    factoryReset: plain('FACTORY_RESET'),
    close: () => Promise.resolve(),
  };
}

/** API before 0.17, or 0.17 before build 19. */
const isEarlyNaples = ({ apiMajor, apiMinor, build }: PlatformStatus): boolean =>
  apiMajor === 0 && (apiMinor < 17 || (apiMinor === 17 && build < 19));

/** GET_ID2, or the old GET_ID where kernel or firmware does not have it. */
async function readId(session: Session): Promise<Uint8Array> {
  try {
    const [id] = await session.negotiate('GET_ID2', 1, [ERRNO.EINVAL, ERRNO.ENOTSUPP]);
    if (id !== undefined) return id;
  } catch (error) {
    if (!(error instanceof SevError && error.code === 'AMDSP_INVALID_COMMAND')) throw error;
  }
  const both = session.allocate(GET_ID_SIZE);
  await session.run('GET_ID', both);
  return both.bytes.slice();
}

/** The device while one command runs, and the memory that the command uses. */
class Session {
  readonly #kernel: Kernel;
  readonly #fd: number;
  readonly #memory: NativeMemory[] = [];

  constructor(kernel: Kernel, path: string) {
    this.#kernel = kernel;
    let fd = kernel.open(path, 'read-write');
    if (fd === -ERRNO.EACCES || fd === -ERRNO.EPERM) fd = kernel.open(path, 'read');
    if (fd < 0) throw openError(path, -fd);
    this.#fd = fd;
  }

  close(): void {
    for (const memory of this.#memory) this.#kernel.free(memory);
    this.#kernel.close(this.#fd);
  }

  allocate(length: number): NativeMemory {
    const memory = this.#kernel.allocate(length);
    this.#memory.push(memory);
    return memory;
  }

  placeStruct(bytes: Uint8Array): NativeMemory {
    const memory = this.allocate(bytes.length);
    memory.bytes.set(bytes);
    return memory;
  }

  place(bytes: Uint8Array): Span {
    return { address: this.placeStruct(bytes).address, length: bytes.length };
  }

  /** @throws SevError AMDSP_*, RELAY_DEVICE */
  async run(command: CommandName, struct?: NativeMemory): Promise<void> {
    const { errno, status } = await this.#issue(command, struct);
    if (errno !== 0) throw ioctlError(command, errno, status);
  }

  /**
   * Asks how long the answers are, then asks again with buffers of those lengths.
   * @param absent errnos that mean that there is no such command here; the answer is then empty
   */
  async negotiate(command: CommandName, count: number, absent: readonly number[] = []): Promise<Uint8Array[]> {
    const empty = this.placeStruct(encodeSpans(...Array<Span>(count).fill(NO_SPAN)));
    const { errno, status } = await this.#issue(command, empty);
    if (absent.includes(errno)) return [];
    if (errno !== ERRNO.EIO || status !== STATUS_INVALID_LENGTH) {
      throw errno === 0 ? unexpected(command, 'It took no buffers for an answer.') : ioctlError(command, errno, status);
    }
    const lengths = parseSpanLengths(empty.bytes);
    const bad = lengths.find((length) => length === 0 || length > MAX_BLOB_BYTES);
    if (bad !== undefined) throw unexpected(command, `It wants a buffer of ${bad} bytes.`);
    const buffers = lengths.map((length) => this.allocate(length));
    const spans = buffers.map(({ address, bytes }) => ({ address, length: bytes.length }));
    const filled = this.placeStruct(encodeSpans(...spans));
    await this.run(command, filled);
    const written = parseSpanLengths(filled.bytes);
    return buffers.map(({ bytes }, i) => bytes.slice(0, written[i]));
  }

  async #issue(command: CommandName, struct?: NativeMemory): Promise<Outcome> {
    const issue = this.placeStruct(encodeIssue(command, struct?.address ?? 0n));
    const result = await this.#kernel.ioctl(this.#fd, SEV_ISSUE_CMD, issue.address);
    return { errno: -result, status: parseIssueError(issue.bytes) };
  }
}

const unexpected = (command: CommandName, because: string): SevError =>
  new SevError('RELAY_DEVICE', { at: command, because });

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
