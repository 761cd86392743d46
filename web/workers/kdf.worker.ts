// Turns a passphrase into a key away from the page; only a handle of the key comes back.
import type { CryptoKey } from '../../shared/crypto/subtle.ts';
import { deriveKey } from '../vault/kdf.ts';
import { answer } from './answer.ts';
import type { KdfRequest } from './messages.ts';

answer<KdfRequest, CryptoKey>(({ passphrase, settings }) => deriveKey(passphrase, settings));
