// What is known of a platform beside its chain, as lines to read.
import { showFirmware } from '../../shared/sev/formats/firmware-version.ts';
import { words } from '../strings/index.ts';
import { dayAndTime } from '../strings/time.ts';
import type { Fact } from '../ui/facts.ts';
import { relayName } from '../relay/pairing.ts';
import type { PlatformRecord } from './platform-record.ts';

export function platformFacts({ relayUrl, seenAt, status }: PlatformRecord): readonly Fact[] {
  const { platform } = words;
  const facts: Fact[] = [
    { name: platform.relay, value: relayUrl ? relayName(relayUrl) : platform.noRelay },
    { name: platform.seen, value: dayAndTime(seenAt) },
  ];
  if (!status) return facts;
  const { es, owner } = status;
  return [
    ...facts,
    {
      name: platform.firmware,
      value: showFirmware(status),
      mono: true,
      note: platform.firmwareNote,
    },
    { name: platform.ownedBy, value: platform.owners[owner] },
    { name: platform.es, value: es ? platform.esYes : platform.esNo },
  ];
}
