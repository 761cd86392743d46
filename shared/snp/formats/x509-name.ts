// Distinguished names. Links are compared by the raw DER; the words are for people, and the common name tells the kind.
import { SevError } from '../../errors.ts';
import { type DerNode, DerReader, insideOf, oidOf, TAG, textOf } from '../../encodings/der-reader.ts';
import { X509_FAULTS } from './x509-words.ts';

export interface X509Name {
  /** The whole Name with tag and length: what is compared. */
  readonly bytes: Uint8Array;
  readonly commonName: string;
  /** O. AMD's says "Advanced Micro Devices", and so may anyone's. */
  readonly organization?: string;
}

const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const MAX_ATTRIBUTES = 16;

/** @throws SevError CERT_NAME, CERT_DER */
export function readName(node: DerNode): X509Name {
  const attributes = new Map<string, string>();
  const refuse = (because: string): SevError => new SevError('CERT_NAME', { at: node.at, because });
  const reader = insideOf(node);
  while (!reader.done) {
    const [oid, text] = readAttribute(reader.enter(TAG.set, 'attribute'));
    if (attributes.has(oid) || attributes.size === MAX_ATTRIBUTES) throw refuse(X509_FAULTS.name());
    attributes.set(oid, text);
  }
  const [commonName, organization] = [attributes.get(COMMON_NAME), attributes.get(ORGANIZATION)];
  if (!commonName) throw refuse(X509_FAULTS.noCommonName());
  return { bytes: node.bytes, commonName, ...(organization !== undefined && { organization }) };
}

/** One attribute in each set, as in every name of AMD's. */
function readAttribute(set: DerReader): [oid: string, text: string] {
  const reader = set.enter(TAG.sequence, 'value');
  set.end();
  const attribute: [string, string] = [oidOf(reader.next('oid')), textOf(reader.next('text'))];
  reader.end();
  return attribute;
}
