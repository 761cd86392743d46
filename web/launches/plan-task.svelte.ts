// Saying what is expected: the guest image, what is measured with it, and the policy.
import type { FirmwareFloor } from '../../shared/decide/expectation.ts';
import { SevError } from '../../shared/errors.ts';
import { CPU_MODELS } from '../../shared/formats/cpu-signature.ts';
import { encodePolicy, parsePolicy } from '../../shared/formats/policy.ts';
import type { Profile } from '../../shared/relay-protocol.ts';
import type { CallOptions } from '../workers/call.ts';
import type { LaunchWork } from './launch-work.svelte.ts';
import type { CpuPlan, KernelPlan, Plan } from './plan.ts';

export class PlanTask {
  hashing = $state.raw<{ readonly name: string; readonly part: number; readonly stop: AbortController } | undefined>();
  readonly #launch: LaunchWork;

  constructor(launch: LaunchWork) {
    this.#launch = launch;
  }

  async chooseImage(file: File): Promise<void> {
    await this.#hash(file, async (options) => {
      const { sha256 } = await this.#launch.app.library.add(file, 'guest-image', options);
      await this.#change({ imageId: sha256 });
    });
  }

  useImage(imageId: string): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ imageId }));
  }

  /** A kernel or an initrd, hashed here; only its hash is measured. */
  async chooseKernelFile(part: 'kernel' | 'initrd', file: File): Promise<void> {
    await this.#hash(file, async (options) => {
      const { name, size, sha256 } = await this.#launch.app.library.add(file, part, options);
      const kernel = this.#launch.present().plan.kernel ?? { cmdline: '' };
      await this.#change({ kernel: { ...kernel, [part]: { name, size, sha256 } } });
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

  /** Takes the shape of what the host offers to start as a first draft, which the guest owner sees and can change. */
  followProfile({ name, firmware, cpus, cpuModel, sevEs }: Profile): Promise<void> {
    return this.#launch.attempt(undefined, async () => {
      const { plan } = this.#launch.present();
      const policy = encodePolicy({ ...parsePolicy(plan.policy), es: sevEs });
      const known = this.#launch.app.library.findImage(firmware.sha256);
      const model = modelOf(cpuModel) ?? plan.cpu.model;
      await this.#change({
        profile: name,
        policy,
        cpu: { ...plan.cpu, vcpus: cpus, model },
        ...(known && !plan.imageId && { imageId: known.sha256 }),
      });
    });
  }

  /** The oldest firmware that is taken; any, without one. */
  expectFirmware(floor: FirmwareFloor | undefined): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ floor }));
  }

  choosePolicy(policy: number): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ policy, acceptsKeySharing: false }));
  }

  acceptKeySharing(acceptsKeySharing: boolean): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ acceptsKeySharing }));
  }

  /** Hashes in a worker, with progress and a way out. */
  async #hash(file: File, work: (options: CallOptions) => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const onprogress = (part: number): void => void (this.hashing = { name: file.name, part, stop });
    onprogress(0);
    await this.#launch.attempt(undefined, () => work({ signal: stop.signal, onprogress }));
    this.hashing = undefined;
  }

  /** Policy and key sharing are settled by the session; what is expected can be put right until a secret is sealed. */
  async #change(change: { readonly [K in keyof Plan]?: Plan[K] | undefined }): Promise<void> {
    const settled = 'policy' in change || 'acceptsKeySharing' in change;
    const { state } = await this.#launch.app.launches.change(this.#launch.id, (record) => {
      const open = record.state === 'platform' || (record.state === 'mismatch' && !settled);
      if (!open) throw new SevError('VAULT_CONFLICT');
      return { ...record, plan: { ...record.plan, ...change } as Plan, updatedAt: Date.now() };
    });
    if (state === 'mismatch') await this.#launch.judgeRecord();
  }
}

/** `EPYC-Milan-v2` → `EPYC-Milan`; undefined for a model whose signature is not known here. */
const modelOf = (name: string): string | undefined =>
  CPU_MODELS.find((known) => known.name.toLowerCase() === name.replace(/-v\d+$/, '').toLowerCase())?.name;
