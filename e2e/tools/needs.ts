// What the tests need of a machine beyond Node: each program, file and user, and where it comes from.
export type Source =
  /** Installed by `.ci/run`, under this name of Debian's. */
  | { readonly package: string }
  /** Part of every Debian, or of Node. */
  | 'always'
  /** Not installed by `.ci/run`; where it is missing, the tests that need it are skipped and name it. */
  | 'skipped'
  /** Made by the tests for themselves. */
  | 'made';

const from = (name: string): Source => ({ package: name });

export const PROGRAMS: Readonly<Record<string, Source>> = {
  '/dev/kvm': 'skipped',
  '/usr/bin/virt-qemu-sev-validate': from('libvirt-clients-qemu'),
  '/usr/include/linux/psp-sev.h': from('linux-libc-dev'),
  '/usr/share/OVMF/OVMF_CODE_4M.fd': from('ovmf'),
  as: from('gcc'),
  'apt-get': 'always',
  bash: 'always',
  caddy: 'skipped',
  cc: from('gcc'),
  chromium: from('chromium'),
  cp: 'always',
  find: 'always',
  gcc: from('gcc'),
  git: from('git'),
  kill: 'always',
  libvirtd: from('libvirt-daemon'),
  mkfifo: 'always',
  mount: 'always',
  nginx: 'skipped',
  node: 'always',
  npm: 'always',
  npx: 'always',
  objcopy: from('gcc'),
  openssl: from('openssl'),
  'qemu-system-x86_64': from('qemu-system-x86'),
  root: 'skipped',
  script: 'always',
  sh: 'always',
  sleep: 'always',
  'systemd-analyze': 'skipped',
  umount: 'always',
  unshare: 'always',
  unzip: from('unzip'),
  virsh: from('libvirt-clients'),
  WebKitWebDriver: from('webkit2gtk-driver'),
  Xvfb: from('xvfb'),
  zip: from('zip'),
};

/** What a package of `.ci/run` is for, where no program of its own is called. */
export const OTHER_PACKAGES: Readonly<Record<string, string>> = {
  'libc6-dev': 'headers for the compiler of the shim',
  'libvirt-daemon-driver-qemu': 'the driver that libvirtd loads',
  'python3-cryptography': 'virt-qemu-sev-validate imports it',
  'python3-libvirt': 'virt-qemu-sev-validate imports it',
  'python3-lxml': 'virt-qemu-sev-validate imports it',
};

/** Users that a program looks for by name. */
export const USERS: Readonly<Record<string, Source>> = {
  // libvirtd's QEMU driver does not start without it; it gets a copy of /etc/passwd in its own namespace.
  'libvirt-qemu': 'made',
};
