import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64, toHex } from '../../shared/bytes/text.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { sha256Sync } from '../../shared/crypto/sha256-stream.ts';
import { encodeKernelHashes, hashKernel } from '../../shared/guest/kernel-hashes.ts';
import { parseSecretTable } from '../../shared/guest/secret-table.ts';
import type { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import { advertisingImage, amdSevImage } from '../../shared/testing/firmware-images.ts';
import { area, FILES, image, SECRET, unreadableImage, volume } from '../../shared/testing/guest-images.ts';
import { TestFolder } from './testing/folder.ts';
import { type Ran, run, runJson } from './testing/run.ts';
import { simulatedPlatform } from './testing/simulated-platform.ts';

interface World {
  readonly folder: TestFolder;
  readonly amdSp: SimulatedAmdSp;
  readonly handle: number;
  /** The options of `secret` for this launch, without secrets and output files. */
  readonly launch: readonly string[];
  readonly pack: (...more: readonly string[]) => Promise<Ran>;
  readonly open: (header: Uint8Array, payload: Uint8Array) => Promise<Uint8Array>;
}

const FIRMWARE = image([area(SECRET, 0x810000, 0xc00)]);

interface Commands {
  readonly qmp: string;
  readonly virsh: string;
}

interface Options {
  readonly format?: string;
  readonly apiMinor?: number;
  readonly firmware?: Uint8Array;
  /** Measured with its hash. */
  readonly kernel?: Uint8Array;
}

async function world(policy = 3, options: Options = {}): Promise<World> {
  const { format = 'sevctl', apiMinor = 24, firmware = FIRMWARE, kernel } = options;
  const folder = new TestFolder();
  const { amdSp, chain } = await simulatedPlatform(folder, { apiMinor });
  const session = await run(
    'session',
    chain,
    String(policy),
    '--simulated',
    '--no-secrets',
    '--out',
    folder.path,
    '--format',
    format,
  );
  expect(session.code, session.err).toBe(0);
  const handle = await launchGuest(amdSp, folder, format, policy);
  await amdSp.launchUpdateData(handle, firmware);
  if (kernel) await amdSp.launchUpdateData(handle, encodeKernelHashes(await hashKernel({ kernel })));
  const measurement = toBase64(await amdSp.launchMeasure(handle));
  const { apiMajor, build } = amdSp.platformStatus();
  const keys =
    format === 'sevctl'
      ? ['--tik', folder.at('vm_tik.bin'), '--tek', folder.at('vm_tek.bin')]
      : ['--tk', folder.at('tmp_tk.bin')];
  const launch = [
    ...keys,
    ...['--launch-measure-blob', measurement, '--firmware', folder.write('firmware', firmware)],
    ...['--api-major', String(apiMajor), '--api-minor', String(apiMinor), '--build-id', String(build)],
    '--simulated',
  ];
  const secret = ['--secret', `736869e5-84f0-4973-92ec-06879ce3da0b:${folder.write('secret', 'pass\0')}`];
  const files = [folder.at('header'), folder.at('payload')];
  return {
    ...{ folder, amdSp, handle, launch },
    pack: (...more) => run('secret', 'build', ...launch, ...secret, ...more, ...files),
    open: (header, payload) => amdSp.launchSecret(handle, { header, payload, guestLength: payload.length }),
  };
}

async function launchGuest(amdSp: SimulatedAmdSp, folder: TestFolder, format: string, policy: number): Promise<number> {
  const [godh, session] =
    format === 'sevctl'
      ? [fromBase64(folder.text('vm_godh.b64')), fromBase64(folder.text('vm_session.b64'))]
      : [folder.read('godh.cert'), folder.read('launch_blob.bin')];
  return amdSp.launchStart({ policy, godh, session });
}

describe('a measurement whose fields were mixed up', () => {
  it.each([
    [
      'the digest in its place',
      (m: Uint8Array, digest: Uint8Array) => concat(digest, m.slice(32)),
      'This is the launch digest',
    ],
    ['its nonce first', (m: Uint8Array) => concat(m.slice(32), m.slice(0, 32)), 'The nonce stands before the measure'],
    [
      'a byte flipped',
      (m: Uint8Array) => m.map((byte, i) => (i === 3 ? byte ^ 1 : byte)),
      'does not match the guest image',
    ],
  ])('is refused with %s, and named', async (_, change, words) => {
    const { launch, folder } = await world();
    const at = launch.indexOf('--launch-measure-blob') + 1;
    const digest = new Uint8Array(createHash('sha256').update(FIRMWARE).digest());
    const changed = launch.with(at, toBase64(change(fromBase64(launch[at]!), digest)));
    const files = [folder.at('header'), folder.at('payload')];
    const { code, out } = await run('secret', ...changed, '-s', `luks-key:${folder.at('secret')}`, ...files);
    expect(code).toBe(1);
    expect(out).toContain(words);
    expect(out).toContain('WITHHELD');
  });

  it.each([47, 49])('is refused for its %i bytes, and that is said', async (length) => {
    const { launch, folder } = await world();
    const at = launch.indexOf('--launch-measure-blob') + 1;
    for (const bytes of [randomBytes(length), Buffer.alloc(length, 0xf1)])
      for (const text of [
        bytes.toString('base64'),
        bytes.toString('hex'),
        folder.write('m', bytes.toString('base64')),
      ]) {
        const changed = launch.with(at, text);
        const { code, err } = await run('secret', ...changed, '-s', `luks-key:${folder.at('secret')}`, 'h', 'p');
        expect([code, err]).toEqual([
          2,
          expect.stringContaining(`has 48 bytes (32 of measure, 16 of nonce); this has ${length}.`),
        ]);
      }
  });

  it('of nothing but zeros is 48 bytes, not hex', async () => {
    const { launch, folder } = await world();
    const zeros = launch.with(launch.indexOf('--launch-measure-blob') + 1, 'A'.repeat(64));
    const { code, out } = await run('secret', ...zeros, '-s', `luks-key:${folder.at('secret')}`, 'h', 'p');
    expect([code, out]).toEqual([1, expect.stringContaining('WITHHELD')]);
  });
});

describe('secret', () => {
  it('packs nothing for a simulated platform that was not asked for by name', async () => {
    const { folder, launch } = await world();
    const unasked = launch.filter((argument) => argument !== '--simulated');
    const files = [folder.at('header'), folder.at('payload')];
    const { code, err } = await run('secret', ...unasked, '-s', `luks-key:${folder.at('secret')}`, ...files);
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('MEASURE_SIMULATED') as string });
    expect(err).toContain('--simulated');
    expect(() => folder.text('header')).toThrow();
  });

  it.each(['sevctl', 'sevtool'])('packs what the platform opens, for a session in the files of %s', async (format) => {
    const { folder, pack, open } = await world(3, { format });
    const { code, out, err } = await pack();
    expect(code, err).toBe(0);
    expect(out).toContain('SIMULATED');
    const table = await open(folder.read('header'), folder.read('payload'));
    expect(parseSecretTable(table)).toMatchObject([{ data: new TextEncoder().encode('pass\0') }]);
  });

  it('writes base64 for virsh, and the commands for virsh and QMP', async () => {
    const { folder, open, launch } = await world();
    const secret = `luks-key:${folder.write('secret', 'pass\0')}`;
    const files = [folder.at('h 1'), folder.at('p')];
    const { code, json } = await runJson<Commands>('secret', ...launch, '-s', secret, '--base64', ...files);
    expect(json.virsh).toBe(`virsh domsetlaunchsecstate DOMAIN --secrethdr '${files[0]}' --secret ${files[1]}`);
    expect(code).toBe(0);
    const sent = JSON.parse(json.qmp) as { arguments: { 'packet-header': string; secret: string } };
    expect(sent.arguments).toEqual({ 'packet-header': folder.text('h 1'), secret: folder.text('p') });
    await open(fromBase64(folder.text('h 1')), fromBase64(folder.text('p')));
  });

  it.each<[string, readonly string[], string]>([
    ['another guest image', ['--launch-digest', 'ab'.repeat(32)], 'MEASURE'],
    ['another policy', ['--policy', '1'], 'another policy'],
    ['another build', ['--build-id', '99'], 'MEASURE'],
  ])('withholds for %s', async (_what, change) => {
    const { folder, launch } = await world();
    const [name] = change;
    const from = launch.indexOf(name === '--launch-digest' ? '--firmware' : name!);
    const rest = from < 0 ? launch : launch.filter((_, i) => i !== from && i !== from + 1);
    const { code, json } = await runJson<{ status: string }>(
      ...(['secret', ...rest, ...change, '-s', `luks-key:${folder.at('secret')}`] as const),
      ...[folder.at('header'), folder.at('payload')],
    );
    expect({ code, status: json.status }).toEqual({ code: 1, status: 'withheld' });
    expect(readdirSync(folder.path)).not.toContain('header');
    expect(readdirSync(folder.path)).not.toContain('vm_released.json');
  });

  it.each([
    ['debugging', 2],
    ['key sharing', 1],
  ])('withholds under a policy that allows %s', async (_what, policy) => {
    const { folder, pack } = await world(policy);
    expect((await pack()).code).toBe(1);
    expect(readdirSync(folder.path)).not.toContain('header');
  });

  it('withholds for firmware before API 0.17', async () => {
    const { pack } = await world(3, { apiMinor: 16 });
    expect(await pack()).toMatchObject({ code: 1 });
  });

  it('packs as often as one launch needs it, and for no second launch', async () => {
    const { folder, amdSp, pack, launch } = await world();
    expect((await pack()).code).toBe(0);
    expect((await pack('--force')).code).toBe(0);
    const again = await launchGuest(amdSp, folder, 'sevctl', 3);
    await amdSp.launchUpdateData(again, FIRMWARE);
    const other = toBase64(await amdSp.launchMeasure(again));
    const replayed = launch.map((arg) => (arg === launch[launch.indexOf('--launch-measure-blob') + 1] ? other : arg));
    const files = [folder.at('h2'), folder.at('p2')];
    const { code, err } = await run('secret', ...replayed, '-s', `luks-key:${folder.at('secret')}`, ...files);
    expect(code).toBe(1);
    expect(err).toContain('MEASURE_SESSION_USED');
    expect(readdirSync(folder.path)).not.toContain('h2');
    // `validate` holds to the same.
    const keyed = [
      '--tik',
      folder.at('vm_tik.bin'),
      '--tek',
      folder.at('vm_tek.bin'),
      '--firmware',
      folder.at('firmware'),
    ];
    const numbers = [
      '--policy',
      '3',
      '--api-major',
      '0',
      '--api-minor',
      '24',
      '--build-id',
      String(amdSp.platformStatus().build),
    ];
    const packet = [
      '--secret-header',
      files[0]!,
      '--secret-payload',
      files[1]!,
      '-s',
      `luks-key:${folder.at('secret')}`,
    ];
    expect(await run('validate', ...keyed, ...numbers, ...packet, '-m', other)).toMatchObject({ code: 3 });
  });

  it('packs for a session that was made anew under the name of one that has served', async () => {
    const { folder, amdSp, pack, launch } = await world();
    expect(await pack()).toMatchObject({ code: 0 });
    rmSync(folder.at('vm_tik.bin'));
    const session = ['session', folder.at('chain.cert'), '3', '--simulated', '--out', folder.path];
    expect((await run(...session)).err).toContain('VAULT_FILE_EXISTS');
    expect(await run(...session, '--force')).toMatchObject({ code: 0 });
    const again = await launchGuest(amdSp, folder, 'sevctl', 3);
    await amdSp.launchUpdateData(again, FIRMWARE);
    const measurement = toBase64(await amdSp.launchMeasure(again));
    const place = launch.indexOf('--launch-measure-blob') + 1;
    const packed = [...launch.with(place, measurement), '-s', `luks-key:${folder.at('secret')}`, '--force'];
    expect(await run('secret', ...packed, folder.at('header'), folder.at('payload'))).toMatchObject({
      code: 0,
      err: '',
    });
  });

  it('takes a record of any name, and one launch with it', async () => {
    const { folder, pack } = await world();
    renameSync(folder.at('vm_record.json'), folder.at('kept'));
    expect(await pack('--record', folder.at('kept'))).toMatchObject({ code: 0 });
    expect(readdirSync(folder.path)).toContain('kept_released.json');
    expect(await pack('--record', folder.at('kept'), '--force')).toMatchObject({ code: 0 });
  });

  it("wants the session's own record, unchanged", async () => {
    const { folder, pack } = await world();
    const record = folder.text('vm_record.json');
    folder.write('vm_record.json', record.replace('"acceptsKeySharing": false', '"acceptsKeySharing": true'));
    expect((await pack()).err).toContain('MEASURE_SESSION_BLOB');
    folder.write('vm_record.json', record);
    renameSync(folder.at('vm_record.json'), folder.at('elsewhere.json'));
    expect((await pack()).err).toContain('MEASURE_SESSION_IMPORTED');
    expect(await pack('--record', folder.at('elsewhere.json'))).toMatchObject({ code: 0 });
  });

  it("packs no more than the guest's area holds, and warns of a passphrase that will not open anything", async () => {
    const { folder, launch } = await world();
    const files = [folder.at('h'), folder.at('p')];
    const large = `luks-key:${folder.write('large', new Uint8Array(3080))}`;
    expect((await run('secret', ...launch, '-s', large, ...files)).err).toContain('MEASURE_SECRET_SIZE');
    const newline = `luks-key:${folder.write('newline', 'pass\n')}`;
    expect((await run('secret', ...launch, '-s', newline, ...files)).out).toContain('ends with a newline');
  });

  it('warns of an image with no place for a secret', async () => {
    const { pack } = await world(3, { firmware: image([], concat(volume(FILES), new Uint8Array(10))) });
    const { code, out, err } = await pack();
    expect(code, err).toBe(0);
    expect(out).toContain('warning: The guest image has no place for a secret');
    expect(out).toContain('warning: This does not look like an OVMF image');
  });

  it('withholds for an image that starts any kernel, whatever was measured', async () => {
    const kernel = Uint8Array.of(1);
    const { pack, folder } = await world(3, { kernel });
    const { code, out } = await pack('--kernel', folder.write('kernel', kernel));
    expect(code).toBe(1);
    expect(out).toContain('refused: The guest image has no place for kernel hashes');
  });

  it('withholds for a kernel where the image cannot be read, and packs where none is measured', async () => {
    const kernel = Uint8Array.of(1);
    const firmware = unreadableImage();
    const { pack, folder } = await world(3, { kernel, firmware });
    const { code, out } = await pack('--kernel', folder.write('kernel', kernel));
    expect(code).toBe(1);
    expect(out).toContain('refused: What the guest image says of itself cannot be read');
    // Where none is measured, the owner can still answer for an image that cannot be read: in so many words.
    const plain = await world(3, { firmware });
    const withheld = await plain.pack();
    expect(withheld.code).toBe(1);
    expect(withheld.out).toContain('unchecked: The guest image was not read on this device');
    expect(await plain.pack('--accept-unread-image')).toMatchObject({ code: 0 });
  });

  it('withholds for a kernel that the image only advertises to check, and packs where the owner vouches for it', async () => {
    const [kernel, firmware] = [Uint8Array.of(1), advertisingImage()];
    const { pack, folder } = await world(3, { kernel, firmware });
    const given = ['--kernel', folder.write('kernel', kernel)];
    const { code, out } = await pack(...given);
    expect(code).toBe(1);
    expect(out).toContain('no code that checks them: it starts any kernel');
    expect(await pack(...given, '--accept-unread-image')).toMatchObject({ code: 1 });
    expect(await pack(...given, '--vouch-image', 'ab'.repeat(32))).toMatchObject({ code: 2 });
    const vouched = await pack(...given, '--vouch-image', toHex(sha256Sync(firmware)));
    expect(vouched.code).toBe(0);
    expect(vouched.out).toContain('You vouch for this guest image');
    const right = await world(3, { kernel, firmware: amdSevImage() });
    expect(await right.pack('--kernel', right.folder.write('kernel', kernel))).toMatchObject({ code: 0 });
  });

  it('withholds for a bare digest, unless its owner answers for it', async () => {
    const firmware = advertisingImage();
    const { folder, launch } = await world(3, { firmware });
    const from = launch.indexOf('--firmware');
    const rest = launch.filter((_, i) => i !== from && i !== from + 1);
    const bare = ['--launch-digest', toHex(sha256Sync(firmware))];
    const files = ['-s', `luks-key:${folder.write('secret', 'x')}`, folder.at('header'), folder.at('payload')];
    const withheld = await run('secret', ...rest, ...bare, ...files);
    expect(withheld.code).toBe(1);
    expect(withheld.out).toContain('unchecked: Only a launch digest was given');
    expect(await run('secret', ...rest, ...bare, '--accept-unread-image', ...files)).toMatchObject({ code: 0 });
  });

  it('ends with 2 for what it cannot read', async () => {
    const { folder, launch } = await world();
    const files = [folder.at('h'), folder.at('p')];
    const secret = ['-s', `luks-key:${folder.at('secret')}`];
    folder.write('secret', 'x');
    for (const args of [
      [...launch, ...files],
      [...launch, ...secret],
      [...launch, ...secret, files[0]!],
      [...launch, '-s', 'luks-key', ...files],
      [...launch, '-s', `lux-key:${folder.at('secret')}`, ...files],
      [...launch, '-s', `luks-key:${folder.at('none')}`, ...files],
      [...launch, ...secret, ...secret, ...files],
      [...launch.slice(4), ...secret, ...files],
      [...launch, '--tk', folder.at('vm_tik.bin'), ...secret, ...files],
    ]) {
      const { code, err } = await run('secret', ...args);
      expect(code, `${args.join(' ')}\n${err}`).toBe(2);
    }
  });
});
