// A relay that this device was paired with.

export interface RelayRecord {
  readonly url: string;
  /** The pairing code: a bearer token of the relay, no secret of the guest owner. */
  readonly code: string;
  readonly pairedAt: number;
}
