// The version of the SEV firmware: what the AMD-SP reports, what a launch measure proves, and what an owner asks for.
import { dottedBothRadices } from '../../bytes/number.ts';

/** API major, API minor and build id, a byte each. SEV API, 5.7 (PLATFORM_STATUS). */
export interface FirmwareVersion {
  readonly apiMajor: number;
  readonly apiMinor: number;
  readonly build: number;
}

export const firmwareVersion = (apiMajor: number, apiMinor: number, build: number): FirmwareVersion => ({
  apiMajor,
  apiMinor,
  build,
});

/** By API, then by build. */
export function isOlder(a: FirmwareVersion, b: FirmwareVersion): boolean {
  if (a.apiMajor !== b.apiMajor) return a.apiMajor < b.apiMajor;
  return a.apiMinor !== b.apiMinor ? a.apiMinor < b.apiMinor : a.build < b.build;
}

/** Since API 0.17 a secret packet is bound to a launch measure, and the version is part of that measure. SEV API, 6.5.1. */
export const FIRST_BINDING_SECRETS = firmwareVersion(0, 17, 0);

/** `1.55.21 · 0x1.0x37.0x15`: tools disagree about decimal and hex. */
export const showFirmware = ({ apiMajor, apiMinor, build }: FirmwareVersion): string =>
  dottedBothRadices(apiMajor, apiMinor, build);

/** As file names and changelogs of firmware write it: `1.55.21`. */
export const plainFirmware = ({ apiMajor, apiMinor, build }: FirmwareVersion): string =>
  `${apiMajor}.${apiMinor}.${build}`;
