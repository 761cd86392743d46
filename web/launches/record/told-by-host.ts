// What a record keeps of the host's words: its report of the launch, and the attestation reports that were asked for.
import type { FirmwareVersion } from '../../../shared/sev/formats/firmware-version.ts';

/** What the host reported of the launch; proven only by the verdict. */
export interface Reported extends FirmwareVersion {
  /** Measure and mnonce, 48 bytes. */
  readonly measurement: Uint8Array;
  readonly policy: number;
}

/** A request, and the report that answered it: signed by the platform for this nonce. What it proves is worked out anew. */
export interface AskedReport {
  /** 16 bytes, fresh. */
  readonly mnonce: Uint8Array;
  readonly askedAt: number;
  /** 208 bytes as they came; missing while the request waits. */
  readonly report?: Uint8Array;
  readonly receivedAt?: number;
  /** The latest report that was held against this request and is no answer to it: an old one, or not the platform's word. */
  readonly refused?: ReceivedReport;
}

/** 208 bytes as they came. */
export interface ReceivedReport {
  readonly report: Uint8Array;
  readonly receivedAt: number;
}
