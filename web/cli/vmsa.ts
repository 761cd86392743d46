// The verb `vmsa`: builds or changes a page of first registers for SEV-ES, or says what is in one.
import { toHex } from '../../shared/bytes/text.ts';
import { sha256Sync } from '../../shared/crypto/sha256-stream.ts';
import { showSignature } from '../../shared/guest/cpu-signature.ts';
import { parseGuestImageEnds } from '../../shared/guest/guest-image.ts';
import { closestTo, readVmsa } from '../../shared/guest/vmsa-reading.ts';
import { buildVmsa, changeVmsa, VMSA_VARIANTS, type VmsaSettings } from '../../shared/guest/vmsa.ts';
import { CPU_OPTIONS, readVmsaSettings } from './cpu-options.ts';
import { hashFile } from './hash-file.ts';
import { freeValues, type Given, type OptionTable, required } from './options.ts';
import { readSmallFile } from './read-file.ts';
import { usage } from './usage.ts';
import { type Result, verb } from './verb.ts';
import { readRegisters } from './vmsa-registers.ts';
import { VMSA_WORDS } from './words.ts';
import { writeOutputs } from './write-file.ts';

const HELP = `Usage: sev-verifier vmsa build FILE --cpu N [OPTIONS]
       sev-verifier vmsa update FILE --cpu N [OPTIONS]
       sev-verifier vmsa show FILE

Builds the page of 4096 bytes that SEV-ES measures for a vCPU, with the options of \`sevctl vmsa build\`; puts another CPU
or the start of another guest image into such a page; or shows what is in it, and who makes pages like it.

      --cpu N          0 is the boot CPU; all others have the same page
      --firmware FILE  the guest image, which says where the other CPUs start
      --family N --model N --stepping N
                       the CPU by its numbers, or
      --cpu-model NAME one of QEMU's models (EPYC-Milan …), or
      --cpu-signature N   CPUID leaf 1 EAX
      --userspace V    qemu (KVM's original interface) or krun, as sevctl has it; or
      --variant V      ${VMSA_VARIANTS.join(', ')}
      --debug-swap     SEV_FEATURES 0x20
      --force          replace the file if it is there
      --json           one JSON object instead

Exit codes: 0 written or shown; 2 wrong use or unreadable input.
`;

const OPTIONS = {
  ...CPU_OPTIONS,
  cpu: { kind: 'number', max: 511 },
  family: { kind: 'number', max: 270 },
  model: { kind: 'number', max: 255 },
  stepping: { kind: 'number', max: 15 },
  firmware: { kind: 'text' },
  userspace: { kind: 'text' },
  force: { kind: 'flag' },
} as const satisfies OptionTable;

type Options = Given<typeof OPTIONS>['options'];

export const run = verb({
  help: HELP,
  options: OPTIONS,
  act: ({ options, free }): Promise<Result> => {
    const [what, ...rest] = free;
    const [file] = freeValues(rest, 'FILE') as [string];
    if (what === 'build') return build(file, options);
    if (what === 'update') return update(file, options);
    if (what === 'show') return show(file);
    throw usage('', 'It is `vmsa build`, `vmsa update` or `vmsa show`.');
  },
});

async function build(file: string, options: Options): Promise<Result> {
  const cpu = required(options.cpu, '--cpu') === 0 ? 'boot' : 'other';
  const page = buildVmsa(settingsOf(options), cpu);
  await writeOutputs([{ path: file, bytes: page }], options.force);
  return written('built', file, page);
}

/** In place, as sevctl does it: a CPU, where one is given; where the CPU starts, for all but the boot CPU. */
async function update(file: string, options: Options): Promise<Result> {
  const isBoot = required(options.cpu, '--cpu') === 0;
  if (options['debug-swap']) throw usage('--debug-swap', 'Build the page anew for that.');
  const before = await readSmallFile(file);
  const { madeBy } = readVmsa(before);
  const hasCpu = isCpuNamed(options);
  const { cpuSignature, resetEip } = settingsOf(hasCpu ? options : { ...options, 'cpu-signature': 0 });
  const startsByImage = !isBoot && options.userspace !== 'krun' && madeBy[0]?.variant !== 'krun';
  if (!hasCpu && !(startsByImage && resetEip !== undefined)) {
    throw usage('', 'There is nothing to change: give a CPU, or for all but the boot CPU a guest image (--firmware).');
  }
  const page = changeVmsa(before, {
    ...(hasCpu && { cpuSignature }),
    ...(startsByImage && resetEip !== undefined && { resetEip }),
  });
  await writeOutputs([{ path: file, bytes: page }], true);
  return written('updated', file, page);
}

const isCpuNamed = (options: Options): boolean =>
  (['family', 'model', 'stepping', 'cpu-model', 'cpu-family', 'cpu-stepping', 'cpu-signature'] as const).some(
    (name) => options[name] !== undefined,
  );

function written(status: string, file: string, page: Uint8Array): Result {
  const json = { status, file, sha256: toHex(sha256Sync(page)), ...wordsOf(page) };
  return { exitCode: 0, json, text: `${file}: ${summary(page)}\n` };
}

/** sevctl's own names for the CPU and the maker of the page, beside ours. */
function settingsOf(options: Options): VmsaSettings {
  const { family, model, stepping, userspace, variant, firmware } = options;
  if (userspace !== undefined && variant !== undefined) throw usage('--variant', 'It takes the place of --userspace.');
  if (userspace !== undefined && userspace !== 'qemu' && userspace !== 'krun') {
    throw usage('--userspace', 'It is qemu or krun.');
  }
  const named = family !== undefined || model !== undefined || stepping !== undefined;
  const cpu = named
    ? { ...options, 'cpu-family': family, 'cpu-model': model?.toString(), 'cpu-stepping': stepping }
    : options;
  const resetEip = firmware === undefined ? undefined : parseGuestImageEnds(hashFile(firmware), '--firmware').resetEip;
  return {
    ...readVmsaSettings({ ...cpu, variant: variant ?? userspace }),
    ...(resetEip !== undefined && { resetEip }),
  };
}

async function show(file: string): Promise<Result> {
  const page = await readSmallFile(file);
  const words = wordsOf(page);
  const registers = readRegisters(page);
  const lines = Object.entries(registers).flatMap(([name, value]) => registerLine(name, value));
  return { exitCode: 0, json: { ...registers, ...words }, text: `${summary(page)}\n\n${lines.join('\n')}\n` };
}

function registerLine(name: string, value: bigint | string | object): string[] {
  if (typeof value === 'string') return /^0*$/.test(value) ? [] : [`${name.padEnd(14)} ${value}`];
  const text =
    typeof value === 'bigint'
      ? hex(value)
      : Object.entries(value as Record<string, number>)
          .filter(([, part]) => part !== 0)
          .map(([field, part]) => `${field} ${hex(part)}`)
          .join(', ');
  return text === '' || text === '0x0' ? [] : [`${name.padEnd(14)} ${text}`];
}

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

function wordsOf(page: Uint8Array): object {
  const { eip, cpuSignature, madeBy } = readVmsa(page);
  return {
    start: hex(eip),
    cpu: showSignature(cpuSignature),
    madeBy,
    ...(madeBy.length === 0 && { closest: closestTo(page) }),
  };
}

function summary(page: Uint8Array): string {
  const { eip, cpuSignature, madeBy } = readVmsa(page);
  const makers = madeBy.map(({ variant, cpu }) => `${variant} (${cpu === 'boot' ? 'boot CPU' : 'other CPUs'})`);
  const by = makers.length > 0 ? `as made by ${makers.join(', ')}` : VMSA_WORDS.foreign(closestTo(page));
  return `starts at ${hex(eip)}, CPU ${showSignature(cpuSignature)}, ${by}`;
}
