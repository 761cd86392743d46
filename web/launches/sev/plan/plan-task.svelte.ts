// Saying what is expected: the guest image, what is measured with it, and the policy.
import type { SuppliedPage, SuppliedPages } from '../../../../shared/sev/decide/described-launch.ts';
import type { FirmwareVersion } from '../../../../shared/sev/formats/firmware-version.ts';
import { SevError } from '../../../../shared/errors.ts';
import { encodePolicy, parsePolicy } from '../../../../shared/sev/formats/policy.ts';
import { requireVmsaPlaces } from '../../../../shared/guest/vmsa-files.ts';
import { VMSA_SIZE, type VmsaVariant } from '../../../../shared/guest/vmsa.ts';
import type { Profile } from '../../../../shared/relay-protocol.ts';
import type { Role } from '../../../library/reference-record.ts';
import { words } from '../../../strings/index.ts';
import type { CallOptions } from '../../../workers/call.ts';
import type { LaunchWork } from '../../task/launch-work.svelte.ts';
import { type CpuPlan, type FileFacts, hasAllPages, type KernelPlan, type Plan, usesEs } from './plan.ts';
import { modelOf } from './profile-fit.ts';

/** A file that is being hashed. */
export interface Hashing {
  readonly role: Role;
  readonly name: string;
  readonly part: number;
  readonly stop: AbortController;
}

export class PlanTask {
  hashing = $state.raw<Hashing | undefined>();
  readonly #launch: LaunchWork;

  constructor(launch: LaunchWork) {
    this.#launch = launch;
  }

  async chooseImage(file: File): Promise<void> {
    await this.#hash(file, 'guest-image', async (options) => {
      const { sha256 } = await this.#launch.app.library.add(file, 'guest-image', options);
      await this.#change({ imageId: sha256 });
    });
  }

  useImage(imageId: string): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ imageId }));
  }

  /** A kernel or an initrd, hashed here; only its hash is measured. */
  async chooseKernelFile(part: 'kernel' | 'initrd', file: File): Promise<void> {
    await this.#hash(file, part, async (options) => {
      await this.#changeKernel(part, await this.#launch.app.library.add(file, part, options));
    });
  }

  useKernelFile(part: 'kernel' | 'initrd', file: FileFacts): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#changeKernel(part, file));
  }

  removeInitrd(): Promise<void> {
    return this.#launch.attempt(undefined, async () => {
      const { initrd: _, ...rest } = this.#launch.present().plan.kernel ?? { cmdline: '' };
      await this.#change({ kernel: rest });
    });
  }

  /** What else is measured: the virtual CPUs, or the kernel's command line. */
  describe(change: { readonly cpu?: Partial<CpuPlan>; readonly kernel?: KernelPlan | undefined }): Promise<void> {
    return this.#launch.attempt(undefined, async () => {
      const { plan } = this.#launch.present();
      const cpu = { ...plan.cpu, ...change.cpu };
      await this.#change('kernel' in change ? { cpu, kernel: change.kernel } : { cpu });
    });
  }

  /** The first registers as a known maker has them, in place of those from files. */
  buildRegisters(variant: VmsaVariant): Promise<void> {
    return this.#launch.attempt(undefined, () => {
      const { pages: _, ...cpu } = this.#launch.present().plan.cpu;
      return this.#change({ cpu: { ...cpu, variant } });
    });
  }

  /** A page of first registers from a file, which is measured as it is. */
  choosePage(place: keyof SuppliedPages, file: File): Promise<void> {
    return this.#launch.attempt(undefined, async () => {
      const supplied = await readPage(file);
      const { cpu } = this.#launch.present().plan;
      const pages = { ...cpu.pages, [place]: supplied };
      requireVmsaPlaces({ boot: pages.boot?.page, others: pages.others?.page });
      await this.#change({ cpu: { ...cpu, pages } });
    });
  }

  /** Takes the shape of what the host offers to start as a first draft, which the guest owner sees and can change. */
  followProfile(profile: Profile): Promise<void> {
    return this.#launch.attempt(undefined, async () => {
      const { name, firmware, cpus, cpuModel, sevEs } = profile;
      const { plan } = this.#launch.present();
      const policy = encodePolicy({ ...parsePolicy(plan.policy), es: sevEs });
      const known = this.#launch.app.library.findImage(firmware.sha256);
      const model = modelOf(cpuModel) ?? plan.cpu.model;
      await this.#change({
        profile: name,
        policy,
        cpu: { ...plan.cpu, vcpus: cpus, model },
        ...(!plan.kernel?.kernel && { kernel: this.#kernelOf(profile) }),
        ...(known && !plan.imageId && { imageId: known.sha256 }),
      });
    });
  }

  /** The oldest firmware that is taken; any, without one. */
  expectFirmware(floor: FirmwareVersion | undefined): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ floor }));
  }

  choosePolicy(policy: number): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ policy, acceptsKeySharing: false }));
  }

  acceptKeySharing(acceptsKeySharing: boolean): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ acceptsKeySharing }));
  }

  /** Of the kernel that a profile names, what the library knows by its hash; the rest is the guest owner's to bring. */
  #kernelOf({ kernel, initrd, cmdline = '' }: Profile): KernelPlan | undefined {
    if (!kernel) return undefined;
    const { library } = this.#launch.app;
    const [knownKernel, knownInitrd] = [library.find('kernel', kernel.sha256), library.find('initrd', initrd?.sha256)];
    return {
      ...(knownKernel && { kernel: factsOf(knownKernel) }),
      ...(knownInitrd && { initrd: factsOf(knownInitrd) }),
      cmdline,
    };
  }

  #changeKernel(part: 'kernel' | 'initrd', file: FileFacts): Promise<void> {
    const kernel = this.#launch.present().plan.kernel ?? { cmdline: '' };
    return this.#change({ kernel: { ...kernel, [part]: factsOf(file) } });
  }

  /** Hashes in a worker, with progress and a way out. */
  async #hash(file: File, role: Role, work: (options: CallOptions) => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const onprogress = (part: number): void => void (this.hashing = { role, name: file.name, part, stop });
    onprogress(0);
    await this.#launch.attempt(undefined, () => work({ signal: stop.signal, onprogress }));
    this.hashing = undefined;
  }

  /** Policy and key sharing are settled by the session; what is expected can be put right until a secret is sealed. */
  async #change(change: { readonly [K in keyof Plan]?: Plan[K] | undefined }): Promise<void> {
    const settled = 'policy' in change || 'acceptsKeySharing' in change;
    const { state, plan } = await this.#launch.app.launches.change(this.#launch.id, (record) => {
      const open = record.state === 'platform' || (record.state === 'mismatch' && !settled);
      if (!open) throw new SevError('VAULT_CONFLICT');
      return { ...record, plan: { ...record.plan, ...change } as Plan, updatedAt: Date.now() };
    });
    // Between two files there is nothing to compare with.
    if (state === 'mismatch' && (!usesEs(plan) || hasAllPages(plan.cpu))) await this.#launch.judgeRecord();
  }
}

const factsOf = ({ name, size, sha256 }: FileFacts): FileFacts => ({ name, size, sha256 });

/** @throws SevError MEASURE_VMSA when it is no page by its size */
async function readPage(file: File): Promise<SuppliedPage> {
  if (file.size === VMSA_SIZE) return { name: file.name, page: new Uint8Array(await file.arrayBuffer()) };
  throw new SevError('MEASURE_VMSA', {
    at: file.name,
    sentence: words.launch.pageSize(file.size),
    next: words.launch.pageSizeNext,
  });
}
