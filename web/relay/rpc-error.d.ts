import { SevError } from '../../shared/errors.ts';
import type { RpcError } from '../../shared/relay-protocol.ts';
/**
 * Keeps our own sentence for the code, and quotes what the relay said beyond it as the relay's: nothing that an untrusted
 * host writes may read as if this app had said it.
 */
export declare function fromRpcError(error: RpcError): SevError;
