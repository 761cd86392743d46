// `sev-relay qr`: the chain, a request, a measurement, a report or files as QR codes, in the terminal or in pictures.
import { type AirgapMessage, encodeMessage } from '../../../shared/airgap/index.ts';
import { fromBase64, fromHex } from '../../../shared/bytes/text.ts';
import { type Command, type CommandLine, helpOf, readCommandLine, usageError } from '../flags.ts';
import { showCodes } from '../../qr/qr-terminal.ts';
import { writeCodeFiles } from '../../qr/files.ts';
import { withGuest } from './one-guest.ts';
import { print, screen } from '../process-terminal.ts';
import { PLATFORM_FLAGS, withPlatform } from './platform-verb.ts';
import { messageOfFiles } from './qr-message.ts';

export const QR_COMMAND = {
  usage: 'sev-relay qr chain | csr | measurement NAME | report NAME NONCE | FILE… [OPTIONS]',
  summary:
    "Shows QR codes for the verifier's camera: still when it fits, else animated. The keys + - change the speed, q ends.",
  words: [1, 8],
  flags: {
    out: { value: 'FILE', help: 'write .png or .svg instead' },
    fps: { value: 'N', help: 'codes a second (default 10)' },
    qmp: { value: 'NAME=SOCKET|HOST:PORT', many: true, help: "where the guest's monitor is, when no relay has it" },
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
  await showCodes(ur, { output: screen, keys: process.stdin, signal: ended.signal, ...speed });
  return 0;
}

function messageOf({ values, words }: Given): Promise<AirgapMessage> {
  const [what, name, ...more] = words;
  if (what === 'chain' && name === undefined) return chainMessage(values);
  if (what === 'csr' && name === undefined) return requestMessage(values);
  if (what === 'measurement' && name !== undefined && more.length === 0) return measurementMessage(values, name);
  if (what === 'measurement') throw usageError('Name the guest: sev-relay qr measurement NAME.');
  if (what === 'report' && name !== undefined && more.length === 1) return reportMessage(values, name, more[0]!);
  if (what === 'report') throw usageError('Name the guest and give the nonce asked: sev-relay qr report NAME NONCE.');
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

const measurementMessage = (values: Given['values'], name: string): Promise<AirgapMessage> =>
  withGuest(values, name, async (guest) => {
    const { state: _, ...facts } = await guest.measurement();
    return { kind: 'measurement', ...facts, guest: guest.id };
  });

/** @param nonce of the guest owner's request, as base64 or hex */
function reportMessage(values: Given['values'], name: string, nonce: string): Promise<AirgapMessage> {
  const mnonce = nonceOf(nonce.trim());
  return withGuest(values, name, async (guest) => ({
    kind: 'report',
    report: await guest.report(mnonce),
    guest: guest.id,
  }));
}

function nonceOf(text: string): Uint8Array {
  if (/^[0-9a-f]{32}$/i.test(text)) return fromHex(text);
  if (/^[A-Za-z0-9+/]{22}==$/.test(text)) return fromBase64(text, 'NONCE');
  throw usageError('The nonce of the request has 16 bytes: 24 characters of base64, or 32 hex digits.');
}

function numberOf(text: string | undefined, at: string, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usageError(`Give a number from ${min} to ${max}.`, at);
}
