// How a message names the session that it belongs to.
import { sha256Sync } from '../crypto/sha256-stream.ts';

/** A session's short name on the wire: the first 8 bytes of the SHA-256 of its blob. It tells launches apart, and proves nothing. */
export const sessionTag = (sessionBlob: Uint8Array): Uint8Array => sha256Sync(sessionBlob).slice(0, 8);
