// The whole way at once: a guest owner behind the relay's WebSocket, the relay's QMP client, a real QEMU with KVM, and
// the software AMD-SP; with every byte of the relay's recorded.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { toUtf8 } from '../../../shared/bytes/text.ts';
import { webCryptoRandom } from '../../../shared/crypto/subtle.ts';
import { decide } from '../../../shared/sev/decide/decision.ts';
import { parseAttestationReport } from '../../../shared/sev/formats/attestation-report.ts';
import { parseCaCert } from '../../../shared/sev/formats/ca-cert.ts';
import { parseLaunchMeasure } from '../../../shared/sev/formats/launch-measure.ts';
import { encodeSecretTable } from '../../../shared/guest/secret-table.ts';
import { parseSevCert } from '../../../shared/sev/formats/sev-cert.ts';
import type { ResultOf } from '../../../shared/relay-protocol.ts';
import { makeLaunchSession } from '../../../shared/sev/session/launch-session.ts';
import { sealSecret } from '../../../shared/sev/seal/secret-packet.ts';
import { demoGuestImage } from '../../../shared/simulator/demo-guest/image.ts';
import { SIMULATED_ROOT } from '../../../shared/trust/simulated-root.ts';
import { verifyAttestationReport } from '../../../shared/sev/verify/attestation-report.ts';
import { verifyCertChain } from '../../../shared/sev/verify/cert-chain.ts';
import { findLeaks } from '../../testing/leaks.ts';
import { makeLog } from '../../serve/log.ts';
import { platformOf } from '../../serve/platform.ts';
import { start } from '../../serve/relay.ts';
import { LaunchedGuests } from '../../sources/launched-guests.ts';
import { relayOptionsForTests, sourcesForTests, temporaryFolder, TestClient } from '../../testing/testing.ts';
import { consoleOf, DISK_GUID, expectationFor, SECRET, TOLD } from '../testing.ts';
import { describeOnVirtualHost, virtualHost } from './testing.ts';

/** A relay in front of a virtual SEV host, with its client, and everything that the relay wrote anywhere. */
async function world() {
  const dir = temporaryFolder();
  const lines: string[] = [];
  const log = makeLog('debug', (line) => void lines.push(line));
  const host = await virtualHost({ dir: join(dir, 'simulated'), log });
  const platform = platformOf(host.device, host.amd, { simulated: true, log });
  const launcher = await LaunchedGuests.open(host.starter, log);
  const state = { path: dir, close: () => undefined };
  const sources = sourcesForTests({ platform, guests: [launcher], launchers: [launcher] });
  const relay = await start(relayOptionsForTests({ state, log }), sources);
  onTestFinished(() => relay.close());
  const client = await TestClient.pair(relay.pairingLink);
  const records = (): Record<string, Uint8Array> => ({
    'the WebSocket': toUtf8(client.frames.join('\n')),
    'the log': toUtf8(lines.join('')),
    ...Object.fromEntries(filesBelow(dir).map((path) => [path, readFileSync(path)])),
  });
  return { host, client, records };
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const chainOf = ({ ask, ark, ...certs }: ResultOf<'platform.certificates'>) => ({
  pdh: parseSevCert(certs.pdh),
  pek: parseSevCert(certs.pek),
  oca: parseSevCert(certs.oca),
  cek: parseSevCert(certs.cek),
  ask: parseCaCert(ask!),
  ark: parseCaCert(ark!),
});

describeOnVirtualHost('A Guest Owner behind the relay of a virtual SEV host', [], () => {
  it.each([
    ['demo', 0x3, 1],
    ['demo-es', 0x7, 2],
  ])('gets a secret into a real virtual machine, and a report out of it: %s', async (profile, policy, cpus) => {
    const { host, client, records } = await world();
    const trustedPdh = await verifyCertChain(chainOf(await client.ask('platform.certificates', {})), [SIMULATED_ROOT]);
    const raw: Record<string, Uint8Array> = {};
    const session = await makeLaunchSession({
      trustedPdh,
      policy,
      random: webCryptoRandom,
      rawKeys: ({ tek, tik }) => void Object.assign(raw, { TEK: tek.slice(), TIK: tik.slice() }),
    });
    const launch = { profile, policy, dhCert: session.godh, session: session.blob };
    const { id } = await client.ask('guest.launch', launch);

    const { measurement, ...version } = await client.ask('guest.measurement', { id });
    const { measure, mnonce } = parseLaunchMeasure(measurement);
    const { apiMajor, apiMinor, build } = version;
    const reported = { measure, mnonce, apiMajor, apiMinor, build, policy: version.policy };
    const expectation = await expectationFor({ guestImage: demoGuestImage(), cpus, cpuModel: 'EPYC' }, policy);
    const decision = await decide({ session, expectation, reported });
    if (decision.kind !== 'release') throw new Error(JSON.stringify(decision.findings, undefined, 1));

    const table = encodeSecretTable([{ guid: DISK_GUID, data: toUtf8(SECRET) }]);
    const { header, payload } = await sealSecret(decision, table, webCryptoRandom);
    await client.ask('guest.inject', { id, header, secret: payload });
    await client.ask('guest.resume', { id });
    expect(await consoleOf(join(host.guestsFolder, id.split(':')[1]!, 'console.log'))).toBe(TOLD);
    expect(await client.ask('guest.list', {})).toMatchObject([{ id, state: 'running', sev: true }]);

    const asked = webCryptoRandom(16);
    const { report } = await client.ask('guest.report', { id, mnonce: asked });
    const expected = { mnonce: asked, launchDigest: expectation.launchDigest, policy };
    expect(await verifyAttestationReport(parseAttestationReport(report), trustedPdh, expected)).toBeTruthy();

    const found = findLeaks({ ...raw, passphrase: toUtf8(SECRET.slice(0, -1)), table }, records());
    expect(found).toEqual([]);
    expect(findLeaks({ header }, records())).toEqual([expect.stringMatching(/the WebSocket/)]);
    await client.ask('guest.destroy', { id });
    expect(await client.ask('guest.list', {})).toEqual([]);
  });
});
