// What an audit may know besides the configuration: without any of it, it judges the configuration alone.
import type { Generation } from '../trust/pinned-root.ts';
import type { QemuVersion } from './launch-config.ts';

export interface AuditContext {
  /** The session that the launch is for. */
  readonly session?: { readonly policy: number; readonly godh: Uint8Array; readonly blob: Uint8Array };
  readonly expected?: {
    readonly vcpus?: number;
    readonly cmdline?: string;
    readonly kernel?: boolean;
    /** As a plan has it: QEMU's model, or a signature. */
    readonly cpuModel?: string;
  };
  readonly qemuVersion?: QemuVersion;
  /** Of the platform that the launch is for. */
  readonly generation?: Generation;
  /** The version of that platform's firmware, where it is known. */
  readonly api?: { readonly major: number; readonly minor: number };
}
