// Key files that are of no use here, called what they are, with the command that makes them useful. None is ever quoted.
import { SevError } from '../errors.ts';
import { DER, type DerValue } from './der.ts';

const other = (because: string, next?: string): SevError =>
  new SevError('CERT_PEM', { because, ...(next !== undefined && { next }) });

const ENCRYPTED = (): SevError =>
  other(
    'It is encrypted with a passphrase.',
    'Decrypt it first on a computer that you trust: openssl ec -in oca.pem -out oca-plain.pem',
  );

/** By the label of PEM; undefined for one that may hold a key of ours. */
const LABELS: readonly (readonly [RegExp, () => SevError])[] = [
  [
    /BEGIN OPENSSH PRIVATE KEY/,
    () => other('It is in the form of OpenSSH.', 'Have a copy of it rewritten: ssh-keygen -p -m PEM -f COPY'),
  ],
  [/BEGIN (?:RSA|DSA) PRIVATE KEY/, () => other('It is no EC key.')],
  [/BEGIN (?:EC )?PUBLIC KEY/, () => other('It is the public key; signing takes the private one.')],
  [/BEGIN CERTIFICATE/, () => other('It is an X.509 certificate; signing takes the private key.')],
];

/** What a PEM file holds in which there is not exactly one private key. */
export function nameForeignPem(text: string, keys: number): SevError {
  if (/ENCRYPTED/.test(text)) return ENCRYPTED();
  if (keys > 1) return other(`There are ${keys} keys in it, where one is asked for.`);
  const label = LABELS.find(([pattern]) => pattern.test(text));
  return label ? label[1]() : new SevError('CERT_PEM');
}

/** What a DER sequence holds that does not begin as a private key does; undefined where nothing can be said. */
export function nameForeignDer([first, second]: readonly DerValue[]): SevError | undefined {
  if (first?.tag === DER.sequence && second?.tag === DER.octetString) return ENCRYPTED();
  if (first?.tag === DER.sequence && second?.tag === DER.bitString) {
    return other('It is the public key; signing takes the private one.');
  }
  const isVersion3 = first?.tag === DER.integer && first.content.length === 1 && first.content[0] === 3;
  if (!isVersion3) return undefined;
  const next = 'Take the key out of it on a computer that you trust: openssl pkcs12 -nocerts -nodes -in FILE -out KEY';
  return other('It is a store of keys and certificates (PKCS #12).', next);
}

/** A curve that is described by its numbers instead of its name. */
export const curveNotNamed = (): SevError =>
  other('Its curve is not named, but written out.', 'Name it: openssl ec -in KEY -param_enc named_curve -out NEW');
