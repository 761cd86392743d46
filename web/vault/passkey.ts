// A passkey beside the passphrase: a secret that the authenticator gives for this app alone (WebAuthn's PRF extension)
// becomes a key that wraps the vault's key a second time. The passphrase stays, and always works.
import { toUtf8 } from '../../shared/bytes/text.ts';
import { type CryptoKey, sha256, webCryptoRandom } from '../../shared/crypto/subtle.ts';
import { SevError } from '../../shared/errors.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { type Box, importBoxKey } from './box.ts';

/** What is stored of it. Nothing in it opens anything without the authenticator. */
export interface PasskeyRecord {
  readonly id: 'passkey';
  readonly credentialId: Uint8Array;
  /** 32 bytes: what the authenticator's secret is asked for. */
  readonly salt: Uint8Array;
  /** The vault's key, under the key that follows from the authenticator's answer. */
  readonly box: Box;
  readonly addedAt: number;
}

/** The question to the authenticator, wherever it is asked. */
export interface Passkeys {
  /** Makes a passkey. @returns its id @throws SevError VAULT_PASSKEY_NONE, VAULT_PASSKEY_CANCELLED */
  make(): Promise<Uint8Array>;
  /** Asks for the 32 bytes that belong to a salt; the caller wipes them. @throws SevError as `make` */
  ask(credentialId: Uint8Array, salt: Uint8Array): Promise<Uint8Array>;
}

const TIMEOUT_MS = 120_000;
/** What a PRF gives. WebAuthn Level 3, section 10.1.4. */
const SECRET_SIZE = 32;
const ES256 = -7;
const RS256 = -257;

/** Of this page's own name: `localhost` for the local server. */
export const webAuthnPasskeys: Passkeys = {
  async make() {
    const credential = await ask(() =>
      navigator.credentials.create({
        publicKey: {
          challenge: random(32),
          rp: { name: 'SEV Verifier' },
          user: { id: random(16), name: 'Keys of this device', displayName: 'Keys of this device' },
          pubKeyCredParams: [ES256, RS256].map((alg) => ({ type: 'public-key', alg })),
          authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
          timeout: TIMEOUT_MS,
          extensions: { prf: {} },
        },
      }),
    );
    if (credential.getClientExtensionResults().prf?.enabled !== true) throw new SevError('VAULT_PASSKEY_NONE');
    return new Uint8Array(credential.rawId);
  },
  async ask(credentialId, salt) {
    const credential = await ask(() =>
      navigator.credentials.get({
        publicKey: {
          challenge: random(32),
          allowCredentials: [{ type: 'public-key', id: credentialId as BufferSource }],
          userVerification: 'required',
          timeout: TIMEOUT_MS,
          extensions: { prf: { eval: { first: salt as BufferSource } } },
        },
      }),
    );
    const first = credential.getClientExtensionResults().prf?.results?.first;
    if (first === undefined) throw new SevError('VAULT_PASSKEY_NONE');
    return bytesOf(first);
  },
};

/** Whether this browser can have one at all; whether the authenticator can, shows when it is asked. */
export const passkeysSupported = (): boolean => typeof PublicKeyCredential !== 'undefined';

/**
 * The key that wraps the vault's key. The domain is part of it, so that no other use of the same secret gives this key.
 * @throws SevError VAULT_PASSKEY_NONE when the authenticator does not answer with 32 bytes; and as `ask`
 */
export async function passkeyKey(passkeys: Passkeys, credentialId: Uint8Array, salt: Uint8Array): Promise<CryptoKey> {
  const secret = await passkeys.ask(credentialId, salt);
  // Of a shorter answer anyone could try them all; of none, the key would be the same for everyone.
  if (secret.length !== SECRET_SIZE) {
    secret.fill(0);
    throw new SevError('VAULT_PASSKEY_NONE', { because: `Its answer has ${secret.length} bytes, not ${SECRET_SIZE}.` });
  }
  const labelled = concat(toUtf8('sev-verifier passkey '), secret);
  const raw = await sha256(labelled);
  try {
    return await importBoxKey(raw);
  } finally {
    for (const bytes of [secret, labelled, raw]) bytes.fill(0);
  }
}

/** The bytes of an answer, and no others of the memory in which they lie. */
export const bytesOf = (answer: BufferSource): Uint8Array =>
  ArrayBuffer.isView(answer)
    ? new Uint8Array(answer.buffer, answer.byteOffset, answer.byteLength)
    : new Uint8Array(answer);

async function ask(question: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  if (!passkeysSupported()) throw new SevError('VAULT_PASSKEY_NONE');
  try {
    const answer = await question();
    if (answer instanceof PublicKeyCredential) return answer;
  } catch (cause) {
    // The browser does not tell a cancelled question from one that nobody answered.
    const cancelled = cause instanceof DOMException && ['NotAllowedError', 'AbortError'].includes(cause.name);
    throw new SevError(cancelled ? 'VAULT_PASSKEY_CANCELLED' : 'VAULT_PASSKEY_NONE', { cause });
  }
  throw new SevError('VAULT_PASSKEY_CANCELLED');
}

const random = (size: number): BufferSource => webCryptoRandom(size) as BufferSource;
