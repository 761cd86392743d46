// What an audit may know besides the configuration: without any of it, it judges the configuration alone.
import type { QemuVersion } from './launch-config.ts';

export interface AuditContext {
  /** The session that the launch is for. */
  readonly session?: { readonly policy: number; readonly godh: Uint8Array; readonly blob: Uint8Array };
  readonly expected?: { readonly vcpus?: number; readonly cmdline?: string; readonly kernel?: boolean };
  readonly qemuVersion?: QemuVersion;
}
