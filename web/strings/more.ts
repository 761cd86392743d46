/** What each further part of the app is for. */
export const more = {
  about: 'Which build this is, and what it can and cannot prove.',
  practice: 'A guided launch on a simulated platform in this page, and the attacks that are caught.',
  keys: 'The passphrase and the lock of what is kept on this device.',
  ownership: 'For platform owners: make an owner certificate, sign platform keys.',
  courier: 'Carry blobs between an offline device and a relay. This device then holds nothing.',
  audit: 'Check a libvirt domain or QEMU arguments for what would weaken a launch.',
} as const;
