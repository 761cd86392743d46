// What the kernel and modprobe were told about SEV: the command line, and the files in /etc/modprobe.d.
import type { HostReadings } from './readings.ts';

type Module = 'sev' | 'sev_es';

/** A value that switches off, as the kernel reads a boolean. */
const isOff = (value: string): boolean => /^(?:0|n|no|off|false)$/i.test(value);
const isOn = (value: string): boolean => value === '' || /^(?:1|y|yes|on|true)$/i.test(value);

interface KernelWord {
  /** As it stands on the command line. */
  readonly text: string;
  /** The kernel takes - and _ in a name for the same. */
  readonly name: string;
  readonly value: string;
}

const wordsOf = (host: HostReadings): readonly KernelWord[] =>
  (host.text('/proc/cmdline') ?? '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((text) => {
      const [name = '', ...value] = text.replace(/^"|"$/g, '').split('=');
      return { text, name: name.replaceAll('-', '_'), value: value.join('=') };
    });

/** Words of the command line that switch one of the two off; of several for one parameter, the last decides. */
export function offWords(host: HostReadings, module: Module): readonly string[] {
  const all = wordsOf(host).filter(({ name }) => name === `kvm_amd.${module}`);
  const last = all.at(-1);
  return last && isOff(last.value) ? all.filter(({ value }) => isOff(value)).map(({ text }) => text) : [];
}

/** Words that are about SEV, for people. */
export const sevWords = (host: HostReadings): readonly string[] =>
  wordsOf(host)
    .filter(({ name }) => /^(?:kvm_amd\.sev\w*|mem_encrypt|sev)$/.test(name))
    .map(({ text }) => text);

/** Whether KVM was asked for it, by the command line or by modprobe's files. */
export const wasAsked = (host: HostReadings, module: Module): boolean =>
  wordsOf(host).some(({ name, value }) => name === `kvm_amd.${module}` && isOn(value)) ||
  modprobeOptions(host, module).some(({ value }) => isOn(value));

/** The line of a file that switches it off. */
export const offLine = (host: HostReadings, module: Module): { line: string; path: string } | undefined =>
  modprobeOptions(host, module).find(({ value }) => isOff(value));

function modprobeOptions(host: HostReadings, module: Module): { line: string; path: string; value: string }[] {
  const files = host.names('/etc/modprobe.d').filter((name) => name.endsWith('.conf'));
  return files.flatMap((name) => {
    const path = `/etc/modprobe.d/${name}`;
    return (host.text(path) ?? '').split('\n').flatMap((raw) => {
      const line = raw.trim();
      const [command, of, ...options] = line.split(/\s+/);
      if (command !== 'options' || of?.replaceAll('-', '_') !== 'kvm_amd') return [];
      return options.flatMap((option) => {
        const [key = '', value = ''] = option.split('=');
        return key.replaceAll('-', '_') === module ? [{ line: line.slice(0, 200), path, value }] : [];
      });
    });
  });
}
