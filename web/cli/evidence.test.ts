import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { deviceSigner, encodeDeviceKey, makeDeviceKey } from '../../shared/evidence/device-key.ts';
import { encodeEvidence } from '../../shared/evidence/record.ts';
import type { Recheck } from '../../shared/evidence/recheck.ts';
import { signEvidence } from '../../shared/evidence/sign.ts';
import { evidenceForTests, type EvidenceWorld } from '../../shared/testing/evidence-world.ts';
import { TestFolder } from './testing/folder.ts';
import { run, runJson } from './testing/run.ts';

let world: EvidenceWorld;
let folder: TestFolder;
let record: string;
beforeAll(async () => void (world = await evidenceForTests()));
beforeEach(() => {
  folder = new TestFolder();
  record = folder.write('web01.json', toUtf8(encodeEvidence(world.evidence)));
});

describe('evidence', () => {
  it('checks all of a record with its TIK', async () => {
    const tik = folder.write('tik.bin', world.raw.tik);
    const signed = folder.write('signed.json', toUtf8(encodeEvidence(world.signed)));
    const proofs = ['--tik', tik, '--device-key', encodeDeviceKey(world.deviceKey)];
    const { code, json } = await runJson<Recheck>('evidence', signed, '--simulated', ...proofs);
    expect({ code, status: json.status }).toEqual({ code: 0, status: 'rechecked' });
    const { out } = await run('evidence', signed, '--simulated', ...proofs);
    expect(out).toMatch(/^SIMULATED: RECHECKED/);
    expect(out).toContain('Anyone who has the TIK can make a measure');
    const alone = await run('evidence', record, '--simulated', '--tik', tik);
    expect(alone.code).toBe(3);
    expect(alone.out).toMatch(/^SIMULATED: MEASURE HOLDS, KERNEL NOT PROVEN/);
  });

  it('says that the measure was not checked without it', async () => {
    const { code, out } = await run('evidence', record, '--simulated');
    expect(code).toBe(3);
    expect(out).toMatch(/^SIMULATED: CONSISTENT, MEASURE NOT CHECKED/);
    expect(out.match(/\[ok\] [a-z]+/g)).toEqual(['[ok] chain', '[ok] session', '[ok] image', '[ok] digest']);
    expect(out).toContain('[ - ] verdict: The record says: ');
    expect(out).toContain('[ ? ] measure: Not checked');
    expect(out).not.toContain('[ok] measure');
  });

  it('takes the word of a device whose key is pinned, as text or in a file', async () => {
    const signed = folder.write('signed.json', toUtf8(encodeEvidence(world.signed)));
    const key = encodeDeviceKey(world.deviceKey);
    for (const given of [key, folder.write('device.key', `${key}\n`)]) {
      const { code, out } = await run('evidence', signed, '--simulated', '--device-key', given);
      expect(code).toBe(0);
      expect(out).toMatch(/^SIMULATED: SIGNED, MEASURE NOT CHECKED/);
    }
    expect((await run('evidence', signed, '--simulated')).code).toBe(3);
    expect((await run('evidence', record, '--simulated', '--device-key', key)).code).toBe(1);
    expect((await run('evidence', signed, '--simulated', '--device-key', 'none')).code).toBe(2);
  });

  it('proves nothing of a record that was made up around a true chain', async () => {
    const { evidence } = world;
    const forged = {
      ...evidence,
      session: { ...evidence.session, blob: new Uint8Array(128).fill(7) },
      reported: { ...evidence.reported, measure: '5a'.repeat(32), mnonce: 'a5'.repeat(16) },
    };
    const file = folder.write('forged.json', toUtf8(encodeEvidence(forged)));
    const { code, out } = await run('evidence', file, '--simulated');
    expect(code).toBe(3);
    expect(out).not.toMatch(/\[ok\] (?!chain|session|image|digest)/);
    const signer = await deviceSigner(await makeDeviceKey());
    const own = folder.write('own.json', toUtf8(encodeEvidence(await signEvidence(forged, signer))));
    expect((await run('evidence', own, '--simulated')).code).toBe(3);
    expect((await run('evidence', own, '--simulated', '--device-key', encodeDeviceKey(world.deviceKey))).code).toBe(1);
  });

  it('refuses a simulated platform unless it is asked to take it', async () => {
    const { code, out } = await run('evidence', record);
    expect(code).toBe(1);
    expect(out).toContain('[NO] chain: This is a SIMULATED platform');
  });

  it('refuses a changed record, and another TIK', async () => {
    const changed = { ...world.evidence, reported: { ...world.evidence.reported, policy: 5 } };
    const path = folder.write('changed.json', toUtf8(encodeEvidence(changed)));
    expect((await run('evidence', path, '--simulated')).code).toBe(1);
    const tek = folder.write('tek.bin', world.raw.tek);
    expect((await run('evidence', record, '--simulated', '--tik', tek)).code).toBe(1);
  });

  it('ends with 2 for what is no record, and for wrong use', async () => {
    expect((await run('evidence', folder.write('x', toUtf8('{}')))).code).toBe(2);
    expect((await run('evidence')).code).toBe(2);
    expect((await run('evidence', record, '--tik', folder.write('short', new Uint8Array(15)))).code).toBe(2);
  });
});
