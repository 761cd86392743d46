// What the doctor is told of a launch: the expectation, the report, and everything else that this device knows.
import { fromHex } from '../../../../shared/bytes/text.ts';
import type {
  DoctorImage,
  DoctorKernel,
  DoctorRegisters,
  NamedHash,
} from '../../../../shared/sev/decide/doctor/case.ts';
import { parseAttestationReport } from '../../../../shared/sev/formats/attestation-report.ts';
import { parseCertChain } from '../../../../shared/sev/formats/cert-chain.ts';
import { readCpu } from '../../../../shared/guest/cpu-signature.ts';
import { vmsaPagesInPlace } from '../../../../shared/guest/vmsa-files.ts';
import { DEBUG_SWAP } from '../../../../shared/guest/vmsa.ts';
import { parsePolicy } from '../../../../shared/sev/formats/policy.ts';
import type { ReportedLaunch } from '../../../../shared/sev/verify/launch-measure.ts';
import type { ImageRecord, ReferenceRecord } from '../../../library/reference-record.ts';
import { words } from '../../../strings/index.ts';
import { day } from '../../../strings/time.ts';
import type { DoctorRequest, SearchKey } from '../../../workers/messages.ts';
import type { FileFacts, KernelPlan, Plan } from '../plan/plan.ts';

/** A search of some seconds. */
const LIMIT = 400_000;
/** With three surprises at once it takes minutes. */
const FURTHER = { depth: 3 };
/** Of all launches together: more would not be tried within the limit. */
const MAX_CMDLINES = 500;

interface Known {
  readonly plan: Plan;
  readonly image: ImageRecord;
  readonly reported: ReportedLaunch;
  readonly library: readonly ReferenceRecord[];
  readonly images: readonly ImageRecord[];
  readonly cmdlines: readonly string[];
  readonly keys: readonly SearchKey[];
  /** The launch's chain, whose PEK names an API version. */
  readonly chain: Uint8Array;
  /** The attestation report that came last, if this platform signed it for a nonce of ours. */
  readonly report: Uint8Array | undefined;
  /** The first search found nothing. */
  readonly further: boolean;
}

export function doctorRequest(known: Known): DoctorRequest {
  const { plan, image, reported, library, images, cmdlines, keys, chain, report, further } = known;
  const es = parsePolicy(plan.policy).es;
  const { pek } = parseCertChain(chain);
  const kernel = kernelOf(plan.kernel);
  return {
    reported,
    policy: plan.policy,
    expected: { image: imageOf(image), ...(kernel && { kernel }), ...(es && { registers: registersOf(plan) }) },
    library: {
      images: images.filter(({ id }) => id !== image.id).map(imageOf),
      kernels: library.filter(({ role }) => role === 'kernel').map(hashOf),
      initrds: library.filter(({ role }) => role === 'initrd').map(hashOf),
      cmdlines: [...new Set(cmdlines)].slice(0, MAX_CMDLINES),
    },
    keys,
    pekApi: { apiMajor: pek.apiMajor, apiMinor: pek.apiMinor },
    ...(report && { reportDigest: parseAttestationReport(report).launchDigest }),
    ...(further ? FURTHER : { limit: LIMIT }),
  };
}

const imageOf = ({ name, addedAt, midstate, guestImage }: ImageRecord): DoctorImage => ({
  name: words.launch.fileOfDay(name, day(addedAt)),
  state: midstate,
  ...(guestImage?.resetEip !== undefined && { resetEip: guestImage.resetEip }),
});

const hashOf = ({ name, sha256 }: FileFacts): NamedHash => ({ name, sha256: fromHex(sha256) });

function kernelOf(plan: KernelPlan | undefined): DoctorKernel | undefined {
  if (!plan?.kernel) return undefined;
  return { kernel: hashOf(plan.kernel), ...(plan.initrd && { initrd: hashOf(plan.initrd) }), cmdline: plan.cmdline };
}

function registersOf({ cpu }: Plan): DoctorRegisters {
  const { variant, model, vcpus, debugSwap, pages } = cpu;
  if (pages) return { pages: vmsaPagesInPlace(vcpus, { boot: pages.boot?.page, others: pages.others?.page }) };
  const cpuSignature = readCpu(model);
  return { variant, cpuSignature, vcpus, sevFeatures: debugSwap ? DEBUG_SWAP : 0 };
}
