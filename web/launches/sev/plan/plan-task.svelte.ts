// Saying what is expected: the guest image, what is measured with it, and the policy.
import type { SuppliedPage, SuppliedPages } from '../../../../shared/sev/decide/described-launch.ts';
import type { FirmwareVersion } from '../../../../shared/sev/formats/firmware-version.ts';
import { SevError } from '../../../../shared/errors.ts';
import { requireVmsaPlaces } from '../../../../shared/guest/vmsa-files.ts';
import { VMSA_SIZE, type VmsaVariant } from '../../../../shared/guest/vmsa.ts';
import { PART_WORDS, type Part } from '../../../../shared/origins/words.ts';
import { originOfFile, type ReferenceRecord, type Role } from '../../../library/reference-record.ts';
import { after, isOver } from '../../record/launch-record.ts';
import { words } from '../../../strings/index.ts';
import type { CallOptions } from '../../../workers/call.ts';
import type { LaunchWork } from '../../task/launch-work.svelte.ts';
import { type CpuPlan, type FileFacts, hasAllPages, type KernelPlan, type Plan, usesEs } from './plan.ts';
import { confirmParts, type PlanOrigins } from './plan-origins.ts';

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
      await this.#change({ imageId: sha256 }, { image: 'hashed-here' });
    });
  }

  useImage(imageId: string): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ imageId }, { image: 'typed-here' }));
  }

  /** A kernel or an initrd, hashed here; only its hash is measured. */
  async chooseKernelFile(part: 'kernel' | 'initrd', file: File): Promise<void> {
    await this.#hash(file, part, async (options) => {
      await this.#changeKernel(part, await this.#launch.app.library.add(file, part, options));
    });
  }

  /** A file of the library, with the origin that it has there: a claim stays one. */
  useKernelFile(part: 'kernel' | 'initrd', file: ReferenceRecord): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#changeKernel(part, file));
  }

  /** The command line, as the owner typed, pasted or put it together. */
  typeCmdline(cmdline: string): Promise<void> {
    return this.#launch.attempt(undefined, () => {
      const kernel = this.#launch.present().plan.kernel ?? { cmdline: '' };
      return this.#change({ kernel: { ...kernel, cmdline } }, { cmdline: 'typed-here' });
    });
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
      const cpus = change.cpu ? ({ cpus: 'typed-here' } as const) : {};
      if (!('kernel' in change)) return this.#change({ cpu }, cpus);
      await this.#change({ cpu, kernel: change.kernel }, { ...cpus, cmdline: 'typed-here' });
    });
  }

  /** The first registers as a known maker has them, in place of those from files. */
  buildRegisters(variant: VmsaVariant): Promise<void> {
    return this.#launch.attempt(undefined, () => {
      const { pages: _, ...cpu } = this.#launch.present().plan.cpu;
      return this.#change({ cpu: { ...cpu, variant } }, { cpus: 'typed-here' });
    });
  }

  /** A page of first registers from a file, which is measured as it is. */
  choosePage(place: keyof SuppliedPages, file: File): Promise<void> {
    return this.#launch.attempt(undefined, async () => {
      const supplied = await readPage(file);
      const { cpu } = this.#launch.present().plan;
      const pages = { ...cpu.pages, [place]: supplied };
      requireVmsaPlaces({ boot: pages.boot?.page, others: pages.others?.page });
      await this.#change({ cpu: { ...cpu, pages } }, { cpus: 'hashed-here' });
    });
  }

  /** Which of the host's offers is to be started: a request. Nothing that the host says of it goes into the plan. */
  askFor(profile: string): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ profile }));
  }

  /** The owner has looked at what another claimed, and recognizes it. */
  confirm(parts: readonly Part[]): Promise<void> {
    return this.#launch.attempt(undefined, async () => {
      const { image, app } = this.#launch;
      if (parts.includes('image') && image) await app.library.confirm(image);
      const { state } = await app.launches.change(this.#launch.id, (record) => {
        if (isOver(record)) throw new SevError('VAULT_CONFLICT');
        return after(record, 'confirmed', { plan: confirmParts(record.plan, parts) }, partNames(parts));
      });
      if (state === 'mismatch' || state === 'launched' || state === 'verified') await this.#launch.judgeRecord();
    });
  }

  /** A guest image that was not read here, or says nothing of itself, is to do all the same: kept in the record. */
  acceptUnread(acceptsUnread: boolean): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ acceptsUnread }));
  }

  /** The owner vouches for the chosen image, by its hash, or takes that back. */
  vouch(on: boolean): Promise<void> {
    return this.#launch.attempt(undefined, async () => {
      const { image, app } = this.#launch;
      if (image) await app.library.vouch(image, on);
      if (this.#launch.present().state === 'mismatch') await this.#launch.judgeRecord();
    });
  }

  /** The oldest firmware that is taken; any, without one. */
  expectFirmware(floor: FirmwareVersion | undefined): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ floor }, { floor: 'typed-here' }));
  }

  choosePolicy(policy: number): Promise<void> {
    return this.#launch.attempt(undefined, () =>
      this.#change({ policy, acceptsKeySharing: false }, { policy: 'typed-here' }),
    );
  }

  acceptKeySharing(acceptsKeySharing: boolean): Promise<void> {
    return this.#launch.attempt(undefined, () => this.#change({ acceptsKeySharing }, { policy: 'typed-here' }));
  }

  #changeKernel(part: 'kernel' | 'initrd', file: ReferenceRecord): Promise<void> {
    const kernel = this.#launch.present().plan.kernel ?? { cmdline: '' };
    return this.#change({ kernel: { ...kernel, [part]: factsOf(file) } }, { [part]: originOfFile(file) });
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
  async #change(change: { readonly [K in keyof Plan]?: Plan[K] | undefined }, from: PlanOrigins = {}): Promise<void> {
    const settled = 'policy' in change || 'acceptsKeySharing' in change;
    const { state, plan } = await this.#launch.app.launches.change(this.#launch.id, (record) => {
      const open = record.state === 'platform' || (record.state === 'mismatch' && !settled);
      if (!open) throw new SevError('VAULT_CONFLICT');
      const origins = { ...record.plan.origins, ...from };
      return { ...record, plan: { ...record.plan, ...change, origins } as Plan, updatedAt: Date.now() };
    });
    // Between two files there is nothing to compare with.
    if (state === 'mismatch' && (!usesEs(plan) || hasAllPages(plan.cpu))) await this.#launch.judgeRecord();
  }
}

const partNames = (parts: readonly Part[]): string => parts.map((part) => PART_WORDS[part]).join(', ');

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
