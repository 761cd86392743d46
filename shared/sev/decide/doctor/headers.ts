// Which policies and firmware versions may have been measured: what people misread, what tools cut off, what was stale.
import { bothRadices } from '../../../bytes/number.ts';
import { FIRST_BINDING_SECRETS, type FirmwareVersion, isOlder, showFirmware } from '../../formats/firmware-version.ts';
import {
  apiAtLeast,
  isEs,
  parsePolicy,
  POLICY_BITS,
  POLICY_FLAGS_MASK,
  policyMask,
  showPolicy,
} from '../../formats/policy.ts';
import type { DoctorCase } from './case.ts';
import { asExpected, type Change, changed, type Variant } from './change.ts';

/** The words of a measured message before the digest, and what they stand for. */
export interface Header {
  /** Two words from API 0.17 on, one before. */
  readonly words: readonly number[];
  readonly es: boolean;
}

/**
 * Every header whose weights add up to just this.
 * @param policy of the session whose key is tried
 */
export function headersOfWeight(given: DoctorCase, policy: number, weight: number): readonly Variant<Header>[] {
  const versions = versionVariants(given, weight);
  return policyVariants(policy, given.reported.policy).flatMap((one) =>
    versions
      .filter((version) => one.weight + version.weight === weight)
      .map((version) => ({
        value: encodeHeader(one.value, version.value),
        weight,
        changes: () => [...one.changes(), ...version.changes()],
      })),
  );
}

function encodeHeader(policy: number, version: FirmwareVersion): Header {
  // The policy goes in little-endian, and the words are read big-endian.
  const word = (policy << 24) | ((policy & 0xff00) << 8) | ((policy >>> 8) & 0xff00) | (policy >>> 24);
  if (isOld(version)) return { words: [word], es: isEs(policy) };
  const { apiMajor, apiMinor, build } = version;
  return { words: [(0x04 << 24) | (apiMajor << 16) | (apiMinor << 8) | build, word], es: isEs(policy) };
}

/** Before API 0.17 the version is no part of the message: all such versions look the same. */
const isOld = (version: FirmwareVersion): boolean => isOlder(version, FIRST_BINDING_SECRETS);

/** What a number becomes when it is taken in the other radix: 22 read as hex is 34; 0x16 read as decimal is 16. */
export function misread(value: number, max: number): readonly number[] {
  const asHex = Number.parseInt(String(value), 16);
  const hex = value.toString(16);
  const asDecimal = /^[0-9]+$/.test(hex) ? Number(hex) : Number.NaN;
  return [...new Set([asHex, asDecimal])].filter((other) => other <= max && other !== value);
}

const RADIX = 'a number was read in decimal instead of hex, or the other way round';
const STALE = "the one that was given is the PEK certificate's, which can be older than the firmware";
const OF_PEK = 'it is the one that the PEK certificate names';

/** @param most the greatest weight that is asked for: the rare ones are sixteen thousand */
function versionVariants({ reported, pekApi }: DoctorCase, most: number): readonly Variant<FirmwareVersion>[] {
  const { apiMajor, apiMinor, build } = reported;
  const seen = new Set<number>();
  const variants: Variant<FirmwareVersion>[] = [];
  const add = (version: FirmwareVersion, weight: number, reason: string) => {
    const key = isOld(version) ? -1 : (version.apiMajor << 16) | (version.apiMinor << 8) | version.build;
    if (seen.has(key)) return;
    seen.add(key);
    if (weight === 0) variants.push(asExpected(version));
    else variants.push(changed(version, weight, () => versionChange(reported, version, reason)));
  };
  const addBuilds = (apiMajor: number, apiMinor: number, weight: number, reason: string) => {
    for (let build = 0; build <= 255; build++) add({ apiMajor, apiMinor, build }, weight, reason);
  };

  add({ apiMajor, apiMinor, build }, 0, '');
  for (const major of withMisread(apiMajor)) {
    for (const minor of withMisread(apiMinor)) {
      for (const number of withMisread(build)) add({ apiMajor: major, apiMinor: minor, build: number }, 1, RADIX);
    }
  }
  if (pekApi) add({ ...pekApi, build }, 1, OF_PEK);
  addBuilds(apiMajor, apiMinor, 1, 'the build id is another');
  add({ apiMajor: 0, apiMinor: 16, build }, 1, 'the firmware is from before API 0.17');
  if (most < 2) return variants;
  const isOfPek = pekApi?.apiMajor === apiMajor && pekApi.apiMinor === apiMinor;
  for (const major of new Set([0, 1, apiMajor])) {
    for (let minor = 0; minor < 64; minor++) addBuilds(major, minor, 2, isOfPek ? STALE : 'the firmware is another');
  }
  return variants;
}

const withMisread = (value: number): readonly number[] => [value, ...misread(value, 0xff)];

function policyVariants(policy: number, reportedPolicy: number): readonly Variant<number>[] {
  const seen = new Set([policy]);
  const variants: Variant<number>[] = [asExpected(policy)];
  const add = (weight: number, ...values: readonly number[]) => {
    for (const value of values.map((number) => number >>> 0)) {
      if (seen.has(value)) continue;
      seen.add(value);
      variants.push(changed(value, weight, () => policyChange(policy, value)));
    }
  };
  add(1, reportedPolicy);
  // sev-tool keeps eight bits of a policy; other tools lose its minimum API in other ways.
  add(1, policy & 0xff, policy & POLICY_FLAGS_MASK, policy & 0xffff, ...misread(policy, 0xffffffff));
  add(1, ...POLICY_BITS.map(({ bit }) => policy ^ (1 << bit)), 0, 1, 3, 4, 5, 7);
  for (let flags = 0; flags <= POLICY_FLAGS_MASK; flags++)
    add(2, flags, (policy & 0xffff0000) | flags, 0x11000000 | flags);
  return variants;
}

function versionChange(expected: FirmwareVersion, found: FirmwareVersion, reason: string): Change {
  const name = (version: FirmwareVersion) => (isOld(version) ? 'before 0.17' : showFirmware(version));
  const words = (version: FirmwareVersion) =>
    isOld(version)
      ? 'an API before 0.17'
      : `API ${version.apiMajor}.${version.apiMinor} build ${bothRadices(version.build)}`;
  return {
    factor: 'version',
    expected: name(expected),
    found: name(found),
    sentence: `The AMD-SP measured ${words(found)}, not ${words(expected)}: ${reason}.`,
    next: 'Take API version and build from query-sev or virsh domlaunchsecinfo of this very guest, and verify again.',
  };
}

const policyChange = (expected: number, found: number): Change => ({
  factor: 'policy',
  expected: showPolicy(expected),
  found: showPolicy(found),
  sentence: `The guest was launched with policy ${showPolicy(found)}, not ${showPolicy(expected)}${weakens(expected, found) ? ': that is weaker' : ''}.`,
  next: 'Keep the secret. Have the host launch under your policy, with a new session.',
});

/** Flags that forbid the host something. DOMAIN and SEV only say where a guest may go. */
const PROTECTIONS = policyMask('noDebug', 'noKeySharing', 'es', 'noSend');

/** Whether a protection is missing that was asked for. */
function weakens(expected: number, found: number): boolean {
  const protections = expected & PROTECTIONS;
  try {
    const [wanted, got] = [parsePolicy(expected), parsePolicy(found)];
    const api = apiAtLeast(got.apiMajor, got.apiMinor, wanted.apiMajor, wanted.apiMinor);
    return (found & protections) !== protections || !api;
  } catch {
    return true;
  }
}
