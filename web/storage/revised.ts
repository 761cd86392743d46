// A record that counts its changes, so that two tabs never undo each other's work.
export interface Revised {
  readonly id: string;
  readonly revision: number;
}
