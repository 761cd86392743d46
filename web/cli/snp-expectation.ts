// What the owner expects of an SNP report, from options: every value typed here, every field that does not matter said by name.
import { fromBase64, fromHex } from '../../shared/bytes/text.ts';
import { requireLength } from '../../shared/bytes/reader.ts';
import type { OneOf, Reference, SnpExpectation, Wish } from '../../shared/snp/decide/expectation.ts';
import { productNamed, SNP_PRODUCTS, type SnpProduct } from '../../shared/snp/formats/product.ts';
import type { Tcb } from '../../shared/snp/formats/tcb.ts';
import type { Given, OptionTable } from './options.ts';
import { readFileIfThere } from './read-file.ts';
import { usage } from './usage.ts';

export const SNP_EXPECT_OPTIONS = {
  'report-data': { kind: 'list' },
  measurement: { kind: 'list' },
  'host-data': { kind: 'list' },
  'chip-id': { kind: 'list' },
  'csp-id': { kind: 'list' },
  product: { kind: 'list' },
  vmpl: { kind: 'number', max: 3 },
  'id-key-digest': { kind: 'list' },
  'author-key-digest': { kind: 'list' },
  'family-id': { kind: 'list' },
  'image-id': { kind: 'list' },
  'min-guest-svn': { kind: 'number' },
  'guest-policy': { kind: 'text' },
  'allow-debug': { kind: 'flag' },
  'allow-migration': { kind: 'flag' },
  'platform-bits': { kind: 'text' },
  'min-tcb': { kind: 'text' },
  'min-firmware': { kind: 'text' },
  mitigations: { kind: 'text' },
  'same-firmware': { kind: 'flag' },
  any: { kind: 'list' },
} as const satisfies OptionTable;

export const SNP_EXPECT_HELP = `      --report-data B  --measurement B  --host-data B
                       64, 48 and 32 bytes: hex, base64 or a file (each repeatable: one of them must hold)
      --guest-policy N the guest policy, all bits
      --id-key-digest B  --author-key-digest B
                       keys that may have signed the guest's ID block (repeatable)
      --family-id B  --image-id B  --min-guest-svn N
                       what the ID block says; means something only with one of those keys
      --vmpl N         the level that asked; 0 unless said
      --chip-id B  --csp-id NAME  --product Milan|Genoa|Turin
                       on which machine, of which provider, on which processor
      --min-tcb PARTS  such as bl=4,tee=0,snp=24,ucode=219 (Turin: fmc= too); asked of all four TCBs
      --min-firmware V such as 1.55.40
      --platform-bits M=V  bits of PLATFORM_INFO under a mask, such as 0x20=0x20
      --mitigations N  bits that both mitigation vectors must have
      --same-firmware  refuse firmware that is not committed yet
      --allow-debug  --allow-migration
                       take a guest that the host can debug, or that a migration agent can move
      --any FIELD      this field may be anything: report-data, measurement, host-data, policy, signer, chip, provider,
                       vmpl, platform, tcb, firmware, mitigations, revocation (repeatable)`;

type Options = Given<typeof SNP_EXPECT_OPTIONS>['options'];

/** What --any may name, and the wish that it opens. */
const ANY: Readonly<Record<string, keyof SnpExpectation>> = {
  'report-data': 'reportData',
  measurement: 'measurement',
  'host-data': 'hostData',
  policy: 'policyBits',
  signer: 'signedBy',
  chip: 'chipId',
  provider: 'cspId',
  vmpl: 'vmpl',
  platform: 'platformBits',
  tcb: 'minTcb',
  firmware: 'minFirmware',
  mitigations: 'mitigations',
  revocation: 'revocation',
};

/** Everything may be anything: the signature alone is looked at. */
export const ANYTHING: SnpExpectation = Object.fromEntries(Object.values(ANY).map((field) => [field, 'any']));

const typed = <T>(value: T): Reference<T> => ({ value, origin: 'typed-here' });

/** @throws SevError RELAY_USAGE, BYTES_LENGTH, BYTES_ENCODING */
export async function readSnpExpectation(options: Options): Promise<SnpExpectation> {
  const list = async (name: keyof Options, size: number): Promise<OneOf<Uint8Array> | undefined> => {
    const values = options[name] as readonly string[];
    if (values.length === 0) return undefined;
    return Promise.all(values.map(async (value) => typed(await readBytes(value, size, `--${name}`))));
  };
  const chipIds = options['chip-id'].length > 0 ? await Promise.all(options['chip-id'].map(readChip)) : undefined;
  const [idKeys, authorKeys] = [await list('id-key-digest', 48), await list('author-key-digest', 48)];
  const found: Partial<Record<keyof SnpExpectation, unknown>> = {
    reportData: await list('report-data', 64),
    measurement: await list('measurement', 48),
    hostData: await list('host-data', 32),
    chipId: chipIds?.map(typed),
    cspId: options['csp-id'].length > 0 ? options['csp-id'].map(typed) : undefined,
    product: options.product.length > 0 ? options.product.map((name) => typed(readProduct(name))) : undefined,
    vmpl: options.vmpl === undefined ? undefined : typed(options.vmpl),
    signedBy: (idKeys ?? authorKeys) && { idKeys: idKeys ?? [], authorKeys: authorKeys ?? [] },
    familyId: await list('family-id', 16),
    imageId: await list('image-id', 16),
    minGuestSvn: options['min-guest-svn'] === undefined ? undefined : typed(options['min-guest-svn']),
    policyBits: wish(options['guest-policy'], (text) => ({ mask: ALL_BITS, value: readBits(text, '--guest-policy') })),
    platformBits: wish(options['platform-bits'], readMasked),
    minTcb: wish(options['min-tcb'], readTcb),
    minFirmware: wish(options['min-firmware'], readFirmware),
    mitigations: wish(options.mitigations, (text) => readBits(text, '--mitigations')),
    allowDebug: options['allow-debug'],
    allowMigration: options['allow-migration'],
    sameFirmware: options['same-firmware'] ? 'required' : undefined,
  };
  for (const name of options.any) {
    const field = Object.hasOwn(ANY, name) ? ANY[name] : undefined;
    if (!field) throw usage('--any', `It is one of ${Object.keys(ANY).join(', ')}.`);
    if (found[field] !== undefined) throw usage('--any', 'This field was given a value as well.');
    found[field] = 'any';
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

const ALL_BITS = (1n << 64n) - 1n;

const wish = <T>(text: string | undefined, read: (text: string) => T): Wish<T> | undefined =>
  text === undefined ? undefined : typed(read(text));

/** Hex, base64, or a file with the bytes themselves or either text. */
async function readBytes(value: string, size: number, at: string): Promise<Uint8Array> {
  const plain = new RegExp(`^[0-9a-fA-F]{${2 * size}}$`);
  if (plain.test(value)) return fromHex(value);
  const file = await readFileIfThere(value);
  if (file?.length === size) return file;
  const text = file ? new TextDecoder().decode(file).trim() : value;
  const bytes = plain.test(text) ? fromHex(text) : fromBase64(text, at);
  requireLength(bytes, size, at);
  return bytes;
}

/** 64 bytes, or Turin's 8 that zeros fill up. */
async function readChip(value: string): Promise<Uint8Array> {
  if (!/^[0-9a-fA-F]{16}$/.test(value)) return readBytes(value, 64, '--chip-id');
  const chip = new Uint8Array(64);
  chip.set(fromHex(value));
  return chip;
}

function readProduct(name: string): SnpProduct {
  const product = productNamed(name);
  if (product) return product;
  throw usage('--product', `It is one of ${SNP_PRODUCTS.join(', ')}.`);
}

function readBits(text: string, at: string): bigint {
  if (/^(?:0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})$/.test(text)) return BigInt(text);
  throw usage(at, 'It is a number, in decimal or as 0x….');
}

function readMasked(text: string): { mask: bigint; value: bigint } {
  const [mask = '', value = '', more] = text.split('=');
  if (more !== undefined || value === '') throw usage('--platform-bits', 'It is MASK=VALUE, such as 0x20=0x20.');
  return { mask: readBits(mask, '--platform-bits'), value: readBits(value, '--platform-bits') };
}

const PARTS: Readonly<Record<string, keyof Tcb>> = {
  fmc: 'fmc',
  bl: 'bootLoader',
  tee: 'tee',
  snp: 'snp',
  ucode: 'microcode',
};

function readTcb(text: string): Partial<Tcb> {
  const parts = text.split(',').map((part) => {
    const [name = '', value = ''] = part.split('=');
    const number = /^(?:0[xX][0-9a-fA-F]{1,2}|[0-9]{1,3})$/.test(value) ? Number(value) : 256;
    if (!Object.hasOwn(PARTS, name) || number > 255)
      throw usage('--min-tcb', 'Write it as bl=4,tee=0,snp=24,ucode=219.');
    return [PARTS[name]!, number] as const;
  });
  return Object.fromEntries(parts);
}

function readFirmware(text: string): { major: number; minor: number; build: number } {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!found) throw usage('--min-firmware', 'Write it as 1.55.40.');
  return { major: Number(found[1]), minor: Number(found[2]), build: Number(found[3]) };
}
