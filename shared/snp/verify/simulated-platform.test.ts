import { describe, expect, it } from 'vitest';
import { fromBase64, fromHex, toHex } from '../../bytes/text.ts';
import { concat } from '../../bytes/writer.ts';
import { webCryptoRandom } from '../../crypto/subtle.ts';
import { parseCertificateTable, tableData } from '../formats/certificate-table.ts';
import { SNP_PRODUCTS } from '../formats/product.ts';
import { PAGE_TYPE } from './page-chain.ts';
import { snpLaunchDigest, snpVmsa, VMSA_GPA } from './launch-digest.ts';
import { verifySnpEvidence } from './report.ts';
import { hashSnpImage } from './snp-image.ts';
import { verifyVek } from './vek-chain.ts';
import { describeWithVectors, vectorBytes, vectorJson } from '../../testing/vectors.ts';
import { SIMULATED_ROOT } from '../../trust/simulated-root.ts';
import { AmdSpFailure } from '../../simulator/failure.ts';
import { SimulatedSnpAmdSp } from '../../simulator/snp/amd-sp.ts';

const ROOTS = [SIMULATED_ROOT];
const NOW = new Date('2026-11-01T12:00:00Z');
const POLICY = 0x30000n;
const PROVIDER = 'CN=simulated-cloud.example';

const reportData = webCryptoRandom(64);

function running(amdSp: SimulatedSnpAmdSp, policy = POLICY): number {
  const handle = amdSp.launchStart(policy);
  amdSp.launchUpdate(handle, 1, 0xffff_f000n, webCryptoRandom(4096));
  amdSp.launchFinish(handle);
  return handle;
}

describe('A simulated SNP platform', () => {
  it.each(SNP_PRODUCTS.flatMap((product) => ([2, 3, 5] as const).map((version) => [product, version] as const)))(
    'signs reports that lead to the published test root: %s, version %i',
    async (product, version) => {
      const amdSp = await SimulatedSnpAmdSp.create({ product, provider: PROVIDER, now: () => NOW });
      const handle = running(amdSp);
      const { ark, ask, asvk } = amdSp.authority.certificates;
      for (const signingKey of ['VCEK', 'VLEK'] as const) {
        if (product === 'Turin' && version === 2) {
          expect(() => amdSp.report(handle, { reportData, version, signingKey })).toThrow('UNSUPPORTED');
          continue;
        }
        const report = amdSp.report(handle, { reportData, version, signingKey });
        const vek = await amdSp.certificate(signingKey);
        const evidence = { report, vek, authorities: [ark, ask, asvk] };
        const { report: read, simulated } = await verifySnpEvidence(evidence, ROOTS, NOW);
        expect({ simulated, data: read.reportData }).toEqual({ simulated: true, data: reportData });
        expect(read.measurement).toEqual(amdSp.launchDigest(handle));
      }
    },
  );

  it('hands out a table, and a list of revoked certificates that is believed', async () => {
    const amdSp = await SimulatedSnpAmdSp.create({ now: () => NOW });
    const table = parseCertificateTable(await amdSp.certificateTable());
    const vek = tableData(table, 'vcek')!;
    const authorities = [tableData(table, 'ask')!, tableData(table, 'ark')!];
    const until = new Date('2026-12-01T00:00:00Z');
    const clean = await amdSp.authority.crl(new Date('2026-10-01T00:00:00Z'), until);
    const trusted = await verifyVek({ vek, authorities, crls: [clean] }, ROOTS, NOW);
    expect(trusted.revocation.kind).toBe('checked');
    const revoking = await amdSp.authority.crl(new Date('2026-10-01T00:00:00Z'), until, ['ask']);
    await expect(verifyVek({ vek, authorities, crls: [revoking] }, ROOTS, NOW)).rejects.toThrow('CERT_REVOKED');
  });

  it('signs with another key for another TCB, and with the same for the same chip again', async () => {
    const amdSp = await SimulatedSnpAmdSp.create({ now: () => NOW });
    const handle = running(amdSp);
    const old = await amdSp.certificate();
    const { tcb } = amdSp.status;
    amdSp.setReportedTcb({ ...tcb, snp: tcb.snp - 1 });
    const report = amdSp.report(handle, { reportData });
    const { ark, ask } = amdSp.authority.certificates;
    await expect(verifySnpEvidence({ report, vek: old, authorities: [ark, ask] }, ROOTS, NOW)).rejects.toThrow(
      'SNP_CERT_TCB',
    );
    const vek = await amdSp.certificate();
    await verifySnpEvidence({ report, vek, authorities: [ark, ask] }, ROOTS, NOW);
    const again = await SimulatedSnpAmdSp.create({ chipId: amdSp.chipId, reportedTcb: { ...tcb, snp: tcb.snp - 1 } });
    const later = again.report(running(again), { reportData });
    await verifySnpEvidence({ report: later, vek, authorities: [ark, ask] }, ROOTS, NOW);
    expect(() => amdSp.setReportedTcb({ ...tcb, snp: tcb.snp + 1 })).toThrow(AmdSpFailure);
  });

  it('masks its chip where it is told to', async () => {
    const amdSp = await SimulatedSnpAmdSp.create({ maskChipId: true, now: () => NOW });
    const report = amdSp.report(running(amdSp), { reportData });
    const { ark, ask } = amdSp.authority.certificates;
    const evidence = { report, vek: await amdSp.certificate(), authorities: [ark, ask] };
    expect((await verifySnpEvidence(evidence, ROOTS, NOW)).chipMasked).toBe(true);
  });

  it.each([
    ['bit 17 clear', 0x10000n],
    ['a reserved bit', 0x30000n | (1n << 26n)],
    ['a newer ABI', 0x30000n | 0x0200n],
    ['no SMT', 0x20000n],
    ['ciphertext hiding', 0x30000n | (1n << 24n)],
  ])('refuses a policy that it cannot keep: %s', async (_, policy) => {
    const amdSp = await SimulatedSnpAmdSp.create();
    expect(() => amdSp.launchStart(policy)).toThrow('POLICY_FAILURE');
  });

  it('refuses what comes at the wrong time', async () => {
    const amdSp = await SimulatedSnpAmdSp.create();
    const handle = amdSp.launchStart(POLICY);
    expect(() => amdSp.report(handle, { reportData })).toThrow('INVALID_GUEST_STATE');
    expect(() => amdSp.launchUpdate(handle, 7, 0n, new Uint8Array(4096))).toThrow('INVALID_PARAM');
    expect(() => amdSp.launchUpdate(handle, 1, 1n, new Uint8Array(4096))).toThrow('INVALID_PARAM');
    expect(() => amdSp.launchFinish(handle, { hostData: new Uint8Array(31) })).toThrow('INVALID_PARAM');
    amdSp.launchFinish(handle);
    expect(() => amdSp.launchFinish(handle)).toThrow('INVALID_GUEST_STATE');
    expect(() => amdSp.report(handle, { reportData, signingKey: 'VLEK' })).toThrow('UNSUPPORTED');
    amdSp.decommission(handle);
    expect(() => amdSp.report(handle, { reportData })).toThrow('INVALID_GUEST');
  });
});

describeWithVectors('A simulated SNP launch', () => {
  it('comes to the digest that the verifying side computes from the files', async () => {
    const bytes = vectorBytes('ovmf/ovmf_AmdSev_suffix.bin');
    const image = await hashSnpImage(bytes);
    const cpus = { vmm: 'qemu', vcpus: 3, cpuSignature: 0xa00f11 } as const;
    const amdSp = await SimulatedSnpAmdSp.create();
    const handle = amdSp.launchStart(POLICY);
    amdSp.launchUpdate(handle, PAGE_TYPE.normal, BigInt(0x1_0000_0000 - bytes.length), bytes);
    const types: Readonly<Record<number, number>> = { 2: PAGE_TYPE.secrets, 3: PAGE_TYPE.cpuid };
    for (const { gpa, size, type } of image.sections) {
      amdSp.launchUpdate(handle, types[type] ?? PAGE_TYPE.zero, BigInt(gpa), new Uint8Array(size));
    }
    const pages = (['boot', 'other', 'other'] as const).map((cpu) => snpVmsa(image, cpus, cpu));
    amdSp.launchUpdate(handle, PAGE_TYPE.vmsa, BigInt(VMSA_GPA), concat(...pages));
    expect(toHex(amdSp.launchDigest(handle))).toBe(toHex(snpLaunchDigest({ ...cpus, image })));
  });

  interface Launch {
    readonly name: string;
    readonly gctx_digest: string;
    readonly gctx_policy: number;
    readonly author_key_en: boolean;
    readonly id_block: string;
    readonly id_auth: string;
    readonly result: {
      readonly status: number;
      readonly family_id?: string;
      readonly image_id?: string;
      readonly guest_svn?: number;
      readonly id_key_digest?: string;
      readonly author_key_digest?: string;
    };
  }
  const { launches } = vectorJson<{ launches: Launch[] }>('snp-measurement/id-block.json');

  it.each(launches.map((launch) => [launch.name, launch] as const))(
    'judges an ID block as firmware does: %s',
    async (_, launch) => {
      const { SnpGuest } = await import('../../simulator/snp/guest.ts');
      // The digest of the vectors is that of pages that are not among them.
      class LoadedGuest extends SnpGuest {
        override get launchDigest(): Uint8Array {
          return fromHex(launch.gctx_digest);
        }
      }
      const guest = new LoadedGuest(BigInt(launch.gctx_policy), new Uint8Array(32));
      const finish = (): void =>
        guest.finish({
          idBlock: fromBase64(launch.id_block),
          idAuth: fromBase64(launch.id_auth),
          authorKeyEnabled: launch.author_key_en,
        });
      const { status, ...said } = launch.result;
      if (status !== 0) {
        expect(finish).toThrow(expect.objectContaining({ status }) as Error);
        return;
      }
      finish();
      const { guestSvn, familyId, imageId, idKeyDigest, authorKeyDigest } = guest.identity;
      expect({
        family_id: toHex(familyId),
        image_id: toHex(imageId),
        guest_svn: guestSvn,
        id_key_digest: toHex(idKeyDigest),
        author_key_digest: toHex(authorKeyDigest),
      }).toMatchObject(Object.fromEntries(Object.entries(said).filter(([name]) => name !== 'author_key_en')));
    },
  );
});
