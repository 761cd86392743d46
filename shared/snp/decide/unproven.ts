// What no SNP report proves, however right it is; to be said beside every verdict. SNP report specification part 7.
import { find, type SnpFinding } from './finding.ts';

export const SNP_UNPROVEN: readonly SnpFinding[] = [
  find('note', 'UNPROVEN_FRESH'),
  find('note', 'UNPROVEN_RELAYED'),
  find('note', 'UNPROVEN_LATER'),
  find('note', 'UNPROVEN_DISK'),
  find('note', 'UNPROVEN_KERNEL'),
  find('note', 'UNPROVEN_HOST_DATA'),
  find('note', 'UNPROVEN_TCB'),
  find('note', 'UNPROVEN_HARDWARE'),
];
