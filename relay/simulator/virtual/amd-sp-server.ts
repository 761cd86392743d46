// The software AMD-SP behind the shim: takes the commands of /dev/sev and of KVM over a Unix socket, and answers with
// errno and firmware status. A connection that began a guest is that guest; when it ends, so does the guest.
import { createServer, type Socket } from 'node:net';
import { SevError } from '../../../shared/errors.ts';
import { ByteReader } from '../../../shared/bytes/reader.ts';
import { ByteWriter, concat } from '../../../shared/bytes/writer.ts';
import type { SimulatedAmdSp } from '../../../shared/simulator/amd-sp.ts';
import { AmdSpFailure, STATUS } from '../../../shared/simulator/failure.ts';
import type { SevDevice } from '../../sources/types.ts';
import { ensureInitialised } from '../device.ts';

/** What the shim asks for: the numbers of /dev/sev, and KVM's own above 0x100. */
const OP = {
  FACTORY_RESET: 0,
  PLATFORM_STATUS: 1,
  PEK_GEN: 2,
  PEK_CSR: 3,
  PDH_GEN: 4,
  PDH_CERT_EXPORT: 5,
  PEK_CERT_IMPORT: 6,
  GET_ID2: 8,
  INIT: 0x100,
  LAUNCH_START: 0x102,
  LAUNCH_UPDATE_DATA: 0x103,
  LAUNCH_UPDATE_VMSA: 0x104,
  LAUNCH_SECRET: 0x105,
  LAUNCH_MEASURE: 0x106,
  LAUNCH_FINISH: 0x107,
  GUEST_STATUS: 0x110,
  GET_ATTESTATION_REPORT: 0x114,
} as const;

const ERRNO = { EIO: 5, EBUSY: 16, EINVAL: 22 };
const NO_FIRMWARE_CALL = 0xffffffff;
const HEADER_SIZE = 8;
const MAX_PAYLOAD = 64 * 1024 * 1024;
const EMPTY = new Uint8Array();

export interface AmdSpServer {
  readonly path: string;
  close(): Promise<void>;
}

/** @param path where the shim looks for it: `amd-sp.sock` beside the shim */
export async function serveAmdSp(path: string, amdSp: SimulatedAmdSp, device: SevDevice): Promise<AmdSpServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const caller = new Caller(amdSp, device);
    serveCaller(socket, caller);
    socket.on('close', () => {
      sockets.delete(socket);
      caller.leave();
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Reads requests (operation u32, length u32, payload) and answers each before the next. */
function serveCaller(socket: Socket, caller: Caller): void {
  let held = Buffer.alloc(0);
  let working = Promise.resolve();
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      if (held.length < HEADER_SIZE) return;
      const [operation, length] = [held.readUInt32LE(0), held.readUInt32LE(4)];
      if (length > MAX_PAYLOAD) return void socket.destroy();
      if (held.length < HEADER_SIZE + length) return;
      const payload = new Uint8Array(held.subarray(HEADER_SIZE, HEADER_SIZE + length));
      held = held.subarray(HEADER_SIZE + length);
      working = working.then(async () => void socket.write(await caller.answer(operation, payload)));
    }
  });
}

/** One open file of the shim's: `/dev/sev`, or a virtual machine. */
class Caller {
  #amdSp: SimulatedAmdSp;
  #device: SevDevice;
  #handle: number | undefined;

  constructor(amdSp: SimulatedAmdSp, device: SevDevice) {
    this.#amdSp = amdSp;
    this.#device = device;
  }

  /** Errno, firmware status, length (u32 each) and what there is to say. */
  async answer(operation: number, payload: Uint8Array): Promise<Uint8Array> {
    try {
      const bytes = await this.#run(operation, payload);
      return new ByteWriter(12 + bytes.length).u32(0).u32(0).u32(bytes.length).bytes(bytes).finish();
    } catch (failure) {
      const [errno, status] = outcomeOf(failure);
      return new ByteWriter(12).u32(errno).u32(status).u32(0).finish();
    }
  }

  /** The file was closed, or its process ended. */
  leave(): void {
    if (this.#handle === undefined) return;
    // The platform may have been shut down meanwhile; then the guest is gone already.
    this.#amdSp.decommission(this.#handle).catch(() => undefined);
  }

  #run(operation: number, payload: Uint8Array): Promise<Uint8Array> {
    return operation < OP.INIT ? this.#runDevice(operation, payload) : this.#runGuest(operation, payload);
  }

  async #runDevice(operation: number, payload: Uint8Array): Promise<Uint8Array> {
    const device = this.#device;
    const done = async (command: Promise<void>) => command.then(() => EMPTY);
    switch (operation) {
      case OP.PLATFORM_STATUS:
        return this.#status();
      case OP.PDH_CERT_EXPORT: {
        const { pdh, chain } = await device.pdhCertExport();
        return concat(pdh, chain);
      }
      case OP.PEK_CERT_IMPORT:
        return done(this.#import(payload));
      case OP.PEK_CSR:
        return device.pekCsr();
      case OP.GET_ID2:
        return device.getId();
      case OP.PEK_GEN:
        return done(device.pekGen());
      case OP.PDH_GEN:
        return done(device.pdhGen());
      case OP.FACTORY_RESET:
        return done(device.factoryReset());
      default:
        throw new UnknownOperation();
    }
  }

  async #runGuest(operation: number, payload: Uint8Array): Promise<Uint8Array> {
    const amdSp = this.#amdSp;
    if (operation === OP.INIT) return ensureInitialised(amdSp).then(() => EMPTY);
    if (operation === OP.LAUNCH_START) return this.#launchStart(payload);
    const handle = this.#handle ?? 0;
    const done = async (command: Promise<void>) => command.then(() => EMPTY);
    switch (operation) {
      case OP.LAUNCH_UPDATE_DATA:
        return done(amdSp.launchUpdateData(handle, payload));
      case OP.LAUNCH_UPDATE_VMSA:
        return done(amdSp.launchUpdateVmsa(handle, payload));
      case OP.LAUNCH_MEASURE:
        return amdSp.launchMeasure(handle);
      case OP.LAUNCH_SECRET:
        return this.#launchSecret(handle, payload);
      case OP.LAUNCH_FINISH:
        return done(amdSp.launchFinish(handle));
      case OP.GUEST_STATUS: {
        const { policy, state } = amdSp.guestStatus(handle);
        return new ByteWriter(12).u32(handle).u32(policy).u32(state).finish();
      }
      case OP.GET_ATTESTATION_REPORT:
        return amdSp.attestationReport(handle, payload);
      default:
        throw new UnknownOperation();
    }
  }

  /** API major, API minor, state, owned, SEV-ES, build: one byte each; then the number of guests, u32. */
  #status(): Uint8Array {
    const { apiMajor, apiMinor, state, owned, es, build, guests } = this.#amdSp.platformStatus();
    const states = { uninit: 0, init: 1, working: 2 };
    const bytes = [apiMajor, apiMinor, states[state], owned ? 1 : 0, es ? 1 : 0, build];
    return new ByteWriter(10).bytes(Uint8Array.from(bytes)).u32(guests).finish();
  }

  /** PEK length u32, PEK, OCA. */
  async #import(payload: Uint8Array): Promise<void> {
    const reader = new ByteReader(payload, 'import');
    const pek = reader.take(reader.u32('pekLength'), 'pek');
    await this.#device.pekCertImport(pek, reader.take(reader.remaining, 'oca'));
  }

  /** Policy u32, handle of a guest to share with u32, GODH length u32, GODH, session. */
  async #launchStart(payload: Uint8Array): Promise<Uint8Array> {
    const reader = new ByteReader(payload, 'launchStart');
    const [policy, sharedWith] = [reader.u32('policy'), reader.u32('handle')];
    const godh = reader.take(reader.u32('godhLength'), 'godh');
    const session = reader.take(reader.remaining, 'session');
    this.#handle = await this.#amdSp.launchStart({
      policy,
      handle: sharedWith,
      ...(godh.length > 0 && { godh }),
      ...(session.length > 0 && { session }),
    });
    return new ByteWriter(4).u32(this.#handle).finish();
  }

  /** Guest length u32, header length u32, header, payload. @returns what lands in guest memory */
  #launchSecret(handle: number, bytes: Uint8Array): Promise<Uint8Array> {
    const reader = new ByteReader(bytes, 'launchSecret');
    const guestLength = reader.u32('guestLength');
    const header = reader.take(reader.u32('headerLength'), 'header');
    return this.#amdSp.launchSecret(handle, { header, payload: reader.take(reader.remaining, 'payload'), guestLength });
  }
}

class UnknownOperation extends Error {}

/** As the kernel reports it: EIO with the firmware's status, or an errno without the firmware having been asked. */
function outcomeOf(failure: unknown): readonly [errno: number, status: number] {
  if (failure instanceof AmdSpFailure) return [0, failure.status];
  if (failure instanceof UnknownOperation) return [ERRNO.EINVAL, NO_FIRMWARE_CALL];
  if (failure instanceof SevError && failure.code === 'RELAY_DEVICE') return [ERRNO.EBUSY, NO_FIRMWARE_CALL];
  if (failure instanceof SevError) return [0, STATUS.INVALID_PARAM];
  return [ERRNO.EIO, NO_FIRMWARE_CALL];
}
