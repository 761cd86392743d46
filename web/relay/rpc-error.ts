// A refusal that came over the wire, as one of our own errors.
import { isErrorCode, SevError, wordsOf } from '../../shared/errors.ts';
import { plainName } from '../../shared/text/visible.ts';
import type { RpcError } from '../../shared/relay-protocol.ts';

const MAX_QUOTE = 400;

/**
 * Keeps our own sentence for the code, and quotes what the relay said beyond it as the relay's: nothing that an untrusted
 * host writes may read as if this app had said it.
 */
export function fromRpcError(error: RpcError): SevError {
  const reason = error.data?.reason ?? '';
  const code = /^(?:RELAY|AMDSP|BYTES|CERT)_/.test(reason) && isErrorCode(reason) ? reason : 'RELAY_INTERNAL';
  const own = wordsOf(code).sentence;
  const said = error.message.startsWith(own) ? error.message.slice(own.length).trim() : error.message.trim();
  return new SevError(code, said === '' ? {} : { because: quoted(said) });
}

/** On one line, and without a mark that could close the quotation before its end. */
const quoted = (said: string): string =>
  `The relay says: “${plainName(said.replaceAll(/\s+/gu, ' ').replaceAll(/[“”„‟«»"＂❝❞〝〞]/gu, "'"), MAX_QUOTE)}”`;
