// Which published weaknesses apply to a platform, by its generation and the version of its SEV firmware.
import { SevError } from '../errors.ts';
import { dottedBothRadices } from '../bytes/number.ts';
import type { Generation } from '../trust/pinned-root.ts';
import { ADVISORIES, ADVISORIES_AS_OF, type Advisory, NEWEST_FIRMWARE, type Remedy } from './advisories-table.ts';
import {
  FIRST_BINDING_SECRETS,
  type FirmwareVersion,
  isOlder,
  plainFirmware,
  showFirmware,
} from '../sev/formats/firmware-version.ts';
import { type Finding, findingOf } from '../findings/finding.ts';

export interface FirmwareReport extends FirmwareVersion {
  readonly generation: Generation;
  /** True only when a verified launch measure holds this version; what a host says of itself is not attested. */
  readonly attested: boolean;
}

const OLD_AFTER_DAYS = 365;

/**
 * What is known about this platform's firmware: a warning for each weakness that its version shows, a note for each that
 * no version can show, and what is mended as ok only when the version is attested. Never throws.
 */
export function adviseOnFirmware(firmware: FirmwareReport, now: Date): readonly Finding[] {
  if (firmware.generation === 'simulated') return [SIMULATED];
  const known = ADVISORIES.filter(({ about }) => about === 'sev');
  const findings = known.flatMap((advisory) => findingFor(advisory, firmware) ?? []);
  return [...apiFindings(firmware), ...findings, ...newerFirmware(firmware), ageOfTable(now)];
}

/**
 * The same before anybody said which firmware runs: what no version can show, and what the version will tell. A chain says
 * the generation, and for some of them that is enough to know. Never throws.
 */
export function adviseOnGeneration(generation: Generation, now: Date): readonly Finding[] {
  if (generation === 'simulated') return [SIMULATED];
  const known = ADVISORIES.filter(({ about }) => about === 'sev');
  return [...known.flatMap((advisory) => openFinding(advisory, generation) ?? []), ageOfTable(now)];
}

/** The oldest firmware of a generation without a weakness that its version shows; what to ask for with a launch. */
export function recommendedFloor(generation: Generation): FirmwareVersion {
  const mended = ADVISORIES.map(({ affects }) => generation !== 'simulated' && affects[generation]).flatMap((remedy) =>
    remedy && remedy.kind === 'sev-firmware' ? [remedy.version] : [],
  );
  return mended.reduce((a, b) => (isOlder(a, b) ? b : a), FIRST_BINDING_SECRETS);
}

const SIMULATED: Finding = {
  code: 'ADVISORIES_SIMULATED',
  severity: 'note',
  sentence: 'The platform is SIMULATED: advisories about hardware say nothing of it.',
};

const codeOf = ({ id }: Advisory): string => `ADVISORY_${id}`;
const nameOf = ({ id, bulletin }: Advisory): string => (bulletin ? `${id} (${bulletin})` : id);

function findingFor(advisory: Advisory, firmware: FirmwareReport): Finding | undefined {
  const remedy = firmware.generation !== 'simulated' && advisory.affects[firmware.generation];
  if (!remedy) return undefined;
  if (remedy.kind !== 'sev-firmware') return unattestable(advisory, remedy);
  return attestable(codeOf(advisory), nameOf(advisory), advisory, remedy.version, firmware);
}

function openFinding(advisory: Advisory, generation: Exclude<Generation, 'simulated'>): Finding | undefined {
  const remedy = advisory.affects[generation];
  if (!remedy) return undefined;
  if (remedy.kind !== 'sev-firmware') return unattestable(advisory, remedy);
  const sentence = `${nameOf(advisory)}: ${advisory.sentence} Whether it is mended, the version tells.`;
  const next = `Have SEV firmware ${plainFirmware(remedy.version)} or later there. See ${advisory.source}`;
  return { code: codeOf(advisory), severity: 'unchecked', sentence, next };
}

function unattestable(advisory: Advisory, remedy: Exclude<Remedy, { kind: 'sev-firmware' }>): Finding {
  const sentence = `${nameOf(advisory)}: ${advisory.sentence} No attestation shows whether it is mended.`;
  return { code: codeOf(advisory), severity: 'note', sentence, next: `${mendedBy(remedy)} See ${advisory.source}` };
}

/** The one kind that a version tells: and a version counts as told only, until a launch measure holds it. */
function attestable(
  code: string,
  name: string,
  { sentence, source }: Advisory,
  mended: FirmwareVersion,
  firmware: FirmwareReport,
): Finding {
  const values = { expected: showFirmware(mended), actual: showFirmware(firmware) };
  if (isOlder(firmware, mended)) {
    const next = `Have the SEV firmware updated to ${plainFirmware(mended)} or later. See ${source}`;
    return { code, severity: 'warning', sentence: `${name}: ${sentence}`, next, ...values };
  }
  if (firmware.attested) return { code, severity: 'ok', sentence: `${name} is mended in this firmware.`, ...values };
  const claim = `${name} is mended, if the host tells its version truly.`;
  return { code, severity: 'unchecked', sentence: claim, next: 'A launch measure will prove the version.', ...values };
}

const mendedBy = (remedy: Exclude<Remedy, { kind: 'sev-firmware' }>): string => {
  if (remedy.kind === 'none') return 'No firmware mends it for SEV and SEV-ES guests.';
  return remedy.kind === 'bios'
    ? `A BIOS update mends it (${remedy.version}): ask the operator.`
    : `A microcode update mends it (${remedy.version}): ask the operator.`;
};

function apiFindings(firmware: FirmwareReport): readonly Finding[] {
  if (!isOlder(firmware, FIRST_BINDING_SECRETS)) return [];
  const actual = showFirmware(firmware);
  return [findingOf(new SevError('MEASURE_API_TOO_OLD'), { expected: dottedBothRadices(0, 17), actual })];
}

function newerFirmware(firmware: FirmwareReport): readonly Finding[] {
  if (firmware.generation === 'simulated') return [];
  const { version, knownBy } = NEWEST_FIRMWARE[firmware.generation];
  if (!isOlder(firmware, version)) return [];
  const sentence = `Newer SEV firmware was there on ${knownBy}.`;
  const values = { expected: showFirmware(version), actual: showFirmware(firmware) };
  return [
    { code: 'FIRMWARE_NEWER_EXISTS', severity: 'note', sentence, next: 'Ask the operator to update.', ...values },
  ];
}

function ageOfTable(now: Date): Finding {
  const days = Math.floor((now.getTime() - Date.parse(ADVISORIES_AS_OF)) / 86_400_000);
  const sentence = `The list of advisories is of ${ADVISORIES_AS_OF}; later ones are not known here.`;
  if (days <= OLD_AFTER_DAYS) return { code: 'ADVISORIES_AGE', severity: 'note', sentence };
  const next = 'Update this program, or look at https://www.amd.com/en/resources/product-security.html';
  return { code: 'ADVISORIES_OLD', severity: 'warning', sentence, next };
}
