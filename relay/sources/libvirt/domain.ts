// Domain XML as libvirt writes it: what of it is a launch profile, and the same domain with an owner's session in it.
import { toBase64 } from '../../../shared/bytes/text.ts';
import { SevError } from '../../../shared/errors.ts';
import { firstUnseen, plainName } from '../../../shared/text/visible.ts';
import type { Profile } from '../../../shared/relay-protocol.ts';
import { isEs, readLibvirtPolicy } from '../../../shared/sev/formats/policy.ts';
import { childText, parseXml, type XmlElement } from '../../../shared/encodings/xml.ts';
import type { FileHints } from '../launcher/profiles.ts';
import type { LaunchRequest } from '../types.ts';

/** Profiles of libvirt are its shut-off SEV domains; no profile of the launcher can have such a name. */
export const PROFILE_PREFIX = 'libvirt:';

/** The first element of this name below the domain itself. */
const part = (domain: XmlElement, ...names: readonly string[]): XmlElement | undefined =>
  names.reduce<XmlElement | undefined>((at, name) => at?.children.find((child) => child.name === name), domain);

export function readDomain(xml: string): XmlElement {
  const domain = parseXml(xml, 'domain').find(({ name }) => name === 'domain');
  if (domain === undefined) throw new SevError('RELAY_LIBVIRT', { because: 'Its XML describes no domain.' });
  return domain;
}

export const isSevDomain = (domain: XmlElement): boolean =>
  ['sev', 'sev-snp'].includes(part(domain, 'launchSecurity')?.attributes['type'] ?? '');

/** One that can be launched with a session: SNP knows none. */
export const takesSession = (domain: XmlElement): boolean =>
  part(domain, 'launchSecurity')?.attributes['type'] === 'sev';

/** @returns undefined for a domain without SEV, or without a firmware that could be measured */
export async function describeDomain(xml: string, hints: FileHints): Promise<Profile | undefined> {
  const domain = readDomain(xml);
  const os = part(domain, 'os');
  const loader = os && childText(os, 'loader')?.trim();
  if (!takesSession(domain) || os === undefined || loader === undefined) return undefined;
  // What cannot be shown as a name cannot be chosen by it either.
  if (firstUnseen(childText(domain, 'name') ?? '') !== undefined) return undefined;
  const files = { kernel: childText(os, 'kernel')?.trim(), initrd: childText(os, 'initrd')?.trim() };
  const cmdline = part(os, 'cmdline')?.wholeText;
  const policy = readLibvirtPolicy(part(domain, 'launchSecurity', 'policy')?.text) ?? 0;
  return {
    name: `${PROFILE_PREFIX}${childText(domain, 'name') ?? ''}`.slice(0, 128),
    firmware: await hints.of(loader),
    ...(files.kernel !== undefined && { kernel: await hints.of(files.kernel) }),
    ...(files.initrd !== undefined && { initrd: await hints.of(files.initrd) }),
    ...(files.kernel !== undefined && cmdline !== undefined && { cmdline }),
    cpus: Number(childText(domain, 'vcpu') ?? 1),
    cpuModel: plainName((part(domain, 'cpu', 'model')?.text ?? 'host').trim(), 64),
    sevEs: isEs(policy),
  };
}

// libvirt indents what belongs to the domain itself by two blanks; what stands in metadata is indented further.
const LAUNCH_SECURITY = /^ {2}<launchSecurity type='sev'[^>]*>\n(?:.*\n)*? {2}<\/launchSecurity>$/gm;

/**
 * The domain with this launch's policy, GODH and session, and nothing else changed.
 * @throws SevError RELAY_LIBVIRT when the XML is not as libvirt writes it
 */
export function withSession(xml: string, { policy, dhCert, session }: Omit<LaunchRequest, 'profile'>): string {
  const sections = xml.match(LAUNCH_SECURITY) ?? [];
  if (sections.length !== 1)
    throw new SevError('RELAY_LIBVIRT', { because: 'Its XML has no launchSecurity of its own.' });
  const lines = sections[0].split('\n').filter((line) => !/^ {4}<(policy|dhCert|session)>.*<\/\1>$/.test(line));
  const own = [
    `    <policy>0x${policy.toString(16).padStart(4, '0')}</policy>`,
    `    <dhCert>${toBase64(dhCert)}</dhCert>`,
    `    <session>${toBase64(session)}</session>`,
  ];
  return xml.replace(LAUNCH_SECURITY, () => [...lines.slice(0, -1), ...own, lines.at(-1)].join('\n'));
}
