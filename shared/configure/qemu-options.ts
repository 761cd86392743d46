// QEMU's options as such: which word is a value, and how lists of properties, switches and numbers are written.
import { SevError } from '../errors.ts';
import { configForm } from './form-words.ts';

export type Option = ReadonlyMap<string, string>;

/** Options without a value; every other that begins with `-` takes the next word. From the help of QEMU 2.12 to 10. */
const FLAGS = new Set(
  (
    'S,s,h,help,version,audio-help,nodefaults,nographic,no-reboot,no-shutdown,no-user-config,nouserconfig,no-acpi,no-hpet,' +
    'no-kvm,enable-kvm,enable-hax,daemonize,snapshot,no-fd-bootchk,full-screen,portrait,usb,mem-prealloc,only-migratable,' +
    'preconfig,singlestep,sdl,curses,no-quit,no-frame,alt-grab,ctrl-grab,win2k-hack,rtc-td-hack,xen-attach,' +
    'xen-domid-restrict,xen-create,enable-sync-profile,async-teardown,perfmap,jitdump,semihosting,old-param,enable-fips,' +
    'show-cursor,tdf,enable-nesting,nodefconfig,no-kvm-irqchip,no-kvm-pit,no-kvm-pit-reinjection'
  )
    .split(',')
    .map((name) => `-${name}`),
);

/** Options with a value, so that other programs' can be told from QEMU's. From the same help. */
const VALUED = new Set(
  (
    'M,machine,cpu,accel,smp,numa,add-fd,set,global,boot,m,k,audio,audiodev,soundhw,device,name,uuid,fda,fdb,hda,hdb,hdc,hdd,' +
    'cdrom,blockdev,drive,mtdblock,sd,pflash,fsdev,virtfs,iscsi,usbdevice,display,g,spice,vga,vnc,acpitable,smbios,netdev,nic,' +
    'net,chardev,bt,tpmdev,kernel,shim,bios,initrd,append,dtb,compat,fw_cfg,serial,parallel,monitor,qmp,qmp-pretty,mon,' +
    'debugcon,pidfile,gdb,d,D,dfilter,seed,L,option-rom,rtc,icount,watchdog,watchdog-action,action,echr,incoming,chroot,' +
    'runas,run-with,prom-env,semihosting-config,readconfig,writeconfig,trace,plugin,msg,dump-vmstate,overcommit,object,' +
    'mem-path,realtime,balloon,tb-size,clock,sandbox,xen-domid,loadvm,localtime,startdate,no-kvm-pit,igvm-cfg,cpu-list'
  )
    .split(',')
    .map((name) => `-${name}`),
);

/** Whether QEMU has an option of this name. */
export const isQemuOption = (option: string): boolean => isFlag(option) || VALUED.has(plain(option));

const plain = (option: string): string => (option.startsWith('--') ? option.slice(1) : option);

/** Whether an option takes no value. */
export const isFlag = (option: string): boolean => FLAGS.has(plain(option));

/** @throws SevError BYTES_VALUE when the value of the last option is missing */
export function readOptions(
  words: readonly string[],
  at: string,
): readonly { readonly name: string; readonly value: string }[] {
  const options: { name: string; value: string }[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (!word.startsWith('-') || word === '-') continue; // the program, or a disk image
    const name = plain(word);
    if (isFlag(name)) {
      options.push({ name, value: '' });
      continue;
    }
    const value = words[++i];
    if (value === undefined) {
      throw new SevError('BYTES_VALUE', { at, ...configForm('option-without-value', name.slice(0, 40)) });
    }
    options.push({ name, value });
  }
  return options;
}

/** `a,b=c,d=e,,f` as properties, the first under `implied` if it has no name; or the members of a JSON object. */
export function properties(text: string, implied: string): Option {
  if (text.startsWith('{')) return jsonProperties(text);
  const found = new Map<string, string>();
  for (const [i, part] of splitAtCommas(text).entries()) {
    const equals = part.indexOf('=');
    if (equals > 0) found.set(part.slice(0, equals), part.slice(equals + 1));
    else if (part !== '') found.set(i === 0 ? implied : part, i === 0 ? part : 'on');
  }
  return found;
}

/** Two commas are one that belongs to a value. */
function splitAtCommas(text: string): readonly string[] {
  const parts = [''];
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== ',') parts[parts.length - 1] += text[i]!;
    else if (text[i + 1] === ',') parts[parts.length - 1] += text[i++]!;
    else parts.push('');
  }
  return parts;
}

function jsonProperties(text: string): Option {
  try {
    return new Map(flat(JSON.parse(text)));
  } catch {
    return new Map();
  }
}

/** Members of members under the names that QEMU gives them where there is no JSON: `file.filename`. */
function flat(value: unknown, depth = 0): [string, string][] {
  if (typeof value !== 'object' || value === null || depth > 4) return [];
  return Object.entries(value).flatMap(([name, member]): [string, string][] => {
    if (typeof member === 'boolean') return [[name, member ? 'on' : 'off']];
    if (typeof member !== 'object') return [[name, String(member)]];
    return flat(member, depth + 1).map(([inner, text]) => [`${name}.${inner}`, text]);
  });
}

export const merged = (options: readonly Option[]): Option => new Map(options.flatMap((option) => [...option]));

/** A switch in any of the words that QEMU takes for “on”. */
export const isOn = (value: string | undefined): boolean => ['on', 'yes', 'true', 'y'].includes(value ?? '');

/** A number as C reads it: decimal, hex with 0x, and octal with a mere 0 before it; undefined when it is none. */
export function readQemuNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^0[0-7]{1,11}$/.test(text)
    ? Number.parseInt(text, 8)
    : /^(?:0[xX][0-9a-fA-F]{1,8}|0|[1-9][0-9]{0,9})$/.test(text)
      ? Number(text)
      : Number.NaN;
  return value <= 0xffffffff ? value : undefined;
}
