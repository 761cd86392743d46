import { expect, it } from 'vitest';
import { fromHex } from '../../bytes/text.ts';
import { asOf, evidenceOf, rootsOf, snpCases, type SnpCase, type VectorPolicy } from '../../testing/snp-vectors.ts';
import { describeWithVectors } from '../../testing/vectors.ts';
import { judgeSnpReport } from './decision.ts';
import type { MaskedBits, OneOf, Reference, SnpExpectation } from './expectation.ts';

const own = <T>(value: T): Reference<T> => ({ value, origin: 'typed-here' });
const bytes = (hex: string | undefined): OneOf<Uint8Array> | undefined =>
  hex === undefined ? undefined : [own(fromHex(hex))];
const defined = <T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
const masked = (mask: number | undefined, value: number | undefined): Reference<MaskedBits> | undefined =>
  mask === undefined ? undefined : own({ mask: BigInt(mask), value: BigInt(value!) });

/** The vectors' wishes in our words. */
function expectationOf(policy: VectorPolicy = {}): SnpExpectation {
  const { min_tcb: tcb, min_version: version } = policy;
  return defined({
    reportData: bytes(policy.report_data),
    measurement: bytes(policy.measurement),
    hostData: bytes(policy.host_data),
    idKeyDigest: bytes(policy.id_key_digest),
    authorKeyDigest: bytes(policy.author_key_digest),
    familyId: bytes(policy.family_id),
    imageId: bytes(policy.image_id),
    chipId: bytes(policy.chip_id),
    // The vectors leave open what we refuse unless it is allowed.
    vmpl: policy.vmpl === undefined ? ('any' as const) : own(policy.vmpl),
    minGuestSvn: policy.min_guest_svn === undefined ? undefined : own(policy.min_guest_svn),
    allowDebug: policy.allow_debug,
    allowMigration: policy.allow_migrate,
    policyBits: masked(policy.policy_mask, policy.policy_value),
    platformBits: masked(policy.platform_mask, policy.platform_value),
    minTcb: tcb && own(defined({ fmc: tcb.fmc, bootLoader: tcb.bl, tee: tcb.tee, snp: tcb.snp, microcode: tcb.ucode })),
    minFirmware: version && own({ major: version[0], minor: version[1], build: version[2] }),
    mitigations: policy.mit_mask === undefined ? undefined : own(BigInt(policy.mit_mask)),
    sameFirmware: policy.same_firmware ? ('required' as const) : undefined,
  });
}

/** Which finding refuses. */
const CODES: Readonly<Record<string, string>> = {
  'policy.debug': 'SNP_DEBUG',
  'policy.migrate': 'SNP_MIGRATION',
  'policy.vmpl': 'SNP_VMPL',
  'policy.guest_svn': 'SNP_SVN_BELOW',
  'policy.tcb': 'SNP_TCB_BELOW',
  'policy.version': 'SNP_FIRMWARE_BELOW',
  'policy.bits': 'SNP_POLICY_BITS',
  'policy.platform': 'SNP_PLATFORM_BITS',
  'policy.provisional': 'SNP_PROVISIONAL',
};
const codesOf = (reason: string): readonly string[] =>
  reason === 'policy.mitigations'
    ? ['SNP_MITIGATIONS_MISSING', 'SNP_MITIGATIONS_UNSAID']
    : [CODES[reason] ?? 'SNP_FIELD_OTHER'];

const NOTES: Readonly<Record<string, string>> = {
  'chip.masked': 'SNP_CHIP_MASKED',
  'firmware.provisional': 'SNP_PROVISIONAL',
  version4: 'SNP_VERSION_4',
};

const judge = async (given: SnpCase) =>
  judgeSnpReport(evidenceOf(given), expectationOf(given.policy), { roots: await rootsOf(given), asOf: asOf(given) });

describeWithVectors("The owner's wishes", () => {
  const cases = [...snpCases('real'), ...snpCases('negative'), ...snpCases('sim')].filter(
    ({ kind, flip_each }) => !kind && !flip_each,
  );

  it.each(cases.filter(({ expect }) => expect === 'valid'))('$name is not refused', async (given) => {
    const { kind, findings } = await judge(given);
    const told = findings.map(({ code }) => code);
    expect(findings.filter(({ severity }) => severity === 'refused')).toEqual([]);
    // Something is always left unasked in these.
    expect(kind).toBe('incomplete');
    expect(findings.some(({ severity }) => severity === 'ok')).toBe(false);
    for (const [note, code] of Object.entries(NOTES)) {
      expect(told.includes(code), code).toBe(given.notes?.includes(note) ?? false);
    }
  });

  it.each(cases.filter(({ reason }) => reason?.startsWith('policy.')))('$name: $reason', async (given) => {
    const { kind, findings } = await judge(given);
    expect(kind).toBe('refused');
    const refusals = findings.filter(({ severity }) => severity === 'refused');
    for (const { code } of refusals) expect(codesOf(given.reason!)).toContain(code);
    expect(refusals.length).toBeGreaterThan(0);
  });

  it.each(cases.filter(({ expect, reason }) => expect === 'refuse' && !reason!.startsWith('policy.')).slice(0, 60))(
    '$name is refused as a decision too',
    async (given) => {
      const { kind, findings, verified } = await judge(given);
      expect([kind, verified]).toEqual(['refused', undefined]);
      expect(findings.filter(({ severity }) => severity === 'ok')).toEqual([]);
    },
  );
});
