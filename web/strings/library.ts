import type { Role } from '../library/reference-record.ts';

const role: Readonly<Record<Role, string>> = { 'guest-image': 'Guest image', kernel: 'Kernel', initrd: 'Initrd' };
const roles: Readonly<Record<Role, string>> = { 'guest-image': 'Guest images', kernel: 'Kernels', initrd: 'Initrds' };

export const library = {
  heading: 'Library',
  lead: 'The files that launches are compared with, known by their hashes. Only what you read or confirmed on this device decides.',
  empty: 'There is nothing yet. Files that you choose for a launch appear here by themselves.',
  role,
  roles,
  add: 'Add a file',
  chooseFile: 'File to add',
  exchange: 'Exchange',
  exchangeHint: 'Names and hashes for another device of yours. The files themselves are in neither.',
  export: 'Export the library',
  import: 'Import an exported library',
  arrived: (count: number) =>
    count === 1 ? 'Someone else says this about a file' : `Someone else says this about ${count} files`,
  arrivedHint:
    'Nothing was checked: anyone can make such a code or file. Keep it only if it came from a device of yours. It decides nothing before you confirm it, and what the file can do stays unknown until you read it here.',
  arrivedKeep: (count: number) => (count === 1 ? 'Keep it as a claim' : 'Keep them as claims'),
  arrivedDiscard: (count: number) => (count === 1 ? 'Discard it' : 'Discard them'),
  imported: (count: number) =>
    count === 1 ? 'One file was kept. It is not confirmed.' : `${count} files were kept. They are not confirmed.`,
  origin: 'Origin',
  confirm: 'Confirm as mine',
  confirmNamed: (name: string) => `Confirm ${name} as mine`,
  unconfirmed: 'Not confirmed: it decides nothing.',
  unread: 'Add the file itself to see what it can do.',
  vouch: 'I know that this image checks what it starts',
  vouchDetail: 'Only for an image that you built, or that someone you trust built. It is kept with its hash.',
  vouched: (when: string) => `You vouched for it on ${when}.`,
  verdicts: {
    'proven-by-you': 'proven by you',
    'looks-right': 'looks right',
    'advertises-only': 'advertises only',
    'cannot-be-read': 'cannot be read',
    demo: 'on simulated platforms',
    absent: 'no',
  },
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
