// The last check, which only a person can make: inside the guest, where the host cannot answer in its place.
import type { FinalCheckId } from '../../record/launch-words.ts';
import { LUKS_PASSPHRASE_GUID } from '../../../../shared/guest/known-secrets.ts';
import { parsePolicy } from '../../../../shared/sev/formats/policy.ts';
import { words } from '../../../strings/index.ts';
import { happened, type LaunchRecord } from '../../record/launch-record.ts';

export type { FinalCheckId } from '../../record/launch-words.ts';

export interface FinalCheck {
  readonly id: FinalCheckId;
  readonly title: string;
  readonly detail: string;
  /** To be typed inside the guest. */
  readonly command: string;
}

/** Where Linux shows the secrets that were injected, each under its GUID. */
const SECRETS_FOLDER = '/sys/kernel/security/secrets/coco';

/** What to look for, by what the launch's policy makes of the guest. */
export function finalChecks({ plan }: Pick<LaunchRecord, 'plan'>): readonly FinalCheck[] {
  const { es } = parsePolicy(plan.policy);
  const { finalChecks: say } = words.launch;
  return [
    { id: 'sev-active', title: say.titles['sev-active'], detail: say.activeDetail(es), command: 'dmesg | grep -i sev' },
    {
      id: 'disk-open',
      title: say.titles['disk-open'],
      detail: say.diskDetail,
      command: 'lsblk -o NAME,TYPE,MOUNTPOINTS',
    },
    {
      id: 'secret-listed',
      title: say.titles['secret-listed'],
      detail: say.secretDetail(LUKS_PASSPHRASE_GUID),
      command: `ls ${SECRETS_FOLDER}`,
    },
  ];
}

/** The guest is encrypted, and its secret was found: on the open disk, or where Linux lists it. */
export function foundInside({ finalChecks: ticked = [] }: Pick<LaunchRecord, 'finalChecks'>): boolean {
  return ticked.includes('sev-active') && (ticked.includes('disk-open') || ticked.includes('secret-listed'));
}

/** The relay lost the host while a packet was under way: it will never say whether it arrived. */
export const arrivalUnknown = (record: LaunchRecord): boolean =>
  happened(record, 'inject-unknown') && !happened(record, 'released');
