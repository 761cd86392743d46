// `sev-relay qr`: the chain, a request, a measurement or files as QR codes, in the terminal or in pictures.
import { type AirgapMessage, encodeMessage } from '../../shared/airgap/index.ts';
import { SevError } from '../../shared/errors.ts';
import type { ResultOf } from '../../shared/relay-protocol.ts';
import { parseMonitor } from '../addresses.ts';
import { type Command, type CommandLine, helpOf, readCommandLine, usageError } from '../flags.ts';
import { plain, silentLog } from '../log.ts';
import { showCodes } from '../qr-terminal.ts';
import { writeCodeFiles } from '../qr/files.ts';
import { findRunningRelay } from '../running-relay.ts';
import { QmpGuests } from '../sources/qmp.ts';
import { defaultStatePath } from '../state.ts';
import { PLATFORM_FLAGS, print, withPlatform } from './platform-verb.ts';
import { messageOfFiles } from './qr-message.ts';

export const QR_COMMAND = {
  usage: 'sev-relay qr chain | csr | measurement NAME | FILE… [OPTIONS]',
  summary:
    'Shows QR codes for the verifier’s camera: still when it fits, else animated. The keys + - change the speed, q ends.',
  words: [1, 8],
  flags: {
    out: { value: 'FILE', help: 'write .png or .svg instead' },
    fps: { value: 'N', help: 'codes a second (default 10)' },
    qmp: { value: 'NAME=SOCKET|HOST:PORT', many: true, help: 'where the guest’s monitor is, when no relay runs' },
    'without-ca': { help: 'leave ASK and ARK out of the chain, for a verifier that has them' },
    policy: { value: 'N', help: 'the policy of a session in a file' },
    ...PLATFORM_FLAGS,
  },
} as const satisfies Command<Record<string, { value?: string; many?: true; bare?: true; help: string }>>;

type Given = CommandLine<typeof QR_COMMAND.flags>;

export async function run(args: readonly string[]): Promise<number> {
  const given = readCommandLine(args, QR_COMMAND);
  const { values } = given;
  if (values.help) return print(helpOf(QR_COMMAND));
  const fps = numberOf(values.fps, '--fps', 1, 30);
  const ur = await encodeMessage(await messageOf(given));
  if (values.out !== undefined) return print(`${writeCodeFiles(ur, values.out).join('\n')}\n`);
  const ended = new AbortController();
  process.once('SIGINT', () => ended.abort());
  process.once('SIGTERM', () => ended.abort());
  const speed = fps === undefined ? {} : { framesPerSecond: fps };
  await showCodes(ur, { output: process.stdout, keys: process.stdin, signal: ended.signal, ...speed });
  return 0;
}

function messageOf({ values, words }: Given): Promise<AirgapMessage> {
  const [what, name, ...more] = words;
  if (what === 'chain' && name === undefined) return chainMessage(values);
  if (what === 'csr' && name === undefined) return requestMessage(values);
  if (what === 'measurement' && name !== undefined && more.length === 0) return measurementMessage(values, name);
  if (what === 'measurement') throw usageError('Name the guest: sev-relay qr measurement NAME.');
  return messageOfFiles(words, numberOf(values.policy, '--policy', 0, 0xffffffff));
}

async function chainMessage(values: Given['values']): Promise<AirgapMessage> {
  const { ask, ark, ...platform } = await withPlatform(values, (host) => host.certificates());
  return {
    kind: 'chain',
    ...platform,
    ...(!values['without-ca'] && ask && { ask }),
    ...(!values['without-ca'] && ark && { ark }),
  };
}

/** What the owner signs elsewhere; asking for it changes nothing. */
async function requestMessage(values: Given['values']): Promise<AirgapMessage> {
  return { kind: 'csr', csr: await withPlatform(values, (host) => host.owner.csr()) };
}

/** A running relay holds its guests' monitors, so it is the one to ask; else the monitor itself. */
async function measurementMessage(values: Given['values'], name: string): Promise<AirgapMessage> {
  const relay = await findRunningRelay(values.state ?? defaultStatePath());
  if (relay === undefined) return measurementByMonitor(values.qmp, name);
  try {
    const guests = await relay.ask('guest.list', {});
    const guest = guests.find(({ id }) => id === name) ?? guests.find((one) => one.name === name);
    if (guest === undefined) throw new SevError('RELAY_NO_GUEST', { at: plain(name) });
    return measured(await relay.ask('guest.measurement', { id: guest.id }), guest.id);
  } finally {
    relay.close();
  }
}

async function measurementByMonitor(monitors: readonly string[], name: string): Promise<AirgapMessage> {
  const monitor = monitors.map(parseMonitor).find((one) => one.name === name);
  if (monitor === undefined) {
    throw new SevError('RELAY_NO_GUEST', {
      at: plain(name),
      sentence: 'No relay runs here, and no monitor of this name was given.',
      next: 'Start sev-relay, or name the monitor: --qmp NAME=SOCKET.',
    });
  }
  const guests = new QmpGuests([monitor], silentLog);
  try {
    return measured(await guests.measurement(`qmp:${name}`), `qmp:${name}`);
  } finally {
    await guests.close();
  }
}

const measured = ({ state: _, ...facts }: ResultOf<'guest.measurement'>, guest: string): AirgapMessage => ({
  kind: 'measurement',
  ...facts,
  guest,
});

function numberOf(text: string | undefined, at: string, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usageError(`Give a number from ${min} to ${max}.`, at);
}
