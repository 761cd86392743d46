// What the relay needs from a host. Each source is one of these; the simulator stands in for them with the same words.
// Every failure of a source is a SevError, so that its sentence reaches the Guest Owner as it is.
import type { Guest, GuestState, HostCheck, Profile, ResultOf } from '../../shared/relay-protocol.ts';

export type PlatformStatus = ResultOf<'platform.status'>;
export type PlatformCertificates = ResultOf<'platform.certificates'>;
export type Measurement = ResultOf<'guest.measurement'>;
export type Configuration = ResultOf<'guest.configuration'>;

/**
 * The AMD-SP's own commands, one method each: what `/dev/sev` offers, and nothing more. SEV API, chapter 5.
 * @throws SevError AMDSP_* with the firmware's status in its words, RELAY_DEVICE when the device itself fails
 */
export interface SevDevice {
  platformStatus(): Promise<PlatformStatus>;
  /** PDH: 2,084 bytes. Chain: 6,252 bytes, PEK, OCA and CEK, the CEK as the chip exports it. */
  pdhCertExport(): Promise<{ readonly pdh: Uint8Array; readonly chain: Uint8Array }>;
  /** 64 bytes per socket: 64 or 128 in all. */
  getId(): Promise<Uint8Array>;
  /** 2,084 bytes: the PEK with both signature slots unused. */
  pekCsr(): Promise<Uint8Array>;
  /** Two certificates of 2,084 bytes: the PEK signed by the OCA, and the OCA. */
  pekCertImport(pek: Uint8Array, oca: Uint8Array): Promise<void>;
  pdhGen(): Promise<void>;
  pekGen(): Promise<void>;
  factoryReset(): Promise<void>;
  close(): Promise<void>;
}

/** AMD's side of a chain: a copy of the chip's CEK that the ASK signed, and the CA. What is not known is left out. */
export interface AmdCertificates {
  readonly cek?: Uint8Array;
  readonly ask?: Uint8Array;
  readonly ark?: Uint8Array;
}

/** Where AMD's certificates come from: the operator's files, AMD's key server, or the simulated AMD. */
export interface AmdCertificateSource {
  /**
   * @param chipIds what GET_ID said, 64 bytes per socket
   * @param exportedCek the CEK that the chip exported, 2,084 bytes
   */
  certificatesFor(chipIds: readonly Uint8Array[], exportedCek: Uint8Array): Promise<AmdCertificates>;
}

/** The platform as the protocol speaks of it; `platform.ts` makes one from a SevDevice and an AmdCertificateSource. */
export interface PlatformSource {
  readonly simulated: boolean;
  status(): Promise<PlatformStatus>;
  certificates(): Promise<PlatformCertificates>;
  /** One id per socket, lower-case hex. */
  identifier(): Promise<readonly string[]>;
  readonly owner: PlatformOwnerCommands;
  close(): Promise<void>;
}

/** What changes a platform's keys. The relay offers them only with --allow-ownership. */
export interface PlatformOwnerCommands {
  csr(): Promise<Uint8Array>;
  import(pek: Uint8Array, oca: Uint8Array): Promise<void>;
  rotatePdh(): Promise<void>;
  regeneratePek(): Promise<void>;
  reset(): Promise<void>;
}

export interface GuestChange {
  readonly id: string;
  readonly state: GuestState;
}

/** A sealed secret packet: header 52 bytes, payload a multiple of 16 bytes; `gpa` only where the owner chose one. */
export interface SecretPacketParams {
  readonly header: Uint8Array;
  readonly secret: Uint8Array;
  readonly gpa?: number;
}

/** Guests that somebody started: by their monitors, through libvirt, or by the launcher. */
export interface GuestSource {
  readonly backend: Guest['backend'];
  /** Whether this source speaks for the id. Ids begin with the backend: `qmp:web-1`, `libvirt:web-1`. */
  owns(id: string): boolean;
  list(): Promise<readonly Guest[]>;
  measurement(id: string): Promise<Measurement>;
  inject(id: string, packet: SecretPacketParams): Promise<void>;
  resume(id: string): Promise<void>;
  destroy(id: string): Promise<void>;
  /** @param mnonce 16 bytes @returns 208 bytes */
  report(id: string, mnonce: Uint8Array): Promise<Uint8Array>;
  configuration(id: string): Promise<Configuration>;
  /** Calls back on every change of a guest's state; the returned function ends it. */
  onChange(listener: (change: GuestChange) => void): () => void;
  close(): Promise<void>;
}

/** Where a QMP monitor listens: a Unix socket's path, or a TCP host and port. */
export type QmpEndpoint = { readonly path: string } | { readonly host: string; readonly port: number };

export interface LaunchRequest {
  readonly profile: string;
  readonly policy: number;
  /** GODH, 2,084 bytes. */
  readonly dhCert: Uint8Array;
  /** The session blob, 128 bytes. */
  readonly session: Uint8Array;
}

/** A guest that a starter started, paused before its first instruction. */
export interface StartedGuest {
  /** Unique among the starter's guests; becomes `launcher:NAME`. Letters, digits, `-`, `_` and `.` only. */
  readonly name: string;
  /** The profile that it was started from. */
  readonly profile: string;
  /** Its private monitor, ready to be connected to. */
  readonly qmp: QmpEndpoint;
  /** The arguments that it was started with, one a line, without key material; for the configuration audit. */
  readonly configuration: string;
  /** False when the profile starts a guest without SEV. */
  readonly sev: boolean;
}

/** Starts guests from what the host operator wrote. The launcher attaches the relay's own QMP client to each. */
export interface GuestStarter {
  profiles(): Promise<readonly Profile[]>;
  /** @throws SevError RELAY_NO_PROFILE, or what QEMU said when it did not start */
  start(request: LaunchRequest): Promise<StartedGuest>;
  /** Guests that an earlier relay started and that still run; adopted at the start. */
  adopt(): Promise<readonly StartedGuest[]>;
  /** Ends the guest whatever state it is in, and removes its files. */
  destroy(name: string): Promise<void>;
  close(): Promise<void>;
}

/** A source of guests that can also make them. */
export interface Launcher extends GuestSource {
  /** Whether a profile of this name would be one of this launcher's. */
  launches(profile: string): boolean;
  profiles(): Promise<readonly Profile[]>;
  /**
   * Starts a guest, paused.
   * @param claim is told its id before anything else is heard of it: from then on it is one owner's
   * @returns its id
   */
  launch(request: LaunchRequest, claim?: (id: string) => void): Promise<string>;
}

/** Whether this host can run SEV guests, item by item. */
export type HostChecks = () => Promise<readonly HostCheck[]>;

/** A guest whose monitor the operator named, or that the simulated host had running from the start. */
export interface NamedMonitor {
  readonly name: string;
  readonly qmp: QmpEndpoint;
}

/**
 * What `relay/simulator` starts: everything above, without any SEV hardware. Its door is `relay/simulator/index.ts`,
 * with `startSimulatedHost({ dir })` for --simulate and `startVirtualSevHost({ dir })` for --simulate=qemu; `dir` is a
 * folder of its own for sockets and files.
 */
export interface SimulatedHost {
  readonly device: SevDevice;
  readonly amd: AmdCertificateSource;
  readonly starter: GuestStarter;
  /** Guests that run already, with their monitors. */
  readonly monitors: readonly NamedMonitor[];
  close(): Promise<void>;
}
