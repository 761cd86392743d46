// AMD's key server, played by a local one: what is asked, how often, what is kept, and what is refused.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { toHex } from '../../shared/bytes/text.ts';
import { parseSevCert } from '../../shared/sev/formats/sev-cert.ts';
import { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import { describeWithVectors, vectorBytes } from '../../shared/testing/vectors.ts';
import { silentLog } from '../serve/log.ts';
import { chipIds, splitChain } from '../serve/platform.ts';
import { temporaryFolder } from '../testing/testing.ts';
import { readAmdFiles } from './amd-files.ts';
import { AmdKeyServer, type AmdKeyServerOptions } from './amd-kds.ts';

interface Chip {
  readonly ids: readonly Uint8Array[];
  readonly exported: Uint8Array;
  readonly signed: Uint8Array;
  readonly ask: Uint8Array;
  readonly ark: Uint8Array;
}

async function makeChip(): Promise<Chip> {
  const amdSp = await SimulatedAmdSp.create({});
  const { chain } = amdSp.pdhCertExport();
  const { ask, ark } = amdSp.caCerts();
  return { ids: chipIds(amdSp.getId()), exported: splitChain(chain).cek, signed: amdSp.amdCek(), ask, ark };
}

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

async function amdServer(handler: Handler): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    handler(request, response, asked.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Serves the chip's CEK, and its CA as Milan's. */
const serves =
  (chip: Chip): Handler =>
  ({ url }, response) => {
    if (url?.startsWith('/cek/id/')) return void response.end(chip.signed);
    if (url === '/ca/ask_ark_milan.cert') return void response.end(Buffer.concat([chip.ask, chip.ark]));
    response.writeHead(404).end();
  };

function keyServer(address: string, parts: Partial<AmdKeyServerOptions> = {}, state = temporaryFolder()) {
  const waits: number[] = [];
  const options = { ca: undefined, kds: address, amdCa: `${address}/ca`, offline: false, requestMs: 1_000, ...parts };
  const folder = { path: state, close: () => undefined };
  const source = new AmdKeyServer(options, folder, silentLog, (ms) => (waits.push(ms), Promise.resolve()));
  return { source, waits, state };
}

describe("AMD's side of a chain", () => {
  let chip: Chip;
  beforeAll(async () => {
    chip = await makeChip();
  });

  it('is fetched by the id of socket 0, and kept', async () => {
    const { address, asked } = await amdServer(serves(chip));
    const { source, state } = keyServer(address);
    const all = { cek: chip.signed, ask: chip.ask, ark: chip.ark };
    expect(await source.certificatesFor(chip.ids, chip.exported)).toEqual(all);
    expect(asked[0]).toBe(`/cek/id/${toHex(chip.ids[0]!)}`);
    expect(asked).toContain('/ca/ask_ark_milan.cert');
    expect(asked).not.toContain('/ca/ask_ark_naples.cert');
    expect(readdirSync(join(state, 'amd')).sort()).toEqual(['ask_ark_milan.cert', expect.stringMatching(/^cek-/)]);
    const before = asked.length;
    expect(await keyServer(address, {}, state).source.certificatesFor(chip.ids, chip.exported)).toEqual(all);
    expect(await keyServer(address, { offline: true }, state).source.certificatesFor(chip.ids, chip.exported)).toEqual(
      all,
    );
    expect(asked).toHaveLength(before);
  });

  it('is not fetched with --offline', async () => {
    const { address, asked } = await amdServer(serves(chip));
    expect(await keyServer(address, { offline: true }).source.certificatesFor(chip.ids, chip.exported)).toEqual({});
    expect(asked).toEqual([]);
  });

  it('comes from --ca, a folder or a file', async () => {
    const ca = temporaryFolder();
    writeFileSync(join(ca, 'anything'), Buffer.concat([chip.ask, chip.ark]));
    writeFileSync(join(ca, 'cek.cert'), chip.signed);
    writeFileSync(join(ca, 'README'), 'no certificate');
    const offline = (path: string) => keyServer('http://127.0.0.1:1', { offline: true, ca: path }).source;
    const all = { cek: chip.signed, ask: chip.ask, ark: chip.ark };
    expect(await offline(ca).certificatesFor(chip.ids, chip.exported)).toEqual(all);
    expect(await offline(join(ca, 'cek.cert')).certificatesFor(chip.ids, chip.exported)).toEqual({ cek: chip.signed });
    await expect(offline(join(ca, 'README')).certificatesFor(chip.ids, chip.exported)).rejects.toThrow('RELAY_FILE');
    await expect(offline(join(ca, 'none')).certificatesFor(chip.ids, chip.exported)).rejects.toThrow('RELAY_FILE');
  });

  it('of another chip is refused', async () => {
    const other = await makeChip();
    const { address } = await amdServer(serves(other));
    const { source, state } = keyServer(address);
    await expect(source.certificatesFor(chip.ids, chip.exported)).rejects.toThrow('CERT_CEK_OTHER_CHIP');
    expect(readdirSync(join(state, 'amd'))).toEqual([]);
  });

  it('is asked for again when the server asks for patience, as long as it says', async () => {
    const { address, asked } = await amdServer((request, response, count) => {
      if (count === 1) return void response.writeHead(429, { 'retry-after': '3' }).end();
      if (count === 2) return void response.writeHead(503).end();
      serves(chip)(request, response, count);
    });
    const { source, waits } = keyServer(address);
    expect((await source.certificatesFor(chip.ids, chip.exported)).cek).toEqual(chip.signed);
    expect(waits.slice(0, 2)).toEqual([3_000, 5_000]);
    expect(asked.filter((url) => url.startsWith('/cek'))).toHaveLength(3);
  });

  it.each<[string, Handler, RegExp]>([
    ['a server that always asks for patience', (_, response) => response.writeHead(429).end(), /patience/],
    ['patience of an hour', (_, response) => response.writeHead(429, { 'retry-after': '3600' }).end(), /patience/],
    ['a chip that AMD does not know', (_, response) => response.writeHead(404).end(), /does not know this chip/],
    ['an answer of another size', (_, response) => response.end('hello'), /5 bytes/],
    ['an answer without end', (_, response) => response.end(Buffer.alloc(100_000)), /too large/],
    ['a server that is silent', () => undefined, /cannot be reached/],
    ['a server that hangs up', (request) => request.socket.destroy(), /cannot be reached/],
  ])('from %s ends in words', async (_, handler, says) => {
    const { address } = await amdServer(handler);
    const { source } = keyServer(address, { requestMs: 200 });
    await expect(source.certificatesFor(chip.ids, chip.exported)).rejects.toMatchObject({
      code: 'RELAY_KDS',
      sentence: expect.stringMatching(says) as string,
    });
  });

  it('without a CA that signed the CEK is handed out without one', async () => {
    const { address } = await amdServer((request, response, count) =>
      request.url?.startsWith('/cek') ? serves(chip)(request, response, count) : response.writeHead(404).end(),
    );
    expect(await keyServer(address).source.certificatesFor(chip.ids, chip.exported)).toEqual({ cek: chip.signed });
  });

  it('is what the exported CEK already has, when it has it', async () => {
    expect(parseSevCert(chip.signed).signatures.filter(Boolean)).toHaveLength(1);
    const { source } = keyServer('http://127.0.0.1:1', { offline: true });
    expect(await source.certificatesFor(chip.ids, chip.signed)).toEqual({ cek: chip.signed });
  });
});

describeWithVectors("AMD's real certificates", () => {
  it("are recognised in one file, Naples' unsigned ARK included", () => {
    const folder = temporaryFolder();
    for (const generation of ['naples', 'milan', 'genoa', 'turin']) {
      const pair = [vectorBytes(`certs/${generation}/ask.cert`), vectorBytes(`certs/${generation}/ark.cert`)];
      writeFileSync(join(folder, `ask_ark_${generation}.cert`), Buffer.concat(pair));
    }
    const served = Buffer.concat([
      vectorBytes('certs/naples/ask.cert'),
      vectorBytes('certs/naples/ark_as_served.cert'),
    ]);
    writeFileSync(join(folder, 'as_served.cert'), served);
    writeFileSync(join(folder, 'full_chain.cert'), vectorBytes('certs/naples/full_chain.cert'));
    const { asks, arks, ceks } = readAmdFiles(folder);
    expect([asks.length, arks.length, ceks.length]).toEqual([6, 6, 1]);
  });
});
