// Which tables of kernel hashes may have been measured: on and off, other files, and command lines as people mistype them.
import { toHex, toUtf8 } from '../../../bytes/text.ts';
import { sha256Sync } from '../../../crypto/sha256-stream.ts';
import { cmdlineBytes, encodeKernelHashes } from '../../../guest/kernel-hashes.ts';
import type { DoctorCase, DoctorKernel, NamedHash } from './case.ts';
import { asExpected, type Change, changed, pairs, type Variant } from './change.ts';

/** The padded table, or none with kernel-hashes=off. */
export type KernelTable = Uint8Array | undefined;

const NOTHING: NamedHash = { name: 'none', sha256: sha256Sync() };

/** @param most the greatest weight that is asked for */
export function kernelVariants({ expected, library }: DoctorCase, most: number): readonly Variant<KernelTable>[] {
  const { kernels, initrds, cmdlines } = distinct(library);
  if (expected.kernel) return [...tablesAround(expected.kernel, { kernels, initrds, cmdlines }, most), OFF];
  const found = kernels.flatMap((kernel) =>
    [NOTHING, ...initrds].flatMap((initrd) => ['', ...cmdlines].map((cmdline) => switchedOn(kernel, initrd, cmdline))),
  );
  return [asExpected<KernelTable>(undefined), ...found];
}

/** Each once: the same command line of a thousand launches is one possibility, and not a thousand. */
const distinct = ({ kernels = [], initrds = [], cmdlines = [] }: NonNullable<DoctorCase['library']> = {}): Library => ({
  kernels: byHash(kernels),
  initrds: byHash(initrds),
  cmdlines: [...new Set(cmdlines)].filter((line) => line !== ''),
});

const byHash = (files: readonly NamedHash[]): readonly NamedHash[] => [
  ...new Map(files.map((file) => [toHex(file.sha256), file])).values(),
];

const OFF: Variant<KernelTable> = changed<KernelTable>(undefined, 1, () => ({
  factor: 'kernel-hashes',
  expected: 'on',
  found: 'off',
  sentence: 'Kernel hashes were off: neither kernel, initrd nor command line was measured.',
  next: "Have the host set kernel-hashes=on (libvirt: kernelHashes='yes'), and launch with a new session.",
}));

interface Library {
  readonly kernels: readonly NamedHash[];
  readonly initrds: readonly NamedHash[];
  readonly cmdlines: readonly string[];
}

function tablesAround(expected: DoctorKernel, library: Library, most: number): readonly Variant<KernelTable>[] {
  const initrd = expected.initrd ?? NOTHING;
  const kernels = files('kernel', expected.kernel, library.kernels);
  const others = expected.initrd ? [NOTHING, ...library.initrds] : library.initrds;
  const both = pairs(kernels, files('initrd', initrd, others), most, (kernel, initrd) => ({ kernel, initrd }));
  const lines = cmdlineVariants(expected.cmdline ?? '', library.cmdlines);
  return pairs(both, lines, most, (hashes, cmdline) => encodeKernelHashes({ ...hashes, cmdline }));
}

function files(
  factor: 'kernel' | 'initrd',
  expected: NamedHash,
  others: readonly NamedHash[],
): readonly Variant<Uint8Array>[] {
  return [
    asExpected(expected.sha256),
    ...others.map((other) => changed(other.sha256, 1, () => otherFile(factor, expected.name, other.name))),
  ];
}

const otherFile = (factor: 'kernel' | 'initrd', expected: string, found: string): Change => ({
  factor,
  expected,
  found,
  sentence:
    found === NOTHING.name ? 'No initrd was given to the guest.' : `The ${factor} is “${found}”, not “${expected}”.`,
  next: `Have the host use your ${factor}; or, if the other is right, choose it and verify again.`,
});

/** What becomes of a command line on its way: NULs, newlines, blanks and quotes come and go. */
function cmdlineVariants(expected: string, others: readonly string[]): readonly Variant<Uint8Array>[] {
  const written: readonly (readonly [string, string])[] = [
    ['the empty one', ''],
    ['the same with a newline at its end', `${expected}\n`],
    ['the same without blanks around it', expected.trim()],
    ['the same with a blank at its end', `${expected} `],
    ['the same without quotes around it', expected.replace(/^(["'])(.*)\1$/s, '$2')],
    ['the same in quotes', `"${expected}"`],
    ...others.map((line) => [`“${line}”`, line] as const),
  ];
  const lines = written.filter(([, line]) => line !== expected);
  return [
    asExpected(sha256Sync(cmdlineBytes(expected))),
    ...lines.map(([name, line]) => changed(sha256Sync(cmdlineBytes(line)), 1, () => otherLine(expected, name))),
    changed(sha256Sync(toUtf8(expected)), 1, () => otherLine(expected, 'the same without the NUL at its end')),
    changed(sha256Sync(toUtf8(`${expected}\n`)), 1, () =>
      otherLine(expected, 'the same with a newline in place of the NUL'),
    ),
    changed(sha256Sync(toUtf8(`${expected}\0\0`)), 1, () => otherLine(expected, 'the same with two NULs at its end')),
  ];
}

const otherLine = (expected: string, found: string): Change => ({
  factor: 'command-line',
  expected: `“${expected}”`,
  found,
  sentence: `The command line is another: ${found}.`,
  next: 'Have the host give the command line exactly as you expect it; or correct yours, and verify again.',
});

function switchedOn(kernel: NamedHash, initrd: NamedHash, cmdline: string): Variant<KernelTable> {
  const hashes = { kernel: kernel.sha256, initrd: initrd.sha256, cmdline: sha256Sync(cmdlineBytes(cmdline)) };
  const found = `“${kernel.name}”, initrd ${initrd.name}, command line “${cmdline}”`;
  const sentence = `Kernel hashes were on, with ${found}.`;
  const next = 'If the guest is to boot this kernel, add it to what you expect, and verify again.';
  return changed<KernelTable>(encodeKernelHashes(hashes), 1, () => ({
    factor: 'kernel-hashes',
    expected: 'off',
    found,
    sentence,
    next,
  }));
}
