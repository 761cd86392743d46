// A software AMD Secure Processor for SEV-SNP under the published test root: it launches guests, refuses what their owner did not
// sign, and signs reports. It encrypts nothing, and proves nothing about a host.
import { type Random, webCryptoRandom } from '../../crypto/subtle.ts';
import { type CertificateEntries, encodeTable } from './table.ts';
import type { Cpuid, SnpProduct } from '../../snp/formats/product.ts';
import {
  encodeSnpReport,
  encodeSnpReportBody,
  type FirmwareVersion,
  type SigningKey,
} from '../../snp/formats/report.ts';
import type { Tcb } from '../../snp/formats/tcb.ts';
import { AmdSpFailure, requireThat, STATUS } from '../failure.ts';
import { SnpAuthority } from './authority.ts';
import { type LaunchFinish, SnpGuest } from './guest.ts';
import { certifyVcek, certifyVlek, signReport, vcekOf, vlekOf } from './signing-key.ts';

/** Policy bits: 17 is always one, 26 and above are reserved. */
const ALWAYS_ONE = 1n << 17n;
const RESERVED = ~((1n << 26n) - 1n);
const SMT = 1n << 16n;
const MIGRATE = 1n << 18n;
const CIPHERTEXT_HIDING = 1n << 24n;

const PRODUCTS: Readonly<Record<SnpProduct, { cpuid: Cpuid; tcb: Tcb; idSize: 64 | 8 }>> = {
  Milan: {
    cpuid: { family: 0x19, model: 0x01, stepping: 1 },
    tcb: { bootLoader: 4, tee: 0, snp: 0x18, microcode: 0xdb },
    idSize: 64,
  },
  Genoa: {
    cpuid: { family: 0x19, model: 0x11, stepping: 1 },
    tcb: { bootLoader: 10, tee: 0, snp: 0x17, microcode: 0x54 },
    idSize: 64,
  },
  Turin: {
    cpuid: { family: 0x1a, model: 0x02, stepping: 1 },
    tcb: { fmc: 1, bootLoader: 1, tee: 1, snp: 4, microcode: 0x51 },
    idSize: 8,
  },
};

export interface SnpPlatformOptions {
  readonly product?: SnpProduct;
  readonly random?: Random;
  /** What runs now. */
  readonly tcb?: Tcb;
  /** Below this the platform does not go back; what runs now unless said. */
  readonly committedTcb?: Tcb;
  /** Whose key signs; the host may lower it. What is committed unless said. */
  readonly reportedTcb?: Tcb;
  readonly firmware?: FirmwareVersion;
  readonly committedFirmware?: FirmwareVersion;
  /** PLATFORM_INFO. */
  readonly platformInfo?: bigint;
  /** Reports do not name the chip. */
  readonly maskChipId?: boolean;
  /** A cloud provider whose VLEK this platform was given, such as `CN=simulated-cloud.example`. */
  readonly provider?: string;
  /** The same chip again: 64 bytes, or Turin's 8. */
  readonly chipId?: Uint8Array;
  readonly now?: () => Date;
}

export interface ReportRequest {
  /** 64 bytes. */
  readonly reportData: Uint8Array;
  /** 0 unless said. */
  readonly vmpl?: number;
  readonly signingKey?: SigningKey;
  /** As firmware of that age writes it; 3 unless said. */
  readonly version?: 2 | 3 | 5;
}

export interface SnpPlatformStatus {
  readonly product: SnpProduct;
  readonly firmware: FirmwareVersion;
  readonly tcb: Tcb;
  readonly committedTcb: Tcb;
  readonly reportedTcb: Tcb;
  readonly maskChipId: boolean;
  readonly guests: number;
}

/** One simulated platform. Each command throws an AmdSpFailure with the specification's status where it must. */
export class SimulatedSnpAmdSp {
  readonly chipId: Uint8Array;
  readonly #authority: SnpAuthority;
  readonly #options: SnpPlatformOptions;
  readonly #random: Random;
  readonly #guests = new Map<number, SnpGuest>();
  #tcb: Tcb;
  #committedTcb: Tcb;
  #reportedTcb: Tcb;
  #lastHandle = 0;

  private constructor(authority: SnpAuthority, options: SnpPlatformOptions) {
    const { random = webCryptoRandom } = options;
    const { tcb, idSize } = PRODUCTS[authority.product];
    this.#authority = authority;
    this.#options = options;
    this.#random = random;
    this.chipId = options.chipId ?? random(idSize);
    this.#tcb = options.tcb ?? tcb;
    this.#committedTcb = options.committedTcb ?? this.#tcb;
    this.#reportedTcb = options.reportedTcb ?? this.#committedTcb;
  }

  static async create(options: SnpPlatformOptions = {}): Promise<SimulatedSnpAmdSp> {
    return new SimulatedSnpAmdSp(await SnpAuthority.create(options.product ?? 'Milan'), options);
  }

  /** The simulated AMD behind this platform, for certificates and lists of revoked ones. */
  get authority(): SnpAuthority {
    return this.#authority;
  }

  /** SNP_PLATFORM_STATUS. */
  get status(): SnpPlatformStatus {
    const { firmware = FIRMWARE, maskChipId = false } = this.#options;
    return {
      product: this.#authority.product,
      firmware,
      tcb: this.#tcb,
      committedTcb: this.#committedTcb,
      reportedTcb: this.#reportedTcb,
      maskChipId,
      guests: this.#guests.size,
    };
  }

  /** SNP_SET_CONFIG: which TCB's key signs from now on. @throws AmdSpFailure INVALID_PARAM above what is committed */
  setReportedTcb(tcb: Tcb): void {
    const committed = this.#committedTcb;
    const isAbove = (Object.keys(tcb) as (keyof Tcb)[]).some((part) => tcb[part]! > (committed[part] ?? -1));
    requireThat(!isAbove, STATUS.INVALID_PARAM, 'The reported TCB must not be above the committed one.');
    this.#reportedTcb = tcb;
  }

  /** New firmware or microcode, loaded while guests run. */
  update(tcb: Tcb): void {
    this.#tcb = tcb;
  }

  /** SNP_COMMIT: no way back. */
  commit(): void {
    this.#committedTcb = this.#tcb;
    this.#reportedTcb = this.#tcb;
  }

  /** SNP_LAUNCH_START. @throws AmdSpFailure POLICY_FAILURE */
  launchStart(policy: bigint): number {
    const fails = (condition: boolean, because: string): void => requireThat(condition, STATUS.POLICY_FAILURE, because);
    fails(
      (policy & ALWAYS_ONE) !== 0n && (policy & RESERVED) === 0n,
      'A reserved bit of the policy is not as it must be.',
    );
    const { firmware = FIRMWARE, platformInfo = PLATFORM_INFO } = this.#options;
    const [minor, major] = [Number(policy & 0xffn), Number((policy >> 8n) & 0xffn)];
    fails(
      firmware.major > major || (firmware.major === major && firmware.minor >= minor),
      'The policy asks for a newer ABI.',
    );
    fails((policy & SMT) !== 0n || (platformInfo & 1n) === 0n, 'The policy forbids SMT, which is on.');
    fails((policy & CIPHERTEXT_HIDING) === 0n || (platformInfo & 0x10n) !== 0n, 'Ciphertext hiding is off.');
    const handle = ++this.#lastHandle;
    this.#guests.set(handle, new SnpGuest(policy, this.#random(32)));
    return handle;
  }

  /** SNP_LAUNCH_UPDATE. @throws AmdSpFailure */
  launchUpdate(handle: number, type: number, gpa: bigint, contents: Uint8Array): void {
    this.#guest(handle).update(type, gpa, contents);
  }

  /** SNP_LAUNCH_FINISH. @throws AmdSpFailure */
  launchFinish(handle: number, finish: LaunchFinish = {}): void {
    this.#guest(handle).finish(finish);
  }

  launchDigest(handle: number): Uint8Array {
    return this.#guest(handle).launchDigest;
  }

  decommission(handle: number): void {
    this.#guest(handle);
    this.#guests.delete(handle);
  }

  /**
   * MSG_REPORT_REQ of the guest: a signed report, 1,184 bytes.
   * @throws AmdSpFailure INVALID_GUEST_STATE before it runs, INVALID_PARAM, UNSUPPORTED for a VLEK that was never given
   */
  report(handle: number, { reportData, vmpl = 0, signingKey = 'VCEK', version = 3 }: ReportRequest): Uint8Array {
    const guest = this.#guest(handle);
    requireThat(guest.isRunning, STATUS.INVALID_GUEST_STATE, 'The guest does not run yet.');
    requireThat(reportData.length === 64 && vmpl >= 0 && vmpl <= 3, STATUS.INVALID_PARAM);
    const { product } = this.#authority;
    requireThat(
      version > 2 || product !== 'Turin',
      STATUS.UNSUPPORTED,
      'Reports of version 2 have no place for its TCB.',
    );
    const { firmware = FIRMWARE, maskChipId = false, platformInfo = PLATFORM_INFO } = this.#options;
    const { cpuid, idSize } = PRODUCTS[product];
    const chipId = new Uint8Array(64);
    if (!maskChipId) chipId.set(this.chipId.subarray(0, idSize));
    const body = encodeSnpReportBody({
      version,
      policyValue: guest.policy,
      vmpl,
      ...guest.identity,
      currentTcb: this.#tcb,
      platformInfo,
      maskChipKey: false,
      signingKey,
      reportData,
      measurement: guest.launchDigest,
      hostData: guest.hostData,
      reportId: guest.reportId,
      // Without a migration agent all bits are set; a policy that allows one gets an agent of its own here.
      reportIdMa: (guest.policy & MIGRATE) === 0n ? new Uint8Array(32).fill(0xff) : this.#random(32),
      reportedTcb: this.#reportedTcb,
      cpuid: version === 2 ? undefined : cpuid,
      chipId,
      committedTcb: this.#committedTcb,
      current: firmware,
      committed: this.#options.committedFirmware ?? firmware,
      launchTcb: this.#tcb,
      launchMitVector: version === 5 ? 0x0bn : undefined,
      currentMitVector: version === 5 ? 0x0bn : undefined,
    });
    return encodeSnpReport(body, signReport(this.#key(signingKey), body));
  }

  /** The certificate of the key that signs now, DER; VCEKs are issued as AMD's server does, VLEKs as providers get them. */
  certificate(signingKey: SigningKey = 'VCEK'): Promise<Uint8Array> {
    const now = (this.#options.now ?? (() => new Date()))();
    const facts = { key: this.#key(signingKey), tcb: this.#reportedTcb, now };
    const { provider = '' } = this.#options;
    return signingKey === 'VCEK'
      ? certifyVcek(this.#authority, facts, this.chipId)
      : certifyVlek(this.#authority, facts, provider);
  }

  /** The table that a host hands the guest beside its report. */
  async certificateTable(signingKey: SigningKey = 'VCEK'): Promise<Uint8Array> {
    const { ark, ask, asvk } = this.#authority.certificates;
    const vek = await this.certificate(signingKey);
    const entries: CertificateEntries = signingKey === 'VCEK' ? { vcek: vek, ask, ark } : { vlek: vek, ask: asvk, ark };
    return encodeTable(entries);
  }

  #key(signingKey: SigningKey) {
    const { product } = this.#authority;
    if (signingKey === 'VCEK') return vcekOf(this.chipId, product, this.#reportedTcb);
    const { provider } = this.#options;
    requireThat(provider !== undefined, STATUS.UNSUPPORTED, 'This platform was given no VLEK.');
    return vlekOf(provider, product, this.#reportedTcb);
  }

  #guest(handle: number): SnpGuest {
    const guest = this.#guests.get(handle);
    if (!guest) throw new AmdSpFailure(STATUS.INVALID_GUEST, `There is no guest ${handle}.`);
    return guest;
  }
}

/** Firmware whose PLATFORM_INFO tells that memory aliases were looked for. */
const FIRMWARE: FirmwareVersion = { major: 1, minor: 55, build: 40 };
/** SMT, ECC and the finished check for aliases. */
const PLATFORM_INFO = 0x25n;
