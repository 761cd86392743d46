// True answers of a relay, and the page's connection hearing them as they are, or changed.
import { join } from 'node:path';
import { webCryptoRandom } from '../../shared/crypto/subtle.ts';
import type { SevError } from '../../shared/errors.ts';
import type { MethodName, ParamsOf } from '../../shared/relay-protocol.ts';
import { parseCertChain } from '../../shared/sev/formats/cert-chain.ts';
import { concat } from '../../shared/bytes/writer.ts';
import { makeLaunchSession } from '../../shared/sev/session/launch-session.ts';
import { SIMULATED_ROOT } from '../../shared/trust/simulated-root.ts';
import { verifyCertChain } from '../../shared/sev/verify/cert-chain.ts';
import { silentLog } from '../../relay/serve/log.ts';
import { platformOf } from '../../relay/serve/platform.ts';
import { start } from '../../relay/serve/relay.ts';
import { LaunchedGuests } from '../../relay/sources/launched-guests.ts';
import { startSimulatedHost } from '../../relay/simulator/index.ts';
import { relayOptionsForTests, sourcesForTests, temporaryFolder, TestClient } from '../../relay/testing/testing.ts';
import { type ConnectionState, RelayConnection } from '../../web/relay/connection.ts';
import type { Json } from './lying-relay.ts';

/** Members that an answer may leave out. */
export const OPTIONAL = new Set(['ask', 'ark', 'kernel', 'initrd', 'cmdline', 'sev', 'handle', 'fix']);
/** Answers that carry nothing: `{}`. */
const EMPTY: readonly MethodName[] = [
  'owner.import',
  'owner.rotatePdh',
  'owner.regeneratePek',
  'owner.reset',
  'guest.inject',
  'guest.resume',
  'guest.destroy',
];

/** True answers, as they stand on the wire, of a relay with a simulated host and one launched guest. */
export async function trueAnswers(): Promise<ReadonlyMap<MethodName, Json>> {
  const host = await startSimulatedHost({ dir: join(temporaryFolder(), 'simulated') });
  const launcher = await LaunchedGuests.open(host.starter, silentLog);
  const platform = platformOf(host.device, host.amd, { simulated: true, log: silentLog });
  const checks = [{ id: 'cpu', name: 'CPU', status: 'pass', message: 'EPYC', fix: 'none' }] as const;
  const sources = sourcesForTests({
    platform,
    guests: [launcher],
    launchers: [launcher],
    checks: () => Promise.resolve(checks),
    confirmOwnership: () => Promise.resolve(true),
  });
  const relay = await start(relayOptionsForTests(), sources);
  const client = await TestClient.pair(relay.pairingLink);
  const answers = new Map<MethodName, Json>();
  const ask = async <M extends MethodName>(method: M, params: ParamsOf<M>) => {
    const result = await client.ask(method, params);
    answers.set(method, (JSON.parse(client.frames.at(-1)!) as { result: Json }).result);
    return result;
  };
  answers.set('relay.hello', (JSON.parse(client.frames.at(-1)!) as { result: Json }).result);
  await ask('platform.status', {});
  await ask('platform.identifier', {});
  await ask('platform.checks', {});
  await ask('owner.csr', {});
  const certs = await ask('platform.certificates', {});
  const chain = parseCertChain(concat(certs.pdh, certs.pek, certs.oca, certs.cek, certs.ask!, certs.ark!));
  const trustedPdh = await verifyCertChain(chain, [SIMULATED_ROOT]);
  const session = await makeLaunchSession({ trustedPdh, policy: 3, random: webCryptoRandom });
  await ask('guest.profiles', {});
  const { id } = await ask('guest.launch', { profile: 'demo', policy: 3, dhCert: session.godh, session: session.blob });
  await ask('guest.list', {});
  await ask('guest.measurement', { id });
  await ask('guest.report', { id, mnonce: new Uint8Array(16) });
  await ask('guest.configuration', { id });
  for (const method of EMPTY) answers.set(method, {});
  client.socket.close();
  await relay.close();
  await host.close();
  return answers;
}

/** A socket whose other end answers hello truly, and then as it is told. */
class LyingSocket extends EventTarget {
  closed = false;
  readonly #answer: (id: number, method: string) => string | undefined;
  constructor(answer: (id: number, method: string) => string | undefined) {
    super();
    this.#answer = answer;
    queueMicrotask(() => this.dispatchEvent(new Event('open')));
  }
  send(frame: string): void {
    const { id, method } = JSON.parse(frame) as { id: number; method: string };
    const data = this.#answer(id, method);
    if (data !== undefined) queueMicrotask(() => this.dispatchEvent(new MessageEvent('message', { data })));
  }
  close(): void {
    this.closed = true;
  }
}

/** What came of one question: the result as the page reads it, or the refusal's code; and where the connection stands. */
export interface Heard {
  readonly code: string;
  readonly result?: unknown;
  readonly state: ConnectionState;
}

/** Asks one question of a relay that gives this answer. */
export async function hear(hello: Json, method: MethodName, answer: Json): Promise<Heard> {
  const result = (id: number, value: Json): string => JSON.stringify({ jsonrpc: '2.0', id, result: value });
  const connection = new RelayConnection(
    { url: 'ws://127.0.0.1:8455', code: 'code' },
    {
      openSocket: () => new LyingSocket((id, asked) => result(id, asked === method ? answer : hello)),
      now: () => 0,
      random: () => 0,
    },
  );
  const opened = new Promise<void>((resolve) => {
    connection.watch(({ name }) => void (name === 'connecting' || name === 'stopped' ? undefined : resolve()));
    connection.start();
    connection.watch(({ name }) => void (name === 'stopped' ? resolve() : undefined));
  });
  await opened;
  const asked =
    method === 'relay.hello'
      ? Promise.resolve(connection.state.name === 'open' ? connection.state.hello : undefined)
      : connection.ask(method, {}, { timeoutMs: 1000 });
  const outcome = await asked.then(
    (result) => ({ code: 'answered', result }),
    (error: unknown) => ({ code: (error as SevError).code }),
  );
  const { state } = connection;
  connection.stop();
  return { ...outcome, state };
}

/** The answer without all that it may leave out. */
export function lean(answer: Json): Json {
  if (Array.isArray(answer) || typeof answer !== 'object' || answer === null) return answer;
  return Object.fromEntries(Object.entries(answer).filter(([name]) => !OPTIONAL.has(name)));
}
