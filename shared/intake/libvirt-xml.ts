// libvirt's XML: a domain or its launchSecurity alone, and the SEV part of domcapabilities.
import { SevError } from '../errors.ts';
import { fromBase64 } from '../bytes/text.ts';
import { readLibvirtPolicy } from '../sev/formats/policy.ts';
import { childText, findElement, parseXml, type XmlElement } from '../encodings/xml.ts';
import { expectPiece } from './expect-piece.ts';
import { readBinary } from './binary.ts';
import { fieldName, readFields, readNumber } from './fields.ts';
import type { LaunchSecurityPiece, Piece } from './piece.ts';

/**
 * @returns no pieces when it is XML about something else
 * @throws SevError BYTES_VALUE, BYTES_ENCODING; BYTES_SWAPPED when dhCert and session hold each other's blob
 */
export async function readLibvirtXml(text: string, source: string): Promise<Piece[]> {
  const elements = parseXml(text, source || 'xml');
  const pieces: Piece[] = [];
  if (elements.some((element) => element.name === 'domain')) pieces.push({ kind: 'domain-xml', text, source });
  const security = findElement(elements, 'launchSecurity');
  if (security?.attributes['type'] === 'sev') pieces.push(...(await readLaunchSecurity(security, source)));
  const capabilities = findElement(elements, 'domainCapabilities') ?? elements.find(({ name }) => name === 'sev');
  const sev = capabilities && findElement([capabilities], 'sev');
  if (sev?.attributes['supported'] === 'no') throw notSupported([source, 'sev'].filter(Boolean).join('.'));
  if (sev) pieces.push(...(await readCapabilities(sev, source)));
  return pieces;
}

const notSupported = (at: string): SevError =>
  new SevError('BYTES_VALUE', {
    at,
    sentence: 'libvirt says that this host does not offer SEV (<sev supported="no">).',
    next: 'Ask the operator to run `sev-relay check` there: it says what SEV lacks.',
  });

async function readLaunchSecurity(element: XmlElement, source: string): Promise<Piece[]> {
  const at = (name: string): string => [source, 'launchSecurity', name].filter(Boolean).join('.');
  const number = (name: string): number | undefined => {
    const text = childText(element, name);
    return text === undefined ? undefined : readNumber(text, 0xffffffff, at(name));
  };
  const [cbitpos, reducedPhysBits] = [number('cbitpos'), number('reducedPhysBits')];
  const security: LaunchSecurityPiece = {
    kind: 'launch-security',
    policy: readPolicy(childText(element, 'policy'), at('policy')),
    kernelHashes: element.attributes['kernelHashes'] === 'yes',
    ...(cbitpos !== undefined && { cbitpos }),
    ...(reducedPhysBits !== undefined && { reducedPhysBits }),
    source,
  };
  const godh = await readBlob(element, 'dhCert', 'godh', at('dhCert'));
  const session = await readBlob(element, 'session', 'session', at('session'));
  return [security, ...godh, ...session];
}

function readPolicy(text: string | undefined, at: string): number {
  const policy = readLibvirtPolicy(text);
  if (policy !== undefined) return policy;
  throw new SevError('BYTES_VALUE', { at, because: 'It is no number of 32 bits in hex.' });
}

/** What stands in dhCert or session must be that, and is named when it is something else. */
async function readBlob(element: XmlElement, name: string, kind: 'godh' | 'session', at: string): Promise<Piece[]> {
  const text = childText(element, name);
  if (!text) return [];
  const pieces = await readBinary(fromBase64(text.replaceAll(/\s/g, ''), at), at);
  const piece: Piece = expectPiece<'godh' | 'session'>(pieces, kind, at);
  return [{ ...piece, encodings: ['base64'] }];
}

const readCapabilities = (sev: XmlElement, source: string): Promise<Piece[]> =>
  readFields(new Map(sev.children.map((child) => [fieldName(child.name), child.text])), source);
