import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toUtf8 } from '../../shared/bytes/text.ts';
import { encodeEvidence } from '../../shared/evidence/record.ts';
import type { Recheck } from '../../shared/evidence/recheck.ts';
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
    const { code, json } = await runJson<Recheck>('evidence', record, '--simulated', '--tik', tik);
    expect({ code, status: json.status }).toEqual({ code: 0, status: 'rechecked' });
    const { out } = await run('evidence', record, '--simulated', '--tik', tik);
    expect(out).toMatch(/^SIMULATED: RECHECKED/);
    expect(out).toContain('Whoever has the TIK can make a measure');
  });

  it('says that the measure was not checked without it', async () => {
    const { code, out } = await run('evidence', record, '--simulated');
    expect(code).toBe(0);
    expect(out).toMatch(/^SIMULATED: CONSISTENT, MEASURE NOT CHECKED/);
    expect(out).toContain('[ ? ] measure: Not checked');
    expect(out).not.toContain('[ok] measure');
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
