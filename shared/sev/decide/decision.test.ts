import { describe, expect, it } from 'vitest';
import { toHex, toUtf8 } from '../../bytes/text.ts';
import { webCryptoRandom } from '../../crypto/subtle.ts';
import { parseGuestImage } from '../../guest/guest-image.ts';
import { encodeKernelHashes, hashKernel } from '../../guest/kernel-hashes.ts';
import { LUKS_PASSPHRASE_GUID } from '../../guest/known-secrets.ts';
import { encodeSecretTable } from '../../guest/secret-table.ts';
import { type LaunchSession, resumeLaunchSession, storeLaunchSession } from '../session/launch-session.ts';
import { sealSecret } from '../seal/secret-packet.ts';
import { launchForTests, type LaunchWorld } from '../../testing/launch-world.ts';
import { demoGuestImage } from '../../simulator/demo-guest/image.ts';
import { hashGuestImage, launchDigestOf } from '../verify/launch-digest.ts';
import type { VerifiedLaunch } from '../verify/launch-measure.ts';
import { SIMULATED_ROOT } from '../../trust/simulated-root.ts';
import { decide, type Decision, type Release } from './decision.ts';
import { expectForTests } from '../../testing/own-launch.ts';
import { advertisingImage, amdSevImage, sealedImage } from '../../testing/firmware-images.ts';
import { type Expectation, expectDigest, expectLaunch } from './expectation.ts';
import { worst } from '../../findings/finding.ts';

const image = Uint8Array.from({ length: 8192 }, (_, i) => i * 7);
const expected = (bytes = image): Promise<Expectation> => expectForTests({ guestImage: hashGuestImage(bytes) });
const table = encodeSecretTable([{ guid: LUKS_PASSPHRASE_GUID, data: toUtf8('open sesame\0') }]);

const decideOn = async (world: LaunchWorld, changes: Partial<Parameters<typeof decide>[0]> = {}) =>
  decide({ session: world.session, reported: world.reported, expectation: await expected(), ...changes });

function released(decision: Decision): Release {
  if (decision.kind === 'release') return decision;
  throw new Error(decision.findings.map(({ code, severity }) => `${severity} ${code}`).join('\n'));
}

/** The codes that forbid a release. */
const refusals = (decision: Decision): string[] => {
  if (decision.kind === 'release') throw new Error('released');
  return decision.findings.filter(({ severity }) => severity === 'refused').map(({ code }) => code);
};

const unchecked = ({ findings }: Decision): string[] =>
  findings.filter(({ severity }) => severity === 'unchecked').map(({ code }) => code);

describe('A Guest Owner releases the secret', () => {
  it('into the guest that they expect, and the AMD-SP takes it', async () => {
    const world = await launchForTests(3, [image]);
    const release = released(await decideOn(world));
    expect(release.simulated).toBe(false);
    expect(release.sessionId).toBe(world.session.id);
    expect(worst(release.findings)).toBe('note');
    const packet = await sealSecret(release, table, webCryptoRandom);
    const plain = await world.amdSp.launchSecret(world.handle, { ...packet, guestLength: table.length });
    expect(plain).toEqual(table);
  });

  it('into a simulated guest only with a release that says so', async () => {
    const world = await launchForTests(3, [image], { root: SIMULATED_ROOT });
    const release = released(await decideOn(world));
    expect(release.simulated).toBe(true);
    expect(release.findings.find(({ code }) => code === 'PLATFORM_SIMULATED')?.severity).toBe('warning');
    expect(release.findings.some(({ code }) => code === 'PLATFORM_GENUINE')).toBe(false);
  });

  it('where key sharing was accepted with the session', async () => {
    const world = await launchForTests(1, [image], { acceptsKeySharing: true });
    const { findings } = released(await decideOn(world));
    expect(findings.find(({ code }) => code === 'POLICY_KEY_SHARING_ACCEPTED')?.severity).toBe('warning');
  });

  it('after the session came back from its record', async () => {
    const world = await launchForTests(3, [image]);
    const { trustedPdh, keys } = world.session;
    const session = resumeLaunchSession({ ...storeLaunchSession(world.session), trustedPdh, keys });
    expect(released(await decideOn(world, { session })).sessionId).toBe(world.session.id);
  });
});

describe('A Guest Owner keeps the secret', () => {
  it('when the guest image was changed, and the expected measure stays unsaid', async () => {
    const world = await launchForTests(3, [image.map((byte, i) => (i === 5000 ? byte ^ 1 : byte))]);
    const decision = await decideOn(world);
    expect(refusals(decision)).toEqual(['MEASURE_MISMATCH']);
    const honest = released(await decideOn(await launchForTests(3, [image])));
    expect(JSON.stringify(decision)).not.toContain(toHex(honest.launch.expectedMeasure));
    expect(decision).not.toHaveProperty('launch');
  });

  it('when the policy allows debugging', async () => {
    const world = await launchForTests(2, [image]);
    expect(refusals(await decideOn(world))).toEqual(['MEASURE_DEBUG_POLICY']);
  });

  it('when key sharing was not accepted with the session', async () => {
    const world = await launchForTests(1, [image]);
    expect(refusals(await decideOn(world))).toEqual(['MEASURE_KEY_SHARING']);
  });

  it('when the API is older than 0.17, although the measure is right', async () => {
    const world = await launchForTests(3, [image], { apiMinor: 16 });
    const decision = await decideOn(world);
    expect(refusals(decision)).toEqual(['MEASURE_API_TOO_OLD']);
    expect(decision.findings.some(({ code }) => code === 'MEASURE_MATCH')).toBe(true);
  });

  it('when the host reports another policy', async () => {
    const world = await launchForTests(3, [image]);
    const decision = await decideOn(world, { reported: { ...world.reported, policy: 1 } });
    expect(refusals(decision)).toEqual(['MEASURE_POLICY_CHANGED']);
    const finding = decision.findings.find(({ code }) => code === 'MEASURE_POLICY_CHANGED')!;
    expect([finding.expected, finding.actual]).toEqual(['3 · 0x3 (NODBG, NOKS)', '1 · 0x1 (NODBG)']);
  });

  it('when another tool made the session', async () => {
    const world = await launchForTests(3, [image]);
    const { trustedPdh, keys } = world.session;
    const stored = { ...storeLaunchSession(world.session), origin: 'imported' as const };
    const session = resumeLaunchSession({ ...stored, trustedPdh, keys });
    expect(refusals(await decideOn(world, { session }))).toEqual(['MEASURE_SESSION_IMPORTED']);
  });

  it("when the record's policy was changed", async () => {
    const world = await launchForTests(2, [image]);
    const { trustedPdh, keys } = world.session;
    const session = resumeLaunchSession({ ...storeLaunchSession(world.session), policy: 3, trustedPdh, keys });
    const reported = { ...world.reported, policy: 3 };
    expect(refusals(await decideOn(world, { session, reported }))).toEqual([
      'MEASURE_SESSION_BLOB',
      'MEASURE_MISMATCH',
    ]);
  });

  it('when the session is only a copy of one', async () => {
    const world = await launchForTests(1, [image]);
    const forged = { ...world.session, acceptsKeySharing: true } as LaunchSession;
    expect(refusals(await decideOn(world, { session: forged }))).toEqual(['MEASURE_NOT_VERIFIED']);
  });

  it('when the firmware is older than they ask for, by API or by build', async () => {
    const world = await launchForTests(3, [image]);
    const floor = (apiMajor: number, apiMinor: number, build: number) => ({ apiMajor, apiMinor, build });
    const withFloor = async (least: Expectation['floor']) =>
      decideOn(world, { expectation: await expectForTests({ guestImage: hashGuestImage(image) }, { floor: least }) });
    expect((await withFloor(floor(0, 24, 15))).kind).toBe('release');
    expect((await withFloor(floor(0, 23, 200))).kind).toBe('release');
    for (const least of [floor(0, 24, 16), floor(0, 25, 0), floor(1, 0, 0)]) {
      expect(refusals(await withFloor(least))).toEqual(['MEASURE_FIRMWARE_FLOOR']);
    }
  });

  it('when the expectation has no VMSA pages for SEV-ES', async () => {
    const world = await launchForTests(7, [image]);
    expect(refusals(await decideOn(world))).toEqual(['EXPECTATION_WITHOUT_FIT']);
  });

  it('when the guest image would start another kernel than the one that was measured', async () => {
    const kernelHashes = await hashKernel({ kernel: Uint8Array.of(1) });
    const on = async (bytes: Uint8Array, own: Parameters<typeof expectForTests>[1] = {}) => {
      const world = await launchForTests(3, [bytes, encodeKernelHashes(kernelHashes)]);
      const guestImage = parseGuestImage(bytes);
      const inputs = { guestImage: hashGuestImage(bytes), kernelHashes };
      return decideOn(world, { expectation: await expectForTests(inputs, { guestImage, ...own }) });
    };
    expect(refusals(await on(image))).toEqual(['MEASURE_IMAGE']);
    // A place for the hashes is no code that compares them: Debian's generic OVMF of 2026 has the one and not the other.
    expect(refusals(await on(advertisingImage()))).toEqual(['MEASURE_IMAGE']);
    expect(refusals(await on(sealedImage()))).toEqual(['MEASURE_IMAGE']);
    expect(refusals(await on(demoGuestImage()))).toEqual(['MEASURE_IMAGE']);
    released(await on(amdSevImage()));
    const vouched = released(await on(advertisingImage(), { vouched: true }));
    expect(vouched.findings.find(({ code }) => code === 'IMAGE_VOUCHED')?.severity).toBe('note');
    // Where the image cannot be read, nobody can tell, and no word makes up for it.
    const unread = await on(amdSevImage(), { guestImage: undefined, acceptsUnread: true });
    expect(refusals(unread)).toEqual(['MEASURE_IMAGE']);
    const sentences = unread.findings.map(({ sentence }) => sentence).join();
    expect(sentences).toContain('nobody can tell that it checks the kernel');
    // What a code claims of an image is left out of account, and so is vouching for what was never read.
    const claimed = await on(amdSevImage(), { origins: { image: 'confirmed:code' }, vouched: true });
    expect(refusals(claimed)).toEqual(['MEASURE_IMAGE']);
  });

  it('when only a digest was given, unless its owner answers for it in so many words', async () => {
    const kernelHashes = await hashKernel({ kernel: Uint8Array.of(1) });
    const world = await launchForTests(3, [image, encodeKernelHashes(kernelHashes)]);
    const launchDigest = launchDigestOf({ guestImage: hashGuestImage(image), kernelHashes });
    const bare = await decideOn(world, { expectation: expectDigest(launchDigest, { origin: 'typed-here' }) });
    expect(unchecked(bare)).toEqual(['EXPECTATION_BARE_DIGEST']);
    const accepted = expectDigest(launchDigest, { origin: 'typed-here', acceptsUnread: true });
    const release = released(await decideOn(world, { expectation: accepted }));
    expect(release.findings.find(({ code }) => code === 'EXPECTATION_BARE_DIGEST')?.severity).toBe('warning');
  });

  it('when the guest image was not read here, unless its owner answers for it', async () => {
    const world = await launchForTests(3, [image]);
    const on = async (acceptsUnread: boolean) =>
      decideOn(world, {
        expectation: await expectForTests(
          { guestImage: hashGuestImage(image) },
          { origins: { image: 'confirmed:code' }, acceptsUnread },
        ),
      });
    expect(unchecked(await on(false))).toEqual(['EXPECTATION_IMAGE_UNREAD']);
    const { findings } = released(await on(true));
    expect(findings.filter(({ code }) => code.startsWith('EXPECTATION_')).map(({ severity }) => severity)).toEqual([
      'note',
      'warning',
    ]);
  });

  it('when the expectation is a look-alike, whoever wrote it', async () => {
    const world = await launchForTests(3, [image]);
    const copy = { ...(await expected()) } as Expectation;
    expect(unchecked(await decideOn(world, { expectation: copy }))).toEqual(['EXPECTATION_NOT_OWN']);
  });

  it.each(['host', 'code', 'file', 'backup', 'earlier-version'] as const)('when %s claims a part of it', async (by) => {
    const inputs = { guestImage: hashGuestImage(image) };
    for (const part of ['image', 'kernel', 'initrd', 'cmdline', 'cpus', 'policy', 'floor'] as const) {
      // As a record could bring it: past the types.
      const origins = { image: 'hashed-here', [part]: `claimed:${by}` } as { image: 'hashed-here' };
      await expect(expectLaunch(inputs, { origins })).rejects.toMatchObject({ code: 'MEASURE_CLAIMED', at: part });
    }
    // @ts-expect-error A claim does not compile.
    expect(() => expectDigest(new Uint8Array(32), { origin: `claimed:${by}` })).toThrow('MEASURE_CLAIMED');
    // @ts-expect-error Nor does it here.
    await expect(expectLaunch(inputs, { origins: { image: `claimed:${by}` } })).rejects.toThrow('MEASURE_CLAIMED');
  });

  it('and is told what in the command line opens the guest', async () => {
    const kernelHashes = await hashKernel({ kernel: Uint8Array.of(1) });
    const bytes = amdSevImage();
    const world = await launchForTests(3, [bytes, encodeKernelHashes(kernelHashes)]);
    const own = { guestImage: parseGuestImage(bytes), cmdline: `ro${' '.repeat(220)}init=/bin/sh` };
    const expectation = await expectForTests({ guestImage: hashGuestImage(bytes), kernelHashes }, own);
    const { findings } = await decideOn(world, { expectation });
    expect(findings.filter(({ severity }) => severity === 'warning').map(({ code }) => code)).toEqual([
      'CMDLINE_FIRST_PROGRAM',
      'CMDLINE_BLANKS',
    ]);
  });

  it("when the session is another launch's", async () => {
    const [world, other] = [await launchForTests(3, [image]), await launchForTests(3, [image])];
    expect(refusals(await decideOn(world, { session: other.session }))).toEqual(['MEASURE_MISMATCH']);
  });

  it('and sees every reason at once', async () => {
    const world = await launchForTests(0, [image], { apiMinor: 16 });
    const decision = await decideOn(world, { expectation: await expected(new Uint8Array(4096)) });
    expect(refusals(decision)).toEqual([
      'MEASURE_DEBUG_POLICY',
      'MEASURE_KEY_SHARING',
      'MEASURE_API_TOO_OLD',
      'MEASURE_MISMATCH',
    ]);
  });
});

describe('A release', () => {
  it('is good for its own launch only', async () => {
    const [world, other] = [await launchForTests(3, [image]), await launchForTests(3, [image])];
    const packet = await sealSecret(released(await decideOn(world)), table, webCryptoRandom);
    const opened = other.amdSp.launchSecret(other.handle, { ...packet, guestLength: table.length });
    await expect(opened).rejects.toThrow('AMDSP_BAD_MEASUREMENT');
  });

  it('cannot be copied, cloned, or written by hand', async () => {
    const release = released(await decideOn(await launchForTests(3, [image])));
    const copies = [{ ...release }, structuredClone({ ...release }), { kind: 'release' }] as unknown as Release[];
    for (const copy of copies) {
      await expect(sealSecret(copy, table, webCryptoRandom)).rejects.toThrow('MEASURE_NOT_VERIFIED at release');
    }
  });

  it('seals for the measure that was expected, whatever is done to its fields afterwards', async () => {
    const world = await launchForTests(3, [image]);
    const release = released(await decideOn(world));
    release.launch.expectedMeasure.fill(0);
    expect(() => Object.assign(release, { launch: {} as VerifiedLaunch })).toThrow();
    const packet = await sealSecret(release, table, webCryptoRandom);
    const plain = await world.amdSp.launchSecret(world.handle, { ...packet, guestLength: table.length });
    expect(plain).toEqual(table);
  });

  it('says what no measurement proves', async () => {
    const { findings } = released(await decideOn(await launchForTests(3, [image])));
    const notes = findings.filter(({ severity }) => severity === 'note').map(({ code }) => code);
    for (const code of [
      'UNPROVEN_DISK',
      'UNPROVEN_NVRAM',
      'UNPROVEN_MICROCODE',
      'UNPROVEN_KERNEL',
      'UNPROVEN_REGISTERS',
    ]) {
      expect(notes).toContain(code);
    }
  });
});
