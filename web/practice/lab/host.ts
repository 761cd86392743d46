// The host of the tamper lab: a simulated platform that launches one guest and says what it likes of it. As it stands here
// it is honest; a lie takes one of its answers over.
import { SEV_CERT_SIZE } from '../../../shared/sev/formats/sizes.ts';
import type { FirmwareVersion } from '../../../shared/sev/formats/firmware-version.ts';
import { concat } from '../../../shared/bytes/writer.ts';
import { SimulatedAmdSp } from '../../../shared/simulator/amd-sp.ts';
import { demoGuestImage } from '../../../shared/simulator/demo-guest/image.ts';
import { SimulatedMachine } from '../../../shared/simulator/virtual-machine.ts';
import { CPU_SIGNATURE } from '../host/profiles.ts';

/** The six certificates as the host gives them. */
export interface Certificates {
  readonly pdh: Uint8Array;
  readonly pek: Uint8Array;
  readonly oca: Uint8Array;
  readonly cek: Uint8Array;
  readonly ask: Uint8Array;
  readonly ark: Uint8Array;
}

/** What the guest owner hands over for a launch. */
export interface HandedOver {
  readonly policy: number;
  readonly dhCert: Uint8Array;
  readonly session: Uint8Array;
}

/** What the host starts. Without GODH and session the AMD-SP makes keys of its own. */
export interface Started {
  readonly guestImage: Uint8Array;
  readonly policy: number;
  readonly dhCert?: Uint8Array;
  readonly session?: Uint8Array;
}

/** What the host says of a launch. */
export interface Told extends FirmwareVersion {
  /** As it was pasted or carried: its kind is for the reader to tell. */
  readonly measurement: Uint8Array;
  readonly policy: number;
}

export interface LabHost {
  certificates(): Promise<Certificates>;
  /** The blobs on their way to the AMD-SP, as they arrive. */
  carry(given: HandedOver): Promise<HandedOver>;
  start(given: HandedOver): Promise<Started>;
  tell(truth: Told, given: HandedOver): Promise<Told>;
  /** An attestation report for this nonce. */
  report(machine: SimulatedMachine, mnonce: Uint8Array): Promise<Uint8Array>;
}

/** The platform itself: it does what AMD's would, whatever its host wants. */
export class LabPlatform {
  readonly amdSp: SimulatedAmdSp;

  private constructor(amdSp: SimulatedAmdSp) {
    this.amdSp = amdSp;
  }

  static async create(): Promise<LabPlatform> {
    return new LabPlatform(await SimulatedAmdSp.create());
  }

  certificates(): Certificates {
    const { pdh, chain } = this.amdSp.pdhCertExport();
    const [pek, oca] = [0, 1].map((i) => chain.slice(i * SEV_CERT_SIZE, (i + 1) * SEV_CERT_SIZE)) as [
      Uint8Array,
      Uint8Array,
    ];
    return { pdh, pek, oca, cek: this.amdSp.amdCek(), ...this.amdSp.caCerts() };
  }

  /** @throws QemuRefusal when the AMD-SP refuses */
  launch(started: Started): Promise<SimulatedMachine> {
    const machine = { memoryBytes: 16 * 1024 * 1024, cpus: 1, cpuSignature: CPU_SIGNATURE };
    return SimulatedMachine.start(this.amdSp, { ...machine, ...started });
  }
}

export const honestHost = (platform: LabPlatform): LabHost => ({
  certificates: () => Promise.resolve(platform.certificates()),
  carry: (given) => Promise.resolve(given),
  start: (given) => Promise.resolve({ guestImage: demoGuestImage(), ...given }),
  tell: (truth) => Promise.resolve(truth),
  report: (machine, mnonce) => machine.report(mnonce),
});

/** The truth about a launched guest. */
export function truthOf(machine: SimulatedMachine): Told {
  const { apiMajor, apiMinor, build, policy } = machine.sevInfo;
  return { measurement: concat(machine.launchMeasure), apiMajor, apiMinor, build, policy };
}
