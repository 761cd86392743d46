// What people read about a weakness of SEV-SNP: the advisory's own sentence, and what the report shows of its fix.
import { showTcb } from '../snp/formats/tcb.ts';
import type { Needs, SnpAdvisory } from './snp-advisories-table.ts';

interface Words {
  readonly sentence: string;
  readonly next?: string;
}

const nameOf = ({ id, name, bulletin }: SnpAdvisory): string => {
  const [first, ...more] = [name, id, bulletin].filter(
    (part) => part !== undefined && !/^[a-z]+(?:-[a-z]+)+$/.test(part),
  );
  return more.length > 0 ? `${first} (${more.join(', ')})` : first!;
};

const list = (bits: readonly number[]): string => `${bits.length > 1 ? 'bits' : 'bit'} ${bits.join(' and ')}`;

/** `REPORTED_TCB with SNP 24 · 0x18, and bit 5 of PLATFORM_INFO`. */
export const showNeeds = ({ tcb, firmware, platformBits, policyBits }: Needs): string =>
  [
    tcb && `REPORTED_TCB with at least ${showTcb(tcb)}`,
    firmware && `committed firmware ${firmware.major}.${firmware.minor}.${firmware.build} or later`,
    platformBits && `${list(platformBits)} of PLATFORM_INFO`,
    policyBits && `${list(policyBits)} of the policy`,
  ]
    .filter(Boolean)
    .join(', and ');

interface Facts {
  readonly advisory: SnpAdvisory;
}

export const ADVICE_WORDS = {
  fixed: ({ advisory, needs, bound }: Facts & { needs: Needs; bound: boolean }): Words => ({
    sentence: `${nameOf(advisory)}: the report shows the fix (${showNeeds(needs)}).${bound ? '' : " This is the firmware's own word: no signature enforces it."}`,
  }),
  open: ({ advisory, needs }: Facts & { needs: Needs }): Words => ({
    sentence: `${nameOf(advisory)}: ${advisory.sentence} The report does not show the fix.`,
    next: `Require ${showNeeds(needs)}. See ${advisory.source}`,
  }),
  update: ({ advisory, version }: Facts & { version: string | undefined }): Words => ({
    sentence: `${nameOf(advisory)}: ${advisory.sentence} Which TCB has the fix is not known here.`,
    next: `${version ? `BIOS ${version} has the fix. ` : ''}Take the least TCB from the bulletin and require it as a floor. See ${advisory.source}`,
  }),
  none: ({ advisory }: Facts): Words => ({
    sentence: `${nameOf(advisory)}: ${advisory.sentence} No update and no floor helps.`,
    next: `Use a processor that is not affected if this matters to you. See ${advisory.source}`,
  }),
  guest: ({ advisory }: Facts): Words => ({
    sentence: `${nameOf(advisory)}: ${advisory.sentence} Only a fixed guest helps; its launch digest shows which guest it is.`,
    next: `Use a current kernel and guest image. See ${advisory.source}`,
  }),
  invisible: ({ advisory }: Facts): Words => ({
    sentence: `${nameOf(advisory)}: ${advisory.sentence} Nothing in a report shows it.`,
    next: 'Ask who has access to the machines.',
  }),
  simulated: (): Words => ({ sentence: 'The platform is SIMULATED: advisories about hardware say nothing of it.' }),
  age: ({ asOf }: { asOf: string }): Words => ({
    sentence: `The list of advisories is of ${asOf}; later ones are not known here.`,
  }),
  old: ({ asOf }: { asOf: string }): Words => ({
    sentence: `The list of advisories is of ${asOf}, more than a year old; later ones are not known here.`,
    next: 'Update this program, or look at https://www.amd.com/en/resources/product-security.html',
  }),
} as const;
