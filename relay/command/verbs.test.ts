// The verbs as an operator runs them, on a simulated platform that is kept in a folder.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseCertChain } from '../../shared/sev/formats/cert-chain.ts';
import { parseSevCert } from '../../shared/sev/formats/sev-cert.ts';
import { encodeMessage, parseMessage } from '../../shared/airgap/index.ts';
import { recognise } from '../../shared/intake/recognise.ts';
import { importOwnerKey } from '../../shared/sev/session/owner-key.ts';
import { signPekCsr, verifyOca } from '../../shared/sev/session/ownership.ts';
import { SIMULATED_ROOT } from '../../shared/trust/simulated-root.ts';
import { verifyCertChain } from '../../shared/sev/verify/cert-chain.ts';
import { describeWithVectors, vectorBytes } from '../../shared/testing/vectors.ts';
import { findRunningRelay, announce } from '../state/running-relay.ts';
import { start } from '../serve/relay.ts';
import { FakeQemu, sevQemu } from '../sources/qmp/fake-qemu.ts';
import { openState } from '../state/state.ts';
import { guestsForTests, relayOptionsForTests, sourcesForTests, temporaryFolder } from '../testing/testing.ts';
import { VERBS } from './verbs.ts';
import { messageOfFiles } from './verbs/qr-message.ts';

interface Ran {
  readonly code: number;
  readonly output: string;
}

/** Runs a verb with its output caught. @param typed what the operator types when asked */
async function run(verb: string, args: readonly string[], typed = ''): Promise<Ran> {
  let output = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((output += String(text)), true));
  const stdin = vi
    .spyOn(process, 'stdin', 'get')
    .mockReturnValue(Readable.from([typed]) as unknown as typeof process.stdin);
  try {
    const code = await (await VERBS[verb]!.load()).run(args);
    return { code, output };
  } finally {
    write.mockRestore();
    stdin.mockRestore();
  }
}

function platform() {
  const folder = temporaryFolder();
  const flags = ['--simulate', '--state', join(folder, 'state')];
  const at = (name: string): string => join(folder, name);
  const chain = async () => {
    await run('export', ['--full', at('chain'), ...flags]);
    const bytes = new Uint8Array(readFileSync(at('chain')));
    return verifyCertChain(parseCertChain(bytes), [SIMULATED_ROOT]);
  };
  return { at, flags, chain };
}

describe('every verb', () => {
  it.each(Object.keys(VERBS))('%s explains itself', async (verb) => {
    const { code, output } = await run(verb, ['--help']);
    expect(code).toBe(0);
    expect(output).toMatchSnapshot();
  });

  it.each(Object.keys(VERBS))('%s explains itself to -h, too', async (verb) => {
    expect(await run(verb, ['-h'])).toEqual(await run(verb, ['--help']));
  });

  it.each(Object.keys(VERBS))('%s refuses a flag that it does not know', async (verb) => {
    await expect(run(verb, ['--frobnicate'])).rejects.toThrow('RELAY_USAGE');
  });
});

describe('show', () => {
  it('tells the version as sevctl does, and the status with both radices', async () => {
    const { flags } = platform();
    expect((await run('show', ['version', ...flags])).output).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await run('show', ['status', ...flags])).output).toMatch(/build {4}\d+ · 0x[0-9a-f]+\n/);
    expect((await run('show', ['guests', ...flags])).output).toBe('0\n');
    expect(JSON.parse((await run('show', ['identifier', '--json', ...flags])).output)).toEqual([
      expect.stringMatching(/^[0-9a-f]{128}$/),
    ]);
    await expect(run('show', ['colour', ...flags])).rejects.toThrow('RELAY_USAGE');
    await expect(run('show', flags)).rejects.toThrow('RELAY_USAGE');
    await expect(run('show', ['status', 'web', ...flags])).rejects.toThrow('RELAY_USAGE');
  });

  it("prints a guest's measurement as virsh does, so that the verifier takes it as it is", async () => {
    const { path } = (await FakeQemu.listen(sevQemu())).endpoint as { path: string };
    const monitor = ['--qmp', `web=${path}`, '--state', temporaryFolder()];
    const { output } = await run('show', ['measurement', 'web', ...monitor]);
    const pieces = await recognise(new TextEncoder().encode(output), 'web.txt');
    expect(pieces.map(({ kind }) => kind).sort()).toEqual(['launch-info', 'launch-measure']);
    const facts = JSON.parse((await run('show', ['measurement', 'web', '--json', ...monitor])).output) as object;
    expect(output).toContain(`sev-measurement: ${(facts as { measurement: string }).measurement}\n`);
    expect(Object.keys(facts)).toEqual(['measurement', 'apiMajor', 'apiMinor', 'build', 'policy']);
    await expect(run('show', ['measurement', ...monitor])).rejects.toThrow('Name the guest');
    await expect(run('show', ['measurement', 'db', ...monitor])).rejects.toThrow('RELAY_NO_GUEST');
  });
});

describe('export', () => {
  it('writes one file as sevctl does', async () => {
    const { at, flags, chain } = platform();
    await run('export', [at('short'), ...flags]);
    expect(statSync(at('short')).size).toBe(8336);
    expect((await chain()).generation).toBe('simulated');
    expect(statSync(at('chain')).size).toBe(11_536);
    expect(readFileSync(at('chain')).subarray(0, 8336)).toEqual(readFileSync(at('short')));
  });

  it('writes single certificates as sev-tool does, into a folder or a zip', async () => {
    const { at, flags } = platform();
    await run('export', ['--full', `${at('certs')}/`, ...flags]);
    expect(readdirSync(at('certs')).sort()).toEqual([
      'ark.cert',
      'ask.cert',
      'cek.cert',
      'cert_chain.cert',
      'oca.cert',
      'pdh.cert',
      'pek.cert',
    ]);
    await run('export', ['--full', at('certs_export.zip'), ...flags]);
    const pieces = await recognise(new Uint8Array(readFileSync(at('certs_export.zip'))), 'certs_export.zip');
    expect(pieces.map(({ kind }) => kind).sort()).toEqual(['ark', 'ask', 'cek', 'oca', 'pdh', 'pek']);
  });

  it('says that a file cannot be written', async () => {
    const { at, flags } = platform();
    await expect(run('export', [at('no/such/folder/chain'), ...flags])).rejects.toThrow('RELAY_FILE');
  });
});

describe('an owner', () => {
  it('is made with a key that only this user reads, and that is never written over', async () => {
    const { at } = platform();
    await run('generate', [at('oca.cert'), at('oca.key')]);
    expect(statSync(at('oca.key')).mode & 0o777).toBe(0o600);
    await verifyOca(new Uint8Array(readFileSync(at('oca.cert'))));
    const before = readFileSync(at('oca.key'));
    await expect(run('generate', [at('other.cert'), at('oca.key')])).rejects.toThrow('never written over');
    expect(readFileSync(at('oca.key'))).toEqual(before);
    expect(existsSync(at('other.cert'))).toBe(false);
    await run('generate', ['--pem', at('pem.cert'), at('pem.key')]);
    expect(readFileSync(at('pem.key'), 'latin1')).toContain('-----BEGIN EC PRIVATE KEY-----');
  });

  it('takes the platform with the key on this host', async () => {
    const { at, flags, chain } = platform();
    await run('generate', [at('oca.cert'), at('oca.key')]);
    const before = await chain();
    await run('provision', [at('oca.cert'), at('oca.key'), '--allow-ownership', ...flags], 'yes\n');
    const after = await chain();
    expect(after.chain.oca.bytes).toEqual(new Uint8Array(readFileSync(at('oca.cert'))));
    expect(after.pdhId).not.toBe(before.pdhId);
    expect(after.pekId).toBe(before.pekId);
    expect((await run('show', ['flags', ...flags])).output).toContain('owned');
  });

  it('takes the platform with the key elsewhere', async () => {
    const { at, flags, chain } = platform();
    await run('generate', [at('oca.cert'), at('oca.key')]);
    await run('provision', ['--csr', at('pek_csr.cert'), ...flags]);
    const key = await importOwnerKey(new Uint8Array(readFileSync(at('oca.key'))), { extractable: false });
    const oca = await verifyOca(new Uint8Array(readFileSync(at('oca.cert'))));
    writeFileSync(
      at('signed.cert'),
      await signPekCsr(parseSevCert(new Uint8Array(readFileSync(at('pek_csr.cert')))), { key, oca }),
    );
    await run('provision', ['--import', at('signed.cert'), at('oca.cert'), '--allow-ownership', '--yes', ...flags]);
    expect((await chain()).chain.oca.bytes).toEqual(oca.bytes);
  });

  it('loses it by a reset, or by a new PEK', async () => {
    for (const how of [[], ['--pek']]) {
      const { at, flags, chain } = platform();
      await run('generate', [at('oca.cert'), at('oca.key')]);
      await run('provision', [at('oca.cert'), at('oca.key'), '--allow-ownership', '--yes', ...flags]);
      const before = await chain();
      await run('reset', [...how, '--allow-ownership', ...flags], 'yes\n');
      const after = await chain();
      expect(after.ocaId).not.toBe(before.ocaId);
      expect(after.pekId).not.toBe(before.pekId);
      expect(after.cekId).toBe(before.cekId);
    }
  });

  it('gets a new PDH by rotate', async () => {
    const { flags, chain } = platform();
    const before = await chain();
    await run('rotate', ['--allow-ownership', ...flags], 'yes\n');
    const after = await chain();
    expect([after.pdhId === before.pdhId, after.pekId === before.pekId]).toEqual([false, true]);
  });

  it.each([
    ['rotate', []],
    ['reset', []],
    ['provision', ['a', 'b']],
  ])('%s changes nothing unless it is meant, and confirmed', async (verb, words) => {
    const { flags, chain } = platform();
    const before = await chain();
    await expect(run(verb, [...words, ...flags], 'yes\n')).rejects.toMatchObject({
      next: expect.stringContaining('--allow-ownership') as string,
    });
    for (const typed of ['', 'no\n', 'y\n', 'yes please\n']) {
      await expect(run(verb, [...words, '--allow-ownership', ...flags], typed)).rejects.toThrow('RELAY_NOT_ALLOWED');
    }
    expect((await chain()).pdhId).toBe(before.pdhId);
  });
});

describe('qr', () => {
  it('writes the chain into a picture, or draws it where there is no terminal', async () => {
    const { at, flags } = platform();
    const { output } = await run('qr', ['chain', '--without-ca', '--out', at('chain.svg'), ...flags]);
    const files = output.trim().split('\n');
    expect(files.length).toBeGreaterThanOrEqual(1);
    for (const file of files) expect(readFileSync(file, 'utf8')).toContain('<svg');
    expect((await run('qr', ['chain', ...flags])).output).toContain('▀');
  });

  it('shows the request that an owner signs elsewhere, and changes nothing', async () => {
    const { flags, chain } = platform();
    const before = await chain();
    expect((await run('qr', ['csr', ...flags])).output).toMatch(/▀[^]*signing request/);
    expect((await chain()).pekId).toBe(before.pekId);
  });

  it.each([
    ['three words for a measurement', ['measurement', 'a', 'b']],
    ['a measurement of nobody', ['measurement']],
    ['a report without a nonce', ['report', 'web']],
    ['a report for a nonce of 15 bytes', ['report', 'web', 'AAECAwQFBgcICQoLDA0O']],
    ['a speed that is none', ['chain', '--fps', '0']],
    ['nothing', []],
  ])('refuses %s', async (_, words) => {
    await expect(run('qr', [...words, ...platform().flags])).rejects.toThrow('RELAY_USAGE');
  });

  it("takes a measurement from the guest's monitor, when no relay runs", async () => {
    const qemu = await FakeQemu.listen(sevQemu());
    const { path } = qemu.endpoint as { path: string };
    const monitor = ['--qmp', `web=${path}`, '--state', temporaryFolder()];
    expect((await run('qr', ['measurement', 'web', ...monitor])).output).toContain('measurement');
    const nonce = 'AAECAwQFBgcICQoLDA0ODw==';
    expect((await run('qr', ['report', 'web', nonce, ...monitor])).output).toContain('attestation report');
    const asked = qemu.commands.filter(({ execute }) => execute === 'query-sev-attestation-report');
    expect(asked.map((command) => command.arguments)).toEqual([{ mnonce: nonce }]);
    await expect(run('qr', ['measurement', 'db', '--state', temporaryFolder()])).rejects.toThrow('No relay runs here');
  });

  it('asks the relay that runs, since that one holds the monitors', async () => {
    const state = openState(temporaryFolder());
    onTestFinished(() => state.close());
    const measurement = new Uint8Array(48).fill(7);
    const mnonces: Uint8Array[] = [];
    const guests = [
      guestsForTests({
        report: (_, mnonce) => (mnonces.push(mnonce), Promise.resolve(new Uint8Array(208).fill(9))),
        list: () =>
          Promise.resolve([{ id: 'qmp:web', name: 'web', backend: 'qmp' as const, state: 'prelaunch' as const }]),
        measurement: () =>
          Promise.resolve({ measurement, apiMajor: 1, apiMinor: 55, build: 21, policy: 5, state: 'launch-secret' }),
      }),
    ];
    const relay = await start(relayOptionsForTests({ state }), sourcesForTests({ guests }));
    onTestFinished(() => relay.close());
    const conceal = announce(state, relay);
    expect((await run('qr', ['measurement', 'web', '--state', state.path])).output).toContain('measurement');
    const report = await run('qr', ['report', 'web', '0f'.repeat(16), '--state', state.path]);
    expect(report.output).toContain('attestation report');
    expect(mnonces).toEqual([new Uint8Array(16).fill(0x0f)]);
    await expect(run('qr', ['measurement', 'db', '--state', state.path])).rejects.toThrow('RELAY_NO_GUEST');
    // A guest that was started beside it: the relay has not its monitor, so nobody else holds it.
    const { path } = (await FakeQemu.listen(sevQemu())).endpoint as { path: string };
    const monitor = ['--qmp', `db=${path}`, '--state', state.path];
    expect((await run('qr', ['measurement', 'db', ...monitor])).output).toContain('measurement');
    conceal();
    expect(await findRunningRelay(state.path)).toBeUndefined();
  });
});

describeWithVectors('files as messages', () => {
  const written = (...names: string[]): string[] => {
    const folder = temporaryFolder();
    return names.map((name, i) => {
      const path = join(folder, `${i}`);
      writeFileSync(path, vectorBytes(name));
      return path;
    });
  };

  it.each([
    ['chain', ['certs/naples/full_chain.cert']],
    ['chain', ['certs/naples/pdh.cert', 'certs/naples/pek.cert', 'certs/naples/oca.cert', 'certs/naples/cek.cert']],
    ['cert', ['certs/naples/pek.cert']],
    ['cert', ['certs/milan/ask.cert']],
    ['oca', ['ownership/oca.cert']],
    ['csr', ['ownership/pek_csr.cert']],
    ['pek', ['ownership/pek_csr.signed.cert', 'ownership/oca.cert']],
  ])('are a %s: %s', async (kind, names) => {
    const message = await messageOfFiles(written(...names), undefined);
    expect(message.kind).toBe(kind);
    expect(await parseMessage(await encodeMessage(message))).toEqual(message);
  });

  it('never hold a key, and never half of a message', async () => {
    await expect(messageOfFiles(written('sim/owner.key.pem'), undefined)).rejects.toThrow(
      'Keys do not leave by a code',
    );
    await expect(messageOfFiles(written('certs/naples/pek.cert', 'certs/naples/cek.cert'), undefined)).rejects.toThrow(
      'BYTES_UNKNOWN',
    );
    await expect(messageOfFiles(['/no/such/file'], undefined)).rejects.toThrow('RELAY_FILE');
  });
});
