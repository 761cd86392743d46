// A kernel's command line as it is handed out for the audit: every parameter by its name, and the values of those that the
// audit knows. A value of any other may be a key, a token or a password, and stays on the host.

/** What stands in the place of a value that is not handed out. `shared/configure` knows it too. */
export const HIDDEN = '(hidden)';

/** Parameters whose values tell how a guest boots, and hold no secret. */
const SHOWN = new Set(
  (
    'root,rootfstype,rootdelay,rootwait,init,rdinit,console,earlyprintk,earlycon,panic,loglevel,mem,maxcpus,nr_cpus,' +
    'mitigations,net.ifnames,biosdevname,selinux,enforcing,apparmor,lockdown,module.sig_enforce,iommu,swiotlb,mem_encrypt,' +
    'clocksource,tsc,random.trust_cpu,random.trust_bootloader,crashkernel,resume,rd.break,rd.shell,rd.debug,rd.luks.uuid,' +
    'rd.luks.name,luks.uuid,luks.name,systemd.unit,systemd.debug_shell,systemd.debug-shell,systemd.verity,video,vga,audit,' +
    'fsck.mode,raid,noresume,plymouth.enable'
  ).split(','),
);
const HARMLESS = /^[\w.,:/=+-]{0,160}$/;

/** Blanks are kept, since they are measured. */
export const cmdlineForAudit = (cmdline: string): string => cmdline.replaceAll(/[^ \t\r\n]+/g, (word) => shown(word));

function shown(word: string): string {
  const equals = word.indexOf('=');
  if (equals < 0) return /^[\w.:/+-]{1,64}$/.test(word) ? word : HIDDEN;
  const [name, value] = [word.slice(0, equals), word.slice(equals + 1)];
  if (SHOWN.has(name) && HARMLESS.test(value)) return word;
  return `${/^[\w.:/+-]{1,64}$/.test(name) ? name : HIDDEN}=${HIDDEN}`;
}
