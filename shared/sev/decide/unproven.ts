// What no measurement of SEV proves, said in words beside every verdict.
import type { Policy } from '../formats/policy.ts';
import type { Expectation } from './expectation.ts';
import type { Finding } from '../../findings/finding.ts';

const note = (code: string, sentence: string): Finding => ({ code, severity: 'note', sentence });

export function unprovenNotes(expectation: Expectation, policy: Policy): readonly Finding[] {
  const notes = [
    note('UNPROVEN_DISK', 'What is on the disks is not measured; only a passphrase that you release protects them.'),
    note('UNPROVEN_NVRAM', 'UEFI variables (NVRAM) are not measured; the guest image should keep none.'),
    note('UNPROVEN_MACHINE', 'Devices, ACPI tables, memory size and CPU features are not measured.'),
    note(
      'UNPROVEN_MICROCODE',
      'Microcode and BIOS are not measured; only the API version and build of the AMD-SP are.',
    ),
  ];
  if (expectation.kernelHashes === false) {
    notes.push(note('UNPROVEN_KERNEL', 'No kernel was measured: the guest image boots what it finds on the disks.'));
  }
  if (!policy.es) {
    notes.push(note('UNPROVEN_REGISTERS', 'The first registers of the vCPUs are not measured without SEV-ES.'));
  }
  return notes;
}
