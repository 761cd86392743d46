// The hashes of kernel, initrd and command line, from files of any size.
import { createHash } from 'node:crypto';
import { cmdlineBytes, type KernelHashes } from '../../shared/guest/kernel-hashes.ts';
import { SevError } from '../../shared/errors.ts';
import { hashFile } from './hash-file.ts';

export interface KernelFiles {
  readonly kernel?: string | undefined;
  readonly initrd?: string | undefined;
  /** The text itself. */
  readonly cmdline?: string | undefined;
}

/** Undefined without a kernel. No initrd is the hash of nothing, no command line that of one NUL. */
export function hashKernelFiles({ kernel, initrd, cmdline }: KernelFiles): KernelHashes | undefined {
  if (kernel === undefined) return undefined;
  requireWholeText(cmdline ?? '');
  return {
    kernel: hashFile(kernel).sha256(),
    initrd: initrd === undefined ? hash(new Uint8Array()) : hashFile(initrd).sha256(),
    cmdline: hash(cmdlineBytes(cmdline ?? '')),
  };
}

/**
 * Bytes that are no UTF-8 reach us as U+FFFD: their hash would be that of another command line.
 * @throws SevError BYTES_ENCODING
 */
export function requireWholeText(cmdline: string, at = '--cmdline'): void {
  if (!cmdline.includes('\ufffd')) return;
  throw new SevError('BYTES_ENCODING', {
    at,
    sentence: 'The command line of the kernel is not UTF-8.',
    next: 'Give it in UTF-8, which is how it is hashed; check the encoding of the script or terminal it came from.',
  });
}

const hash = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
