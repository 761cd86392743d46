// Random launches for the comparison with libvirt's tool: the files on disk, the command line, and what was measured.
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { concat } from '../../../shared/bytes/writer.ts';
import { toBase64 } from '../../../shared/bytes/text.ts';
import { cpuSignature } from '../../../shared/guest/cpu-signature.ts';
import { cmdlineBytes } from '../../../shared/guest/kernel-hashes.ts';
import { buildVmsaPages, type VmsaPages } from '../../../shared/guest/vmsa.ts';
import { area, entry, HASHES, image, le, RESET, SECRET } from '../../../shared/testing/guest-images.ts';
import { launchDigestTail } from '../../../shared/sev/verify/launch-digest.ts';
import { encodeMeasuredLaunch } from '../../../shared/sev/verify/launch-measure.ts';
import type { Dice } from '../../../shared/testing/dice.ts';
import type { TestFolder } from './folder.ts';

export interface RandomLaunch {
  /** Options by their long names, to be written out as a command line. */
  readonly options: Map<string, string>;
  readonly tek: Uint8Array;
  readonly tik: Uint8Array;
  /** 32 bytes, right for these files. */
  readonly measure: Uint8Array;
}

const SHORT: Readonly<Record<string, string>> = {
  measurement: '-m',
  firmware: '-f',
  kernel: '-k',
  initrd: '-r',
  cmdline: '-e',
  'num-cpus': '-n',
  'vmsa-cpu0': '-0',
  'vmsa-cpu1': '-1',
};

/** Writes options out in one of the ways that argparse reads. */
export function commandLine(dice: Dice, options: ReadonlyMap<string, string>): string[] {
  const written = [...options].map(([name, value]) => writeOption(dice, name, value));
  return written.sort(() => dice.below(3) - 1).flat();
}

function writeOption(dice: Dice, name: string, value: string): string[] {
  const short = SHORT[name];
  // A value that begins with a dash, or is empty, can only be attached to a long option.
  if (value.startsWith('-') || value === '') return [`--${name}=${value}`];
  if (short !== undefined && dice.once(3)) return dice.once(2) ? [short, value] : [`${short}${value}`];
  const shortened = name === 'measurement' && dice.once(2) ? 'meas' : name;
  return dice.once(3) ? [`--${shortened}=${value}`] : [`--${shortened}`, value];
}

/** A launch that libvirt's tool and ours must both accept. */
export function randomLaunch(dice: Dice, folder: TestFolder): RandomLaunch {
  const es = dice.once(2);
  const resetEip = dice.below(2 ** 32);
  const firmware = randomFirmware(dice, resetEip);
  const options = new Map([['firmware', folder.write('firmware', firmware)]]);
  const [tek, tik] = writeKeys(dice, folder, options);
  const kernelHashes = randomKernel(dice, folder, options);
  const vmsas = es ? randomVmsas(dice, folder, options, resetEip) : undefined;
  const tail = launchDigestTail({ ...(kernelHashes && { kernelHashes }), ...(vmsas && { vmsas }) });
  const launchDigest = new Uint8Array(createHash('sha256').update(firmware).update(tail).digest());
  // Beneath API 0.17 the two differ on purpose; that has a test of its own.
  const apiMajor = dice.oneOf(0, 1, dice.below(256));
  const version = {
    apiMajor,
    apiMinor: apiMajor === 0 ? 17 + dice.below(239) : dice.below(256),
    build: dice.below(256),
  };
  const flags = dice.oneOf(1, 3, 0, dice.below(64), dice.below(2 ** 16)) & ~4;
  const policy = (flags | (es ? 4 : 0) | (dice.once(2) ? dice.below(2 ** 16) << 16 : 0)) >>> 0;
  const mnonce = dice.bytes(16);
  const message = encodeMeasuredLaunch({ ...version, policy, launchDigest, mnonce });
  const measure = hmac(tik, message);
  options.set('measurement', toBase64(concat(measure, mnonce)));
  options.set('policy', String(policy));
  options.set('api-major', String(version.apiMajor));
  options.set('api-minor', String(version.apiMinor));
  options.set('build-id', String(version.build));
  return { options, tek, tik, measure };
}

function randomFirmware(dice: Dice, resetEip: number): Uint8Array {
  const areas = [area(HASHES, dice.below(2 ** 24), 0x400), area(SECRET, dice.below(2 ** 24), 0xc00)];
  const tables = dice.once(2) ? areas : [];
  return image([...tables, entry(RESET, le(resetEip))], dice.bytes(dice.oneOf(48, 1000 + dice.below(4000))));
}

function writeKeys(dice: Dice, folder: TestFolder, options: Map<string, string>): [Uint8Array, Uint8Array] {
  const [tek, tik] = [dice.bytes(16), dice.bytes(16)];
  if (dice.once(2)) {
    options.set('tk', folder.write('tk.bin', concat(tek, tik)));
  } else {
    options.set('tik', folder.write('tik.bin', tik));
    options.set('tek', folder.write('tek.bin', tek));
  }
  return [tek, tik];
}

const hmac = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha256', key).update(message).digest());
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

function randomKernel(dice: Dice, folder: TestFolder, options: Map<string, string>) {
  if (dice.once(3)) return undefined;
  const kernel = dice.bytes(dice.below(300));
  const initrd = dice.once(3) ? undefined : dice.bytes(dice.below(300));
  const cmdline = dice.once(3)
    ? undefined
    : dice.oneOf('', 'console=ttyS0', ' quiet  splash ', 'root=/dev/vda1 ä€𝄞', '-quiet', 'a=b=c', '--x y', '\n');
  options.set('kernel', folder.write('kernel', kernel));
  if (initrd) options.set('initrd', folder.write('initrd', initrd));
  if (cmdline !== undefined) options.set('cmdline', cmdline);
  return {
    kernel: sha256(kernel),
    initrd: sha256(initrd ?? new Uint8Array()),
    cmdline: sha256(cmdlineBytes(cmdline ?? '')),
  };
}

function randomVmsas(dice: Dice, folder: TestFolder, options: Map<string, string>, resetEip: number): VmsaPages {
  // A single CPU without a page for others has a test of its own: libvirt's tool stumbles over it.
  const vcpus = dice.oneOf(2, 1 + dice.below(512), 1 + dice.below(8));
  options.set('num-cpus', String(vcpus));
  if (dice.once(2)) {
    const cpu = { family: dice.oneOf(23, 25, 26, dice.below(270)), model: dice.below(256), stepping: dice.below(16) };
    for (const [name, value] of Object.entries(cpu)) options.set(`cpu-${name}`, String(value));
    return buildVmsaPages({ variant: 'qemu', cpuSignature: cpuSignature(cpu), resetEip }, vcpus);
  }
  const [boot, others] = [dice.bytes(4096), dice.bytes(4096)];
  options.set('vmsa-cpu0', folder.write('vmsa0', boot));
  options.set('vmsa-cpu1', folder.write('vmsa1', others));
  return { boot, others, vcpus };
}

/** The plainest launch, for tests of one thing at a time: no kernel, no SEV-ES, policy 3. */
export function plainLaunch(dice: Dice, folder: TestFolder): RandomLaunch {
  const options = new Map([['firmware', folder.write('firmware', dice.bytes(500))]]);
  const [tek, tik] = writeKeys(dice, folder, options);
  options.set('api-major', '1').set('api-minor', '55').set('build-id', '21');
  const launch = { options, tek, tik, measure: new Uint8Array() };
  setPolicy(launch, 3);
  return launch;
}

/** Gives a launch this policy, and the measurement that goes with it and with these VMSA pages. */
export function setPolicy({ options, tik }: RandomLaunch, policy: number, ...vmsas: readonly Uint8Array[]): void {
  const launchDigest = sha256(concat(readFileSync(options.get('firmware')!), ...vmsas));
  const [apiMajor, apiMinor, build] = ['api-major', 'api-minor', 'build-id'].map((name) => Number(options.get(name)));
  const version = { apiMajor: apiMajor!, apiMinor: apiMinor!, build: build! };
  const mnonce = new Uint8Array(16);
  const measure = hmac(tik, encodeMeasuredLaunch({ ...version, policy, launchDigest, mnonce }));
  options.set('policy', String(policy)).set('measurement', toBase64(concat(measure, mnonce)));
}

/** Something that makes the launch another one, or the command line a wrong one. */
export function spoil(dice: Dice, folder: TestFolder, { options }: RandomLaunch): string {
  const spoilers: Readonly<Record<string, () => void>> = {
    'a changed byte of the measurement': () => {
      const bytes = Buffer.from(options.get('measurement')!, 'base64');
      bytes[dice.below(48)]! ^= 1 << dice.below(8);
      options.set('measurement', bytes.toString('base64'));
    },
    'a cut measurement': () => {
      const bytes = Buffer.from(options.get('measurement')!, 'base64');
      options.set('measurement', bytes.subarray(0, dice.oneOf(0, 16, 32, 47)).toString('base64'));
    },
    'a measurement that is no base64': () => {
      options.set('measurement', options.get('measurement')!.slice(0, dice.oneOf(1, 3, 62, 63)));
    },
    'another number': () => {
      const name = dice.oneOf('policy', 'api-major', 'api-minor', 'build-id', 'num-cpus', 'cpu-family');
      if (!options.has(name)) return;
      const before = Number(options.get(name));
      options.set(name, String(name === 'num-cpus' ? (before % 512) + 1 : before ^ 1));
    },
    'a number out of range': () =>
      options.set(dice.oneOf('api-major', 'api-minor', 'build-id'), dice.oneOf('256', '-1', '99999999999999999999')),
    'a policy out of range': () => options.set('policy', String(2n ** 32n + BigInt(options.get('policy')!))),
    'what is no number': () =>
      options.set(dice.oneOf('policy', 'build-id', 'num-cpus'), dice.oneOf('three', '', '1.5', '1e3', '1__0', '- 5')),
    'a missing option': () => options.delete(dice.oneOf(...options.keys())),
    'a missing file': () => {
      const name = dice.oneOf(
        ...[...options.keys()].filter((key) => /firmware|kernel|initrd|vmsa|tik|tek|tk/.test(key)),
      );
      options.set(name, folder.at('none'));
    },
    'a changed file': () => {
      const name = dice.oneOf(...[...options.keys()].filter((key) => /firmware|kernel|initrd|tik/.test(key)));
      const bytes = dice.bytes(dice.oneOf(15, 16, 17, 60));
      options.set(name, folder.write('changed', bytes));
    },
    'a key of another length': () =>
      options.set('tk', folder.write('short', dice.bytes(dice.oneOf(0, 16, 31, 33, 5000)))),
    'all three key options': () => {
      options.set('tk', folder.write('tk.bin', dice.bytes(32)));
      options.set('tik', folder.write('tik.bin', dice.bytes(16)));
    },
    'a VMSA of another length': () =>
      options.set('vmsa-cpu0', folder.write('short', dice.bytes(dice.oneOf(0, 4095, 4097, 2 ** 20 + 1)))),
    'VMSA files and CPU numbers': () => {
      options.set('vmsa-cpu0', folder.write('vmsa0', dice.bytes(4096)));
      options.set('cpu-model', '1');
    },
    'part of the CPU numbers': () => options.set(dice.oneOf('cpu-family', 'cpu-model', 'cpu-stepping'), '1'),
    'an initrd without a kernel': () => {
      options.delete('kernel');
      options.set(dice.oneOf('initrd', 'cmdline'), folder.write('initrd', dice.bytes(3)));
    },
    'an image without a table': () => {
      options.set('firmware', folder.write('plain', dice.bytes(dice.oneOf(0, 10, 49, 500))));
    },
    'SEV-ES asked for or not': () => options.set('policy', String(Number(options.get('policy')) ^ 4)),
    'an unknown option': () => options.set(dice.oneOf('measured', 'foo', 'cpu', 'secret'), 'x'),
    'secrets without a place': () => options.set('inject-secret', `luks-key:${folder.write('secret', 'x')}`),
    'a place for half a packet': () => options.set(dice.oneOf('secret-header', 'secret-payload'), folder.at('half')),
  };
  const name = dice.oneOf(...Object.keys(spoilers));
  spoilers[name]!();
  return name;
}
