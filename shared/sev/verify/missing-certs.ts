// What to say when a chain is not whole: which certificate is missing, and where it can be had.
import { SevError } from '../../errors.ts';
import type { CaCert } from '../formats/ca-cert.ts';
import type { SevCert } from '../formats/sev-cert.ts';
import type { PinnedRoot } from '../../trust/pinned-root.ts';
import { rootOfAsk } from './ca-links.ts';
import type { CertName } from './cert-id.ts';

/** What is there to tell the platform's generation by. */
interface Clues {
  readonly ask?: CaCert | undefined;
  readonly ark?: CaCert | undefined;
  readonly cek?: SevCert | undefined;
}

/**
 * The roots that could be this platform's. The ASK tells its generation by its key. Without it, the algorithm of AMD's
 * signature on the CEK sets Naples apart from all later ones; nothing else in a chain says more.
 */
export function likelyRoots({ ask, cek }: Clues, roots: readonly PinnedRoot[]): readonly PinnedRoot[] {
  const known = ask && rootOfAsk(ask, roots);
  if (known) return [known];
  const algorithm = cek?.signatures.find((slot) => slot?.usage === 'ASK')?.algorithm;
  if (!algorithm) return roots;
  const bits = algorithm === 'RSA_SHA256' ? 2048 : 4096;
  return roots.filter((root) => root.modulusSizeBits === bits);
}

/** CERT_CHAIN_INCOMPLETE for one certificate, with the place where it can be had. */
export function certMissing(name: CertName, clues: Clues, roots: readonly PinnedRoot[]): SevError {
  const at = name.toLowerCase();
  if (name !== 'ASK' && name !== 'ARK') {
    return new SevError('CERT_CHAIN_INCOMPLETE', { at, because: `The ${name} is missing.` });
  }
  const because =
    (clues.ask ?? clues.ark) ? `AMD's ${name} is missing.` : "AMD's two certificates (ASK and ARK) are missing.";
  const sources = likelyRoots(clues, roots).flatMap(({ caCertsUrl }) => caCertsUrl ?? []);
  if (sources.length === 0) return new SevError('CERT_CHAIN_INCOMPLETE', { at, because, next: ANY_SOURCE });
  const which = sources.length === 1 ? '' : " that belongs to the platform's generation";
  const next = `Add AMD's file with ASK and ARK${which}: ${sources.join(' or ')}`;
  return new SevError('CERT_CHAIN_INCOMPLETE', { at, because, next });
}

const ANY_SOURCE = "Add the file ask_ark_<generation>.cert of the platform's generation.";
