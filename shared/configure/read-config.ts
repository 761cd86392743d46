// A configuration in any form in which people have it. First comes what the text is; only then is it read, or refused by name.
import { SevError } from '../errors.ts';
import { argumentLists } from './argument-list.ts';
import type { ConfigFacts } from './config-facts.ts';
import { type FoundCommand, findCommand, fromWords, isKata } from './find-command.ts';
import { configForm, type ConfigForm } from './form-words.ts';
import { foreignForm } from './foreign-form.ts';
import { isQemuOption } from './qemu-options.ts';
import { readDomainParts } from './read-domain-parts.ts';
import { readDomainXml } from './read-domain.ts';
import { isKubevirt, readKubevirt } from './read-kubevirt.ts';
import { isProxmox, readProxmox } from './read-proxmox.ts';
import { qemuFacts } from './read-qemu.ts';
import { isReadconfig, readReadconfig } from './read-readconfig.ts';

/** A list of all processes of a host is shorter. */
const MAX_LENGTH = 512 * 1024;

/**
 * @throws SevError BYTES_VALUE with what the text is and what to give instead, BYTES_TOO_LARGE
 */
export function readConfig(given: string, at = 'configuration'): ConfigFacts {
  if (given.length > MAX_LENGTH) throw new SevError('BYTES_TOO_LARGE', { at });
  // The kernel's own form, in which every sign counts.
  if (given.includes('\0')) return readFound(findCommand(lastProcess(given), at), at);
  const text = withoutEntities(tidy(given));
  const xml = xmlIn(text);
  const form = foreignForm(text, xml !== undefined);
  if (form) return refuse(at, ...form);
  if (xml !== undefined) return readXml(xml, at);
  if (isKubevirt(text)) return readKubevirt(text, at);
  if (isReadconfig(text)) return readReadconfig(text, at);
  if (isProxmox(text)) return readProxmox(text, at);
  if (isKata(text)) return readFound(findCommand(text, at), at);
  const lists = argumentLists(text);
  const list = lists.at(-1);
  if (list) return readFound({ ...fromWords(list.words), commands: lists.length, expands: list.expands }, at);
  if (/^\s*[[{]/.test(text) && isJson(text)) return refuse(at, 'json');
  return readFound(findCommand(text, at), at);
}

function readFound(found: FoundCommand, at: string): ConfigFacts {
  if (found.program !== undefined) return qemuFacts(found, undefined, at);
  // Any text may have a word that begins with “-”: these are QEMU's only where all of them are.
  const options = found.words.filter((word) => /^--?[A-Za-z]/.test(word));
  if (options.length === 0 || !found.words[0]!.startsWith('-')) return refuse(at, 'no-options');
  if (!options.every(isQemuOption)) return refuse(at, 'cut-option');
  return qemuFacts(found, 'arguments-part', at);
}

/** Several /proc/PID/cmdline one after the other: the last that is QEMU's. */
function lastProcess(text: string): string {
  const lines = text.split('\n').filter((line) => line.includes('\0'));
  return lines.findLast((line) => fromWords(line.split('\0')).program !== undefined) ?? text;
}

function refuse(at: string, form: ConfigForm, fact?: string): never {
  throw new SevError('BYTES_VALUE', { at, ...configForm(form, fact) });
}

/** Without what a mail, a terminal or a web page adds: quote marks, escape sequences, signs without width, blanks of its own. */
function tidy(text: string): string {
  const plain = text
    .replaceAll(/[\u200b-\u200d\u2060\ufeff\u00ad\ue000]/g, '')
    .replaceAll(/[\u00a0\u2007\u202f]/g, ' ')
    .replaceAll('\u2011', '-')
    // eslint-disable-next-line no-control-regex -- a terminal's escape sequences
    .replaceAll(/\u001b\[[0-9;?]{0,20}[A-Za-z]/g, '')
    .replaceAll('\r\n', '\n');
  const lines = plain.split('\n');
  const quoted = lines.filter((line) => /^\s{0,80}>[ \t]?\S/.test(line)).length;
  // One line may be the end of a tag.
  return quoted > 1 ? lines.map((line) => line.replace(/^\s{0,80}>[ \t]?/, '')).join('\n') : plain;
}

const DOMAIN_ELEMENT =
  /<(?:domain|domstatus|domainsnapshot|launchSecurity|loader|nvram|varstore|memoryBacking|memtune|on_reboot|cbitpos|reducedPhysBits|dhCert|os|vcpu|qemu:commandline)[\s>/]/;

/** The text as XML, where it holds a domain or some of its elements; also where a web page or JSON has replaced its signs. */
function xmlIn(text: string): string | undefined {
  if (DOMAIN_ELEMENT.test(text) || /^\s*</.test(text)) {
    // In a JSON text the quotes and the ends of lines stand behind backslashes.
    return /<domain[^>]{0,400}\\"/.test(text)
      ? text
          .replaceAll('\\n', '\n')
          .replaceAll('\\t', '\t')
          .replaceAll(/\\(["'/])/g, '$1')
      : text;
  }
  return undefined;
}

/** Without the entities in whose place a web page shows signs, where no tag of XML is there in which they would be meant. */
const withoutEntities = (text: string): string =>
  /<[a-zA-Z/!?]/.test(text)
    ? text
    : text.replaceAll(/&(lt|gt|quot|apos|#39|#34|nbsp|amp);/g, (_, name: string) => ENTITIES[name]!);

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ lt: '<', gt: '>', quot: '"', '#34': '"', apos: "'", '#39': "'", nbsp: ' ', amp: '&' },
};

/** The whole document, without the prompt and the command before it where a terminal was copied; or what is there of one. */
function readXml(text: string, at: string): ConfigFacts {
  for (const name of ['domstatus', 'domain']) {
    const start = text.search(new RegExp(`<${name}[\\s>]`));
    const end = text.lastIndexOf(`</${name}>`);
    if (start >= 0 && end > start) return readDomainXml(text.slice(start, end + name.length + 3), at);
  }
  return DOMAIN_ELEMENT.test(text) ? readDomainParts(text, at) : readDomainXml(text.trim(), at);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
