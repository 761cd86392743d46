// What the measurement doctor is told: the host's report, what the guest owner expected, and what else it might have been.
import type { HmacOracle } from '../../../crypto/hmac-search.ts';
import type { VmsaPages, VmsaVariant } from '../../../guest/vmsa.ts';
import type { ImageDigestState } from '../../verify/launch-digest.ts';
import type { ReportedLaunch } from '../../verify/launch-measure.ts';

/** A guest image of the owner's library. */
export interface DoctorImage {
  /** As the owner knows it: `OVMF.amdsev.fd, imported on 3 May`. */
  readonly name: string;
  readonly state: ImageDigestState;
  readonly resetEip?: number;
}

/** A kernel or initrd of the owner's library. */
export interface NamedHash {
  readonly name: string;
  readonly sha256: Uint8Array;
}

export interface DoctorKernel {
  readonly kernel: NamedHash;
  readonly initrd?: NamedHash;
  readonly cmdline?: string;
}

/** The registers that were expected, by their settings or as files. */
export type DoctorRegisters =
  | {
      readonly variant: VmsaVariant;
      readonly cpuSignature: number;
      readonly sevFeatures?: number;
      readonly vcpus: number;
    }
  | { readonly pages: VmsaPages };

/**
 * A key that may have made the measure. Besides this session's TIK: the TIKs of other sessions, and TEKs that were
 * taken for TIKs. `policy` is that session's own.
 */
export interface DoctorKey {
  readonly role: 'this-session' | 'other-session' | 'tek-as-tik';
  /** As the owner knows the session. */
  readonly name: string;
  readonly policy?: number;
  readonly oracle: HmacOracle;
}

export interface DoctorCase {
  readonly reported: ReportedLaunch;
  /** The session's. */
  readonly policy: number;
  readonly expected: {
    readonly image: DoctorImage;
    readonly kernel?: DoctorKernel;
    /** Missing without SEV-ES. */
    readonly registers?: DoctorRegisters;
  };
  readonly library?: {
    readonly images?: readonly DoctorImage[];
    readonly kernels?: readonly NamedHash[];
    readonly initrds?: readonly NamedHash[];
    readonly cmdlines?: readonly string[];
    /** CPU signatures besides those of QEMU's models: the host's own, for instance. */
    readonly signatures?: readonly number[];
  };
  /** The first is this session's TIK. */
  readonly keys: readonly DoctorKey[];
  /** The API version of the PEK certificate, which may be older than the firmware. */
  readonly pekApi?: { readonly apiMajor: number; readonly apiMinor: number };
  /** The digest that an attestation report of this guest names. */
  readonly reportDigest?: Uint8Array;
}
