// What Linux says when /dev/sev refuses → which, why, and the command that mends it. Linux, drivers/crypto/ccp/sev-dev.c.
import { amdSpErrorCode } from '../../../shared/errors/amdsp.ts';
import { type ErrorDetails, SevError } from '../../../shared/errors.ts';
import { type CommandName, FIRMWARE_NOT_CALLED } from './structs.ts';

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  ENXIO: 6,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  ENODEV: 19,
  EINVAL: 22,
  ENOTTY: 25,
  ETIMEDOUT: 110,
  ENOTSUPP: 524,
} as const;

const NO_DEVICE: ErrorDetails = {
  sentence: 'There is no /dev/sev: the kernel has no driver for the AMD-SP, or the BIOS has it switched off.',
  next: 'Operator: switch on SEV (SMEE and a minimum SEV ASID) in the BIOS, run `modprobe ccp`, then `sev-relay check`.',
};
const FORBIDDEN: ErrorDetails = {
  sentence: 'This user may not open /dev/sev.',
  next: 'Operator: `chgrp kvm /dev/sev && chmod 660 /dev/sev`, and run the relay in the group kvm.',
};
const DEAD: ErrorDetails = {
  sentence: 'The AMD-SP has no working firmware.',
  next: 'Operator: read `dmesg | grep -i -e ccp -e sev`; update the BIOS or the SEV firmware.',
};

const OPEN_WORDS: Record<number, ErrorDetails> = {
  [ERRNO.ENOENT]: NO_DEVICE,
  [ERRNO.ENXIO]: NO_DEVICE,
  [ERRNO.EACCES]: FORBIDDEN,
  [ERRNO.EPERM]: FORBIDDEN,
  [ERRNO.ENODEV]: DEAD,
  [ERRNO.EBUSY]: {
    sentence: '/dev/sev is busy.',
    next: 'Operator: end the other program that has it (`fuser /dev/sev`).',
  },
};

const IOCTL_WORDS: Record<number, ErrorDetails> = {
  [ERRNO.EPERM]: {
    sentence: 'This command changes the platform, and this user may only read from /dev/sev.',
    next: 'Operator: `chmod 660 /dev/sev`, and run the relay in its group.',
  },
  [ERRNO.EBUSY]: {
    sentence: 'The platform is busy: guests run on it, or its firmware cannot be used.',
    next: 'Operator: end all SEV guests, then try again.',
  },
  [ERRNO.ENODEV]: DEAD,
  [ERRNO.EINVAL]: {
    sentence: 'The kernel does not know this command, or refused its buffers.',
    next: 'Operator: use a newer kernel.',
  },
  [ERRNO.ENOTTY]: { sentence: 'This file is no SEV device.', next: 'Operator: name the right device with --sev.' },
  [ERRNO.EFAULT]: { because: 'The kernel refused the buffers.' },
  [ERRNO.ENOTSUPP]: {
    sentence: 'The SEV firmware is too old for this command.',
    next: 'Operator: update the SEV firmware to API 0.16 or later.',
  },
  [ERRNO.ETIMEDOUT]: {
    sentence: 'The AMD-SP did not answer in time.',
    next: 'Operator: restart the host; if it stays so, update its BIOS.',
  },
  [ERRNO.ENOMEM]: { because: 'The host is out of memory.' },
};

export function openError(path: string, errno: number): SevError {
  const words = OPEN_WORDS[errno] ?? { because: `The system said errno ${errno}.` };
  return new SevError('RELAY_DEVICE', { at: path, ...words });
}

/** @param status the error field; it counts when the kernel says EIO */
export function ioctlError(command: CommandName, errno: number, status: number): SevError {
  if (errno === ERRNO.EIO && status !== 0 && status !== FIRMWARE_NOT_CALLED) {
    const because = `${command} ended with status 0x${status.toString(16).padStart(2, '0')}.`;
    return new SevError(amdSpErrorCode(status), { at: command, because });
  }
  const words = IOCTL_WORDS[errno] ?? { because: `The system said errno ${errno}.` };
  return new SevError('RELAY_DEVICE', { at: command, ...words });
}
