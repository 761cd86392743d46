// `node e2e/tools/run.mjs relay/bench/main.ts [--seconds N]`: what the relay costs, next to talking QMP directly; and how it
// bears 200 clients and 1,000 guests. Needs a build (`npm run build:node`).
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findRunningRelay, type RunningRelay } from '../state/running-relay.ts';
import { QmpConnection } from '../sources/qmp/connection.ts';
import { queryMeasurement } from '../sources/qmp/sev-commands.ts';
import { socketOf } from './guests.ts';
import { describe, median, quantile } from './numbers.ts';

const GUESTS = 1_000;
const CLIENTS = 200;
const CALLS = 1_000;
const WARM_UP = 200;
/** Every client does something else than measuring once in so many calls: it lists all guests. */
const LIST_EVERY = 50;
const GOAL_MS = 1;

export interface RelayTimes {
  /** One call after the other, in milliseconds: by the relay, and the same by QMP directly. */
  readonly byRelay: readonly number[];
  readonly direct: readonly number[];
  /** All clients at once. */
  readonly measured: readonly number[];
  readonly listed: readonly number[];
  readonly failures: number;
  /** MiB resident: with all monitors and no client, at most, and afterwards. */
  readonly memory: { readonly idle: number; readonly most: number; readonly after: number };
}

export { CLIENTS, GUESTS };

export async function main(args: readonly string[]): Promise<number> {
  const seconds = Number(args[args.indexOf('--seconds') + 1]) || 60;
  const times = await timeRelay(seconds);
  print(times, seconds);
  return ownCost(times) < GOAL_MS ? 0 : 1;
}

/** What the relay adds to QMP alone, at the median. */
export const ownCost = ({ byRelay, direct }: RelayTimes): number => median(byRelay) - median(direct);

/** @param seconds how long all clients ask at once */
export async function timeRelay(seconds: number): Promise<RelayTimes> {
  const folder = mkdtempSync(join(tmpdir(), 'sev-bench-'));
  const state = join(folder, 'state');
  mkdirSync(state);
  const started: ChildProcess[] = [];
  try {
    started.push(await startGuests(folder));
    const relay = await startRelay(folder, state);
    started.push(relay);
    return { ...(await oneByOne(folder, state)), ...(await together(state, relay.pid!, seconds)) };
  } finally {
    for (const child of started) child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

function startGuests(folder: string): Promise<ChildProcess> {
  return start([resolve('e2e/tools/run.mjs'), 'relay/bench/guests.ts', folder, String(GUESTS)], 'ready');
}

/** The last guest's monitor is left for talking QMP directly: a monitor serves one client. */
function startRelay(folder: string, state: string): Promise<ChildProcess> {
  const monitors = Array.from({ length: GUESTS - 1 }, (_, i) => ['--qmp', `g${i}=${socketOf(folder, i)}`]).flat();
  const options = ['--listen', '127.0.0.1:0', '--state', state, '--offline', '--log-level', 'error', ...monitors];
  return start([resolve('dist/relay/main.js'), ...options], 'Ctrl-C');
}

function start(args: readonly string[], ready: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((done, failed) => {
    child.once('exit', (code) => failed(new Error(`${args[0]} ended with ${code}`)));
    let said = '';
    child.stdout.on('data', (piece: Buffer) => {
      said += piece.toString('utf8');
      if (said.includes(ready)) done(child);
    });
  });
}

async function connect(state: string): Promise<RunningRelay> {
  const relay = await findRunningRelay(state);
  if (relay === undefined) throw new Error('the relay is not there');
  return relay;
}

/** One call after the other, by the relay and directly, in turns, so that whatever else this machine does hits both. */
async function oneByOne(folder: string, state: string): Promise<Pick<RelayTimes, 'byRelay' | 'direct'>> {
  const relay = await connect(state);
  const silent = { event: () => undefined, closed: () => undefined };
  const monitor = new QmpConnection({ path: socketOf(folder, GUESTS - 1) }, silent);
  await monitor.ready;
  const [byRelay, direct]: [number[], number[]] = [[], []];
  for (let i = 0; i < WARM_UP + CALLS; i++) {
    const one = await timed(() => relay.ask('guest.measurement', { id: `qmp:g${i % (GUESTS - 1)}` }));
    const other = await timed(() => queryMeasurement((command, given) => monitor.execute(command, given)));
    if (i < WARM_UP) continue;
    byRelay.push(one);
    direct.push(other);
  }
  relay.close();
  monitor.close();
  return { byRelay, direct };
}

/** All clients at once, each asking as soon as it was answered. */
async function together(state: string, pid: number, seconds: number): Promise<Omit<RelayTimes, 'byRelay' | 'direct'>> {
  const idle = residentMib(pid);
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect(state)));
  const until = performance.now() + seconds * 1000;
  const [measured, listed]: [number[], number[]] = [[], []];
  let [failures, most] = [0, idle];
  const watch = setInterval(() => (most = Math.max(most, residentMib(pid))), 250);
  await Promise.all(
    clients.map(async (client, who) => {
      for (let i = who; performance.now() < until; i++) {
        try {
          if (i % LIST_EVERY === 0) listed.push(await timed(() => client.ask('guest.list', {})));
          else
            measured.push(await timed(() => client.ask('guest.measurement', { id: `qmp:g${(i * 7) % (GUESTS - 1)}` })));
        } catch {
          failures++;
        }
      }
    }),
  );
  clearInterval(watch);
  clients.forEach((client) => client.close());
  await new Promise((done) => setTimeout(done, 2_000));
  return { measured, listed, failures, memory: { idle, most, after: residentMib(pid) } };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const residentMib = (pid: number): number =>
  Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

function print(times: RelayTimes, seconds: number): void {
  const { byRelay, direct, measured, listed, failures, memory } = times;
  const own = ownCost(times);
  const lines = [
    `measurement by the relay   ${describe(byRelay)}`,
    `the same by QMP directly   ${describe(direct)}`,
    `the relay's own cost       ${own.toFixed(2)} ms at the median, ${(median(byRelay) / median(direct)).toFixed(1)} times QMP alone`,
    `goal                       under ${GOAL_MS} ms: ${own < GOAL_MS ? 'met' : 'MISSED'}`,
    `${CLIENTS} clients for ${seconds} s     ${((measured.length + listed.length) / seconds).toFixed(0)} calls a second, ${failures} failed`,
    `  measurement              ${describe(measured)}`,
    `  list of ${GUESTS - 1} guests       ${describe(listed)}, 99 % within ${quantile(listed, 0.99).toFixed(0)} ms`,
    `  memory of the relay      ${memory.idle.toFixed(0)} MiB before, ${memory.most.toFixed(0)} MiB at most, ${memory.after.toFixed(0)} MiB afterwards`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
