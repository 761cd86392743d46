// What people read about a guest image: what it is, and whether it does what a launch asks of it.
import type { Finding } from '../findings/finding.ts';
import type { GuestImageKind } from './guest-image.ts';

type Said = Pick<Finding, 'sentence' | 'next'>;

export const KINDS: Readonly<Record<GuestImageKind, Omit<Finding, 'code'>>> = {
  'amd-sev': { severity: 'ok', sentence: 'The guest image was made for SEV, and keeps no variables.' },
  whole: {
    severity: 'warning',
    sentence: 'The guest image brings its own variable store, which is measured with it as it is in the file.',
    next: 'Let the host use it read-only. A build made for SEV (AmdSev) keeps no variables at all.',
  },
  code: {
    severity: 'warning',
    sentence: 'The guest image is a CODE file: its variables live in a VARS file, which is not measured.',
    next: 'Let the host start it without a VARS file, or use a build made for SEV (AmdSev).',
  },
  vars: {
    severity: 'refused',
    sentence: 'This is a VARS file: a store of variables, and no firmware.',
    next: 'Choose the file that belongs with it, CODE or a whole OVMF.fd.',
  },
  unknown: {
    severity: 'warning',
    sentence: 'This does not look like an OVMF image.',
    next: 'Check that you chose the file that the host gives as firmware, whole.',
  },
};

export const UNREAD: Said = {
  sentence: 'What the guest image says of itself cannot be read.',
  next: 'Check that you chose the file that the host gives as firmware, whole.',
};

const USE_AMDSEV = 'Use a build made for SEV (AmdSev), or vouch for this file if you built it and know that it checks.';

/** QEMU refuses kernel hashes for such an image, too; a host need not be QEMU. */
export const UNREAD_KERNEL: Said = {
  sentence:
    'What the guest image says of itself cannot be read, so nobody can tell that it checks the kernel that is measured.',
};

export const UNREAD_RESET: Said = {
  sentence:
    'What the guest image says of itself cannot be read, so nobody can tell where further CPUs start under SEV-ES.',
};

export const NO_HASH_AREA: Said = {
  sentence: 'The guest image has no place for kernel hashes, so it cannot check a kernel.',
};

export const KERNEL_ADVERTISED: Said = {
  sentence:
    'The guest image has a place for kernel hashes, but no code that checks them: it starts any kernel, whatever was measured.',
  next: USE_AMDSEV,
};

export const KERNEL_UNREADABLE: Said = {
  sentence: 'The code in the guest image cannot be read, so nothing shows that it checks the kernel that is measured.',
  next: USE_AMDSEV,
};

export const KERNEL_LOOKS_RIGHT: Said = {
  sentence:
    'The guest image has the code that checks kernel hashes. That it works, only the build that you trust can show.',
};

export const VOUCHED: Said = { sentence: 'You vouch for this guest image: you know that it checks what it starts.' };

export const DEMO: Said = {
  sentence:
    'This is the demo guest image of the simulator. It starts no kernel, and is good for simulated platforms only.',
};

export const NO_RESET: Said = {
  sentence: 'The guest image does not say where further CPUs start, so it cannot run with SEV-ES.',
};

export const NO_SECRET_AREA: Said = {
  sentence: 'The guest image has no place for a secret: QEMU would write it to address 0.',
  next: 'Use a build made for SEV (AmdSev), or give the address with the injection.',
};

export const SECRET_ADVERTISED: Said = {
  sentence: 'The guest image has a place for a secret, but no code that hands it on to what it starts.',
  next: 'Use a build made for SEV (AmdSev). Other builds start what the host gives them, and that finds the secret.',
};

export const SECRET_UNREADABLE: Said = {
  sentence: 'The code in the guest image cannot be read, so nothing shows what it does with a secret.',
  next: 'Use a build made for SEV (AmdSev), or one that you built yourself.',
};
