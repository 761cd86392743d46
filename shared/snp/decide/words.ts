// What people read about each finding on an SNP report. Codes and facts come from the judging code, sentences from here alone.
import type { FirmwareVersion } from '../formats/report.ts';
import { TCB_PART_NAMES, type TcbPart } from '../formats/tcb.ts';

export interface Words {
  readonly sentence: string;
  readonly next?: string;
}

/** Byte fields of a report that can be expected. */
export type BytesField =
  'reportData' | 'measurement' | 'hostData' | 'chipId' | 'idKeyDigest' | 'authorKeyDigest' | 'familyId' | 'imageId';

/** The three or four TCBs of a report. */
export type TcbName = 'reported' | 'committed' | 'current' | 'launch';

const FIELD_NAMES: Readonly<Record<BytesField | 'cspId' | 'product', string>> = {
  reportData: 'REPORT_DATA',
  measurement: 'the launch digest (MEASUREMENT)',
  hostData: 'HOST_DATA',
  chipId: 'the chip',
  idKeyDigest: 'the ID key (ID_KEY_DIGEST)',
  authorKeyDigest: 'the author key (AUTHOR_KEY_DIGEST)',
  familyId: 'FAMILY_ID',
  imageId: 'IMAGE_ID',
  cspId: 'the cloud provider of the VLEK',
  product: 'the processor family',
};
type Named = { readonly field: keyof typeof FIELD_NAMES };

const OTHER: Readonly<Partial<Record<keyof typeof FIELD_NAMES, Words>>> = {
  reportData: {
    sentence: 'REPORT_DATA is not what you expect: the report answers another nonce or names another key.',
    next: 'Release nothing to this guest. Ask for a new report with your own nonce.',
  },
  measurement: {
    sentence: 'The launch digest is not one that you expect: the guest was started with something else.',
    next: 'Release nothing to this guest. Compare your guest image, kernel and vCPUs with what the host was given.',
  },
  hostData: {
    sentence: 'HOST_DATA is not what you expect: the host started the guest with another configuration or disk header.',
    next: 'Release nothing to this guest. Have it started again with your HOST_DATA.',
  },
  chipId: {
    sentence: 'The report comes from another chip than the one that you expect.',
    next: 'Find out why the guest runs on another machine.',
  },
  idKeyDigest: {
    sentence: 'The ID block was signed with another ID key than the one that you expect.',
    next: 'Have the guest started with your ID block.',
  },
  authorKeyDigest: {
    sentence: 'The ID key was certified by another author key than the one that you expect, or by none.',
    next: 'Have the guest started with your ID block and the author key enabled.',
  },
};

const capital = (text: string): string => text[0]!.toUpperCase() + text.slice(1);
const version = ({ major, minor, build }: FirmwareVersion): string => `${major}.${minor}.${build}`;
const parts = (list: readonly TcbPart[]): string => list.map((part) => TCB_PART_NAMES[part]).join(', ');
const bits = (list: readonly number[]): string => `${list.length > 1 ? 'bits' : 'bit'} ${list.join(', ')}`;
const day = (date: Date): string => date.toISOString().slice(0, 10);

const TCB_NAMES: Readonly<Record<TcbName, string>> = {
  reported: 'REPORTED_TCB',
  committed: 'COMMITTED_TCB',
  current: 'CURRENT_TCB',
  launch: 'LAUNCH_TCB',
};

export const SNP_WORDS = {
  SNP_SIGNED_BY_CHIP: () => ({
    sentence: "The report is signed by the chip's own key (VCEK), which leads to AMD's root.",
  }),
  SNP_SIGNED_BY_PROVIDER: ({ cspId }: { cspId: string }) => ({
    sentence: `The report is signed by a key that AMD gave to the cloud provider ${JSON.stringify(cspId)} (VLEK), and which leads to AMD's root.`,
  }),
  SNP_SIMULATED: () => ({
    sentence: 'The platform is SIMULATED: what is proven here proves nothing about any hardware.',
  }),
  SNP_PRODUCT: ({ product }: { product: string }) => ({ sentence: `The processor is ${product}.` }),
  SNP_AS_OF: ({ asOf }: { asOf: Date }) => ({
    sentence: `The certificates were judged as of ${day(asOf)}. A report has no date: that it is from then is your word.`,
  }),
  SNP_REVOCATION_CHECKED: ({ thisUpdate, nextUpdate }: { thisUpdate: Date; nextUpdate: Date }) => ({
    sentence: `AMD's list of ${day(thisUpdate)}, good until ${day(nextUpdate)}, revokes none of these certificates.`,
  }),
  SNP_REVOCATION_UNCHECKED: () => ({
    sentence: 'No list of revoked certificates (CRL) was given, so revocation was not checked.',
    next: "Give AMD's list for this processor.",
  }),

  SNP_FIELD_EQUAL: ({ field }: Named) => ({ sentence: `${capital(FIELD_NAMES[field])} is what you expect.` }),
  SNP_FIELD_OTHER: ({ field }: Named): Words =>
    OTHER[field] ?? {
      sentence: `${capital(FIELD_NAMES[field])} is not what you expect.`,
      next: 'Release nothing to this guest until you know why.',
    },
  SNP_FIELD_CLAIMED: ({ field, equal }: Named & { equal: boolean }) => ({
    sentence: `${capital(FIELD_NAMES[field])} ${equal ? 'equals' : 'differs from'} a value that was only claimed, so it proves nothing yet.`,
    next: 'Confirm the value if it is yours, or give your own.',
  }),
  SNP_FIELD_UNASKED: ({ field }: Named) => ({
    sentence: `You did not say what to expect of ${FIELD_NAMES[field]}, so it was not checked.`,
    next: 'Say what you expect, or that any value will do.',
  }),
  SNP_FIELD_ANY: ({ field }: Named) => ({ sentence: `You accept any value of ${FIELD_NAMES[field]}.` }),
  SNP_WISH_CLAIMED: ({ wish }: { wish: string }) => ({
    sentence: `What was asked of ${wish} was only claimed by someone else, so it decides nothing.`,
    next: 'Confirm it if you want it, or give your own.',
  }),
  SNP_WISH_UNASKED: ({ wish }: { wish: string }) => ({
    sentence: `You did not say what you require of ${wish}, so it was not checked.`,
    next: 'Say what you require, or that anything will do.',
  }),
  SNP_WISH_ANY: ({ wish }: { wish: string }) => ({ sentence: `You accept any ${wish}.` }),

  SNP_DEBUG: () => ({
    sentence: 'The policy lets the host debug the guest: it can read and change all of its memory.',
    next: 'Release nothing to this guest. Have it started with a policy without DEBUG.',
  }),
  SNP_DEBUG_ALLOWED: () => ({
    sentence: 'The host may debug the guest; you allowed it. The report proves nothing about secrets.',
  }),
  SNP_NO_DEBUG: () => ({ sentence: 'The policy forbids the host to debug the guest.' }),
  SNP_MIGRATION: () => ({
    sentence: 'The policy lets a migration agent move the guest to another machine.',
    next: 'Have the guest started with a policy without MIGRATE_MA.',
  }),
  SNP_MIGRATION_ALLOWED: () => ({
    sentence: "A migration agent may move the guest; you allowed it. Judge the agent's own report with the same care.",
  }),
  SNP_NO_MIGRATION: () => ({ sentence: 'The policy binds no migration agent to the guest.' }),
  SNP_MIGRATION_AGENT: () => ({
    sentence: 'A migration agent is bound to the guest: it can move it, and vouches for its next home.',
    next: "Judge the agent's own report; REPORT_ID_MA names it.",
  }),
  SNP_POLICY_BITS: ({ list }: { list: readonly number[] }) => ({
    sentence: `The policy differs from yours in ${bits(list)}.`,
    next: 'Have the guest started with your policy.',
  }),
  SNP_POLICY_BITS_EQUAL: () => ({ sentence: 'The policy is as you require.' }),
  SNP_POLICY_WEAKER: ({ sentence }: { sentence: string }) => ({ sentence }),
  SNP_PLATFORM_BITS: ({ list }: { list: readonly number[] }) => ({
    sentence: `The machine's PLATFORM_INFO differs from what you require in ${bits(list)}.`,
    next: 'Ask the operator to change the settings of the machine, or use another one.',
  }),
  SNP_PLATFORM_BITS_EQUAL: () => ({ sentence: "The machine's PLATFORM_INFO is as you require." }),
  SNP_PLATFORM_UNKNOWN: ({ list }: { list: readonly number[] }) => ({
    sentence: `PLATFORM_INFO sets ${bits(list)}, not known here. AMD adds bits without a new version.`,
  }),
  SNP_VMPL: ({ actual, expected }: { actual: number; expected: number }) => ({
    sentence: `The report was requested at VMPL ${actual}, not ${expected}.`,
    next:
      actual > expected
        ? 'Software with fewer privileges asked. If the guest runs behind an SVSM, say which VMPL you expect.'
        : 'Say which VMPL you expect.',
  }),
  SNP_VMPL_ANY: ({ actual }: { actual: number }) => ({
    sentence: `The report was requested at VMPL ${actual}; you accept any. Software above level 0 need not be the operating system.`,
  }),
  SNP_VMPL_EQUAL: ({ actual }: { actual: number }) => ({ sentence: `The report was requested at VMPL ${actual}.` }),

  SNP_TCB_BELOW: ({ tcb, below }: { tcb: TcbName; below: readonly TcbPart[] }) => ({
    sentence:
      tcb === 'reported'
        ? `REPORTED_TCB, the one that the signature is bound to, is below your floor: ${parts(below)}.`
        : `${TCB_NAMES[tcb]} is below your floor: ${parts(below)}.`,
    next: 'Ask the operator to update the firmware and to commit and report it.',
  }),
  SNP_TCB_REACHED: () => ({
    sentence:
      'All four TCBs reach your floor. Only REPORTED_TCB is bound by cryptography; the other three are the word of firmware at that level.',
  }),
  SNP_FIRMWARE_BELOW: ({ which, floor }: { which: 'current' | 'committed'; floor: FirmwareVersion }) => ({
    sentence: `The ${which} firmware is older than ${version(floor)}.`,
    next: 'Ask the operator to update the firmware and to commit it.',
  }),
  SNP_FIRMWARE_REACHED: () => ({ sentence: 'Current and committed firmware are at least what you require.' }),
  SNP_PROVISIONAL: () => ({
    sentence:
      'The firmware is provisional: what runs is not what is committed, so the host can still go back to older firmware.',
    next: 'Ask the operator to commit the firmware (SNP_COMMIT).',
  }),
  SNP_COMMITTED: () => ({ sentence: 'The firmware that runs is committed: the host cannot go back to an older one.' }),
  SNP_MITIGATIONS_MISSING: ({ when }: { when: 'launch' | 'current' }) => ({
    sentence:
      when === 'launch'
        ? 'A mitigation that you require was not active when the guest started.'
        : 'A mitigation that you require is not active now.',
    next: 'Ask the operator to update the firmware, then start the guest again.',
  }),
  SNP_MITIGATIONS_UNSAID: () => ({
    sentence: 'Reports before version 5 do not say which mitigations are active.',
    next: 'Ask the operator to update the firmware.',
  }),
  SNP_MITIGATIONS_ACTIVE: () => ({
    sentence: 'The mitigations that you require were active at launch, and are active now.',
  }),
  SNP_VERSION_4: () => ({ sentence: 'The report has version 4. AMD has not published how it differs from version 3.' }),
  SNP_CHIP_MASKED: () => ({
    sentence: 'The host hides CHIP_ID; the certificate names the chip all the same.',
  }),
  SNP_CHIP_UNNAMED: () => ({
    sentence: 'A VLEK names no chip, and CHIP_ID is hidden: any machine of the provider can have signed.',
  }),
  SNP_CHIP_FIRMWARES_WORD: () => ({
    sentence: "Under a VLEK, CHIP_ID is the firmware's word; the key does not belong to one chip.",
  }),

  SNP_SIGNED_BY_YOU: ({ key }: { key: string }) => ({
    sentence: `The guest was started under your signature (${key}).`,
  }),
  SNP_AUTHORED_BY_YOU: ({ key }: { key: string }) => ({
    sentence: `The guest was started under an ID key that your author key certified (${key}).`,
  }),
  SNP_SIGNED_BY_UNKNOWN: () => ({
    sentence: 'The guest was started under the signature of a key that you do not know.',
    next: 'Anyone can sign an ID block. Have the guest started with yours.',
  }),
  SNP_NOT_SIGNED: () => ({
    sentence: 'The guest was started without your signature: there is no ID block.',
    next: 'Have the guest started with your ID block, or accept that there is none.',
  }),
  SNP_SIGNATURE_CLAIMED: () => ({
    sentence: 'The guest was started under a key that is yours only by a claim, so it proves nothing yet.',
    next: 'Confirm the key if it is yours.',
  }),
  SNP_AUTHOR_FLAG_EMPTY: () => ({
    sentence: 'The report says that an author key was used, but names none. The flag alone proves nothing.',
  }),
  SNP_SVN_BELOW: ({ floor }: { floor: number }) => ({
    sentence: `GUEST_SVN is below ${floor}: an older image than you accept.`,
    next: 'Have the guest started with a current image and its ID block.',
  }),
  SNP_SVN_REACHED: () => ({ sentence: 'GUEST_SVN is at least what you require.' }),
  SNP_ID_FIELDS_ANYONES: () => ({
    sentence:
      'FAMILY_ID, IMAGE_ID and GUEST_SVN mean something only under a key that you know: any host can make its own ID block.',
    next: 'Say which ID key or author key you expect.',
  }),

  UNPROVEN_DISK: () => ({
    sentence:
      'What is on the disks is not measured; only a header that you bound and a key that you keep protect them.',
  }),
  UNPROVEN_KERNEL: () => ({
    sentence:
      'The launch digest covers a kernel, initrd and command line only where the firmware was given their hashes.',
  }),
  UNPROVEN_LATER: () => ({
    sentence: 'The report speaks of what was loaded at launch, and not of what the guest has done since.',
  }),
  UNPROVEN_HOST_DATA: () => ({
    sentence: "HOST_DATA is the host's word at launch; it means something only by comparison with your own value.",
  }),
  UNPROVEN_FRESH: () => ({
    sentence: 'A report has no time. Without your own nonce in REPORT_DATA it may be old, or from someone else.',
  }),
  UNPROVEN_RELAYED: () => ({
    sentence:
      "A nonce alone does not say whom you talk to: REPORT_DATA must also bind the guest's key, or another guest's report can be passed on.",
  }),
  UNPROVEN_HARDWARE: () => ({
    sentence: 'Attacks with hands on the memory bus, or with a key taken out of the chip, show in no report.',
  }),
  UNPROVEN_TCB: () => ({
    sentence:
      'Only REPORTED_TCB is bound by the signing key; CURRENT, COMMITTED and LAUNCH_TCB are the word of that firmware.',
  }),
} as const;

export type SnpCode = keyof typeof SNP_WORDS;
/** The facts that a code's words need; none for most. */
export type FactsOf<C extends SnpCode> = Parameters<(typeof SNP_WORDS)[C]>[0];

/** What wishes are called in sentences. */
export const WISH_NAMES = {
  minTcb: 'TCB',
  minFirmware: 'firmware version',
  mitigations: 'set of mitigations',
  policyBits: 'policy',
  platformBits: 'PLATFORM_INFO',
  minGuestSvn: 'GUEST_SVN',
  signedBy: 'ID block',
  vmpl: 'VMPL',
} as const;
