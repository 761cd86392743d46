// As much of a relay as a courier uses.
import type { RelayConnection } from './connection.ts';

/** A paired relay, as far as carrying goes. */
export interface CarryingRelay {
  readonly name: string;
  readonly open: boolean;
  readonly connection: Pick<RelayConnection, 'ask'>;
}
