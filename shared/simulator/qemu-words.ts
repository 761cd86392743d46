// How QEMU refuses: its own sentences, with its text for each status of the AMD-SP.
import { SevError } from '../errors.ts';
import { AmdSpFailure } from './failure.ts';

const WORDS: Readonly<Record<number, string>> = {
  0x01: 'Platform state is invalid',
  0x02: 'Guest state is invalid',
  0x03: 'Platform configuration is invalid',
  0x04: 'Buffer too small',
  0x05: 'Platform is already owned',
  0x06: 'Certificate is invalid',
  0x07: 'Policy is not allowed',
  0x08: 'Guest is not active',
  0x09: 'Invalid address',
  0x0a: 'Bad signature',
  0x0b: 'Bad measurement',
  0x0c: 'ASID is already owned',
  0x0d: 'Invalid ASID',
  0x0e: 'WBINVD is required',
  0x0f: 'DF_FLUSH is required',
  0x10: 'Guest handle is invalid',
  0x11: 'Invalid command',
  0x12: 'Guest is active',
  0x13: 'Hardware error',
  0x14: 'Hardware unsafe',
  0x15: 'Feature not supported',
  0x16: 'Invalid parameter',
  0x17: 'Required firmware resource depleted',
  0x18: 'Part-specific integrity check failure',
};

export const qemuWordsFor = (status: number): string => WORDS[status] ?? 'unknown error';

/** What the kernel makes of any status of the AMD-SP. */
export const EIO = 5;

/** A refusal in QEMU's own words. */
export class QemuRefusal extends Error {
  override readonly name = 'QemuRefusal';
}

/** The AMD-SP's refusal as QEMU words it; anything else is a fault of ours and passes. */
export function refusal(failure: unknown, words: (status: number) => string): unknown {
  if (!(failure instanceof AmdSpFailure)) return failure;
  return new QemuRefusal(`${words(failure.status)} '${qemuWordsFor(failure.status)}'`, { cause: failure });
}

/** QEMU's last words of a launch as our own error, under the AMD-SP's code where the AMD-SP refused; else as it was. */
export function launchFailure(failure: unknown): unknown {
  if (!(failure instanceof QemuRefusal)) return failure;
  const because = `QEMU said: ${failure.message}`;
  const code = failure.cause instanceof AmdSpFailure ? failure.cause.code : 'RELAY_LAUNCH';
  return new SevError(code, { at: 'launch', because, cause: failure });
}
