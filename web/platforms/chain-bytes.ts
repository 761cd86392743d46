// The chain as one piece of bytes in sevctl's order, from the separate certificates that a relay hands out.
import { concat } from '../../shared/bytes/writer.ts';
import type { ResultOf } from '../../shared/relay-protocol.ts';

/** Nothing is parsed or judged here: that is for the worker. ASK and ARK go together or not at all. */
export function chainFromRelay(certificates: ResultOf<'platform.certificates'>): Uint8Array {
  const { pdh, pek, oca, cek, ask, ark } = certificates;
  return concat(pdh, pek, oca, cek, ...(ask && ark ? [ask, ark] : []));
}
