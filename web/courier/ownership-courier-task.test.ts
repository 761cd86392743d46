import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AirgapMessage } from '../../shared/airgap/index.ts';
import { SevError } from '../../shared/errors.ts';
import type { MethodName } from '../../shared/relay-protocol.ts';
import { makeOwnerKey } from '../../shared/sev/session/owner-key.ts';
import { makeOcaCertificate, parsePekCsr, signPekCsr, verifyOca } from '../../shared/sev/session/ownership.ts';
import { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import { noiseForTests } from '../airgap/noise-for-tests.ts';
import { OwnershipCourierTask } from './ownership-courier-task.svelte.ts';
import { sayWhereOwnership } from './say-where-ownership.ts';

/** A host behind a relay; a test has the answer to the import go astray. */
class Host {
  readonly amdSp: SimulatedAmdSp;
  readonly asked: MethodName[] = [];
  /** Before the import is done, or after it. */
  lost: 'never' | 'before' | 'after' | 'refused' = 'never';

  constructor(amdSp: SimulatedAmdSp) {
    this.amdSp = amdSp;
  }

  readonly ask = async (method: MethodName, params: unknown): Promise<never> => {
    this.asked.push(method);
    return (await this.#answer(method, params)) as never;
  };

  async #answer(method: MethodName, params: unknown): Promise<unknown> {
    if (method === 'owner.csr') return { csr: this.amdSp.pekCsr() };
    if (method === 'owner.import') return this.#import(params as { pek: Uint8Array; oca: Uint8Array });
    const { pdh, chain } = this.amdSp.pdhCertExport();
    return { pdh, pek: chain.slice(0, 2084), oca: chain.slice(2084, 4168), cek: this.amdSp.amdCek() };
  }

  async #import({ pek, oca }: { pek: Uint8Array; oca: Uint8Array }): Promise<object> {
    if (this.lost === 'refused') throw new SevError('RELAY_NOT_ALLOWED');
    if (this.lost === 'before') throw new SevError('RELAY_LOST');
    await this.amdSp.pekCertImport(pek, oca);
    if (this.lost === 'after') throw new SevError('RELAY_LOST');
    return {};
  }

  get imports(): number {
    return this.asked.filter((method) => method === 'owner.import').length;
  }
}

async function signed(csr: Uint8Array): Promise<AirgapMessage> {
  const key = await makeOwnerKey({ extractable: false });
  const oca = await makeOcaCertificate(key);
  return { kind: 'pek', pek: await signPekCsr(parsePekCsr(csr), { key, oca: await verifyOca(oca) }), oca };
}

let host: Host;
let task: OwnershipCourierTask;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  host = new Host(await SimulatedAmdSp.create());
  task = new OwnershipCourierTask({ name: 'host:8455', open: true, connection: { ask: host.ask } });
});
afterEach(() => void vi.useRealTimers());

const sentence = (): string => sayWhereOwnership(task).sentence;

describe('the courier of a platform owner', () => {
  it('carries an ownership in four hand-overs', async () => {
    await task.askChain();
    task.shown();
    await task.askRequest();
    const message = await signed(task.request!.csr);
    task.shown();
    task.takeSigned(message);
    await task.import();
    expect([task.error, task.at, task.imported]).toEqual([undefined, 'proof', 'taken']);
    expect(task.proof?.oca).toEqual((message as { oca: Uint8Array }).oca);
    expect(task.chain?.oca).not.toEqual(task.proof?.oca);
    expect(sentence()).toBe('Show the new chain to the owner.');
    await task.import();
    expect(host.imports).toBe(1);
  });

  it('names what is not wanted, and what was signed for another platform', async () => {
    await task.askRequest();
    const other = await signed((await SimulatedAmdSp.create()).pekCsr());
    expect(() => task.takeSigned({ kind: 'csr', csr: noiseForTests(2084) })).toThrow('a signed PEK is asked for here');
    expect(() => task.takeSigned(other)).toThrow('This was signed for another platform');
    expect(() => task.takeSigned({ ...(other as { kind: 'pek'; pek: Uint8Array }), oca: task.request!.csr })).toThrow(
      'CERT_USAGE',
    );
    expect(task.signed).toBeUndefined();
  });

  it('asks no operator for what was signed for another platform, also when the page was opened anew', async () => {
    await task.takeBrought(await signed((await SimulatedAmdSp.create()).pekCsr()));
    expect([task.at, task.error]).toEqual(['signed', undefined]);
    await task.import();
    expect(task.error).toMatchObject({ code: 'CERT_MIXED' });
    expect([host.imports, task.imported]).toEqual([0, 'not-asked']);
  });

  it('may ask again after a no', async () => {
    task.takeSigned(await signed(host.amdSp.pekCsr()));
    host.lost = 'refused';
    await task.import();
    expect([task.imported, task.at]).toEqual(['not-asked', 'chain']);
    host.lost = 'never';
    await task.import();
    expect(task.imported).toBe('taken');
  });

  it('asks the chain when the answer got lost, and finds that it was imported', async () => {
    task.takeSigned(await signed(host.amdSp.pekCsr()));
    host.lost = 'after';
    await task.import();
    expect([task.imported, sentence()]).toEqual(['asked', 'Whether it was imported is not known.']);
    await task.import();
    await task.askProof();
    expect([task.imported, host.imports]).toEqual(['taken', 1]);
  });

  it('imports again only when the chain denies it, and nobody can be about to allow it', async () => {
    task.takeSigned(await signed(host.amdSp.pekCsr()));
    host.lost = 'before';
    await task.import();
    await task.askProof();
    expect([task.imported, sentence()]).toEqual(['asked', 'The platform has not imported it yet.']);
    task.takeSigned(await signed(host.amdSp.pekCsr()));
    task.go('signed');
    await task.import();
    expect([task.at, host.imports]).toEqual(['proof', 1]);
    vi.setSystemTime(Date.now() + 90_000);
    await task.askProof();
    expect([task.imported, sentence()]).toEqual(['not-taken', 'The platform has not imported it.']);
    host.lost = 'never';
    await task.import();
    expect([task.imported, host.imports]).toEqual(['taken', 2]);
  });
});
