// A file that QEMU reads with -readconfig, as Incus and LXD write it: `[group "id"]`, then `name = "value"`. Its groups are
// QEMU's options.
import type { ConfigFacts } from './config-facts.ts';
import { qemuFacts } from './read-qemu.ts';

const GROUP = /^\s*\[([a-z][a-z0-9_-]{0,40})(?:\s+"([^"]{0,200})")?\]\s*$/;
const VALUE = /^\s*([A-Za-z][\w.-]{0,80})\s*=\s*"(.*)"\s*$/;
const KNOWN = new Set(
  'machine,object,drive,device,blockdev,smp-opts,memory,boot-opts,accel,chardev,mon,netdev,global,numa,spice,fsdev,rtc,realtime,overcommit,name,msg,sandbox,fw_cfg'.split(
    ',',
  ),
);

export function isReadconfig(text: string): boolean {
  const lines = text.split('\n');
  return (
    lines.some((line) => KNOWN.has(GROUP.exec(line.slice(0, 400))?.[1] ?? '')) &&
    lines.some((line) => VALUE.test(line.slice(0, 70_000)))
  );
}

/** Options by their groups' names, where the two differ. */
const OPTIONS: Readonly<Record<string, string>> = { 'smp-opts': 'smp', memory: 'm', 'boot-opts': 'boot' };

/** @throws SevError BYTES_VALUE, BYTES_TOO_LARGE */
export function readReadconfig(text: string, at: string): ConfigFacts {
  const words: string[] = [];
  for (const line of text.split('\n')) {
    const [, group, id] = GROUP.exec(line.slice(0, 400)) ?? [];
    if (group !== undefined) {
      words.push(`-${OPTIONS[group] ?? group}`, id === undefined ? '' : `id=${commas(id)}`);
      continue;
    }
    const [, name, value] = VALUE.exec(line.slice(0, 70_000)) ?? [];
    const last = words.length - 1;
    if (name !== undefined && last > 0) words[last] += `${words[last] === '' ? '' : ','}${name}=${commas(value!)}`;
  }
  return qemuFacts({ words, commands: 1, expands: false }, 'readconfig-file', at);
}

const commas = (value: string): string => value.replaceAll(',', ',,');
