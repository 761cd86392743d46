// VMSA pages that were made elsewhere and come as files: whether they can be what they are given as.
import { equalBytes } from '../bytes/equal.ts';
import { SevError } from '../errors.ts';
import { readVmsa, type VmsaReading } from './vmsa-reading.ts';
import { type VmsaPages, vmsaPagesFromFiles } from './vmsa.ts';

/** Where every x86 CPU starts, and with it the boot processor of every known maker. */
const RESET_VECTOR = 0xfffffff0;

/** Pages of the guest owner's own; either may be still to come. */
export interface GivenPages {
  readonly boot?: Uint8Array | undefined;
  /** The one for all CPUs but the first. */
  readonly others?: Uint8Array | undefined;
}

/**
 * Pages from files for so many CPUs, each in its place.
 * @throws SevError BYTES_LENGTH, MEASURE_VCPUS, MEASURE_VMSA
 */
export function vmsaPagesInPlace(vcpus: number, { boot, others }: GivenPages): VmsaPages {
  requireVmsaPlaces({ boot, others });
  if (!boot) throw notTheirs('boot', 'There is no page for the boot processor.');
  return vmsaPagesFromFiles(vcpus, boot, others);
}

/**
 * Tells pages that were swapped, or are one and the same, as far as a page tells whose it is.
 * @throws SevError BYTES_LENGTH, MEASURE_VMSA
 */
export function requireVmsaPlaces({ boot, others }: GivenPages): void {
  const first = boot && readVmsa(boot, 'vmsa.boot');
  const further = others && readVmsa(others, 'vmsa.others');
  if (boot && others && equalBytes(boot, others)) {
    throw notTheirs('others', 'It is the same page as the one of the boot processor.');
  }
  if (first && further && !startsAtReset(first) && startsAtReset(further)) {
    throw notTheirs('boot', 'The two pages are swapped.');
  }
  if (first && isKnown(first) && !startsAtReset(first))
    throw notTheirs('boot', 'It is a page of the other processors.');
  if (further && isKnown(further) && startsAtReset(further))
    throw notTheirs('others', 'It is a page of a boot processor.');
}

const startsAtReset = ({ eip }: VmsaReading): boolean => eip === RESET_VECTOR;

/** A page of an unknown maker may start anywhere. */
const isKnown = ({ madeBy }: VmsaReading): boolean => madeBy.length > 0;

const notTheirs = (place: 'boot' | 'others', because: string): SevError =>
  new SevError('MEASURE_VMSA', { at: `vmsa.${place}`, because });
