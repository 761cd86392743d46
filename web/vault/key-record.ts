// The transport keys of one session as they lie in storage: handles that no script can read out.
import type { CryptoKey } from '../../shared/crypto/subtle.ts';

export interface KeyRecord {
  readonly sessionId: string;
  readonly tek: CryptoKey;
  readonly tik: CryptoKey;
}
