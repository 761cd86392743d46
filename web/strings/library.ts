import type { Role } from '../library/reference-record.ts';

const role: Readonly<Record<Role, string>> = { 'guest-image': 'Guest image', kernel: 'Kernel', initrd: 'Initrd' };
const roles: Readonly<Record<Role, string>> = { 'guest-image': 'Guest images', kernel: 'Kernels', initrd: 'Initrds' };

export const library = {
  heading: 'Library',
  lead: 'Your own files, known by their hashes. Launches are compared with these, never with what a host says.',
  empty: 'There is nothing yet. Files that you choose for a launch appear here by themselves.',
  role,
  roles,
  add: 'Add a file',
  chooseFile: 'File to add',
  exchange: 'Exchange',
  exchangeHint: 'Names and hashes for another device of yours. The files themselves are in neither.',
  export: 'Export the library',
  import: 'Import an exported library',
  imported: (count: number) => (count === 1 ? 'One file was imported.' : `${count} files were imported.`),
  remove: 'Remove',
  removeNamed: (name: string) => `Remove ${name}`,
  codeOf: (name: string) => `Show ${name} as a code`,
  scan: 'Scan a code of another device',
  nameOf: 'name of the file',
  hashOf: (name: string) => `SHA-256 of ${name}`,
  added: (when: string) => `added ${when}`,
  secrets: 'Takes secrets',
  kernelHashes: 'Checks kernel hashes',
  es: 'Runs with SEV-ES',
  yes: 'yes',
  no: 'no',
} as const;
