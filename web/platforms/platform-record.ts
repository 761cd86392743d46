// What is kept of a platform. The verdict is not: it is derived from the chain each time, since stored records may lie.

import type { FirmwareVersion } from '../../shared/sev/formats/firmware-version.ts';
import type { ContinuityKind, PlatformVisit } from '../../shared/sev/decide/continuity.ts';
import type { OwnerPin } from './owner-pin.ts';

declare module '../storage/database.ts' {
  interface Stores {
    platforms: { key: string; value: PlatformRecord };
  }
}

/** What the platform itself reports; shown as its own word, and proven only later by a measurement. */
export interface ReportedStatus extends FirmwareVersion {
  readonly es: boolean;
  readonly owner: 'self' | 'external';
}

export interface PlatformRecord {
  /** The chip: hex of the first 16 bytes of the SHA-256 of its CEK's public key. */
  readonly id: string;
  readonly revision: number;
  readonly name: string;
  /** The chain in sevctl's order, as it came last. */
  readonly chain: Uint8Array;
  readonly metAt: number;
  readonly seenAt: number;
  /** The relay through which it was met last. */
  readonly relayUrl?: string;
  readonly status?: ReportedStatus;
  /** The owner that this platform must have; without it any owner is shown and none is proven. */
  readonly owner?: OwnerPin;
  /** The latest visits, newest first, each as it compared with the one before. */
  readonly visits: readonly Visit[];
}

export interface Visit {
  readonly seen: PlatformVisit;
  readonly kind: ContinuityKind;
}

export const MAX_VISITS = 50;
