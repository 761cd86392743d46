// What no search can try: said where none of the possibilities would have matched.

/** What to look at next, the likeliest first. */
export const BEYOND_THE_DOCTOR: readonly string[] = [
  'A guest image, kernel or initrd that is not known here: add every build that the host may have used.',
  "A CPU whose signature is none of the known models: with -cpu host, give the host CPU's own.",
  'QEMU 7.2 with a kernel adds a random seed to it, so that its hash is never the same: use the machine type pc-q35-7.1, or QEMU 8.',
  'A -dtb, or an IGVM file, changes what is measured in ways that are not tried here.',
  'A measurement of an earlier launch, or of a session whose key is not here.',
];
