// A relay that this device was paired with.

declare module '../storage/database.ts' {
  interface Stores {
    relays: { key: string; value: RelayRecord };
  }
}

export interface RelayRecord {
  readonly url: string;
  /** The pairing code: a bearer token of the relay, no secret of the guest owner. */
  readonly code: string;
  readonly pairedAt: number;
  /** A press that named the host made this pairing. One without it is from before that was asked, and is not reconnected. */
  readonly confirmed?: true;
}
