// `sev-relay pair NAME`: a code of an owner's own, with what it may reach and until when. It is shown here, once.
import { DAY_MS, DEFAULT_DAYS, addPairing } from '../../serve/pairing.ts';
import { pairingLink } from '../../serve/relay.ts';
import { addressOfRelay, hostIsSimulated } from '../../state/running-relay.ts';
import { defaultStatePath, openSharedState } from '../../state/state.ts';
import { parseWebAddress } from '../addresses.ts';
import { type Command, type Flags, helpOf, HELP_FLAG, readCommandLine, usageError } from '../flags.ts';
import { DEFAULT_PWA } from '../options.ts';
import { print, screen } from '../process-terminal.ts';
import { describePairing } from '../terminal.ts';

export const STATE_FLAG = { value: 'DIR', help: "the relay's state folder (default as for serve)" } as const;

export const PAIR_COMMAND = {
  usage: 'sev-relay pair NAME [OPTIONS]',
  summary:
    'Makes a pairing code for one guest owner and prints its link, once. It reaches the guests that this owner launches, and no others unless you name them.',
  words: [1, 1],
  flags: {
    profile: { value: 'NAME', many: true, help: 'a launch profile that this owner may use (default all)' },
    guest: { value: 'NAME', many: true, help: 'a guest that this owner may reach besides their own' },
    shared: { help: 'let this owner reach every guest that no owner launched' },
    ownership: { help: "let this owner ask for changes of the platform's owner and keys" },
    expires: { value: 'DAYS|never', help: `how long the code is good (default ${DEFAULT_DAYS} days)` },
    relay: {
      value: 'URL',
      help: "the relay's address in the link, ws:// or wss:// (default that of the running relay)",
    },
    pwa: { value: 'URL', help: `where the link opens the verifier (default ${DEFAULT_PWA})` },
    state: STATE_FLAG,
    help: HELP_FLAG,
  },
} as const satisfies Command<Flags>;

const MAX_DAYS = 3650;

/** Refusals come as a rejection, like those of verbs that wait. */
export const run = (args: readonly string[]): Promise<number> => Promise.resolve(args).then(pair);

function pair(args: readonly string[]): number {
  const { values, words } = readCommandLine(args, PAIR_COMMAND);
  if (values.help) return print(helpOf(PAIR_COMMAND));
  const name = words[0]!;
  const pwa = parseWebAddress(values.pwa ?? DEFAULT_PWA, '--pwa');
  const days = parseDays(values.expires ?? String(DEFAULT_DAYS));
  const state = openSharedState(values.state ?? defaultStatePath());
  const url = values.relay === undefined ? addressOfRelay(state.path) : parseRelayAddress(values.relay);
  const now = Date.now();
  const code = addPairing(
    state,
    {
      name,
      scope: {
        guests: values.shared ? 'shared' : 'own',
        ownership: values.ownership,
        ...(values.profile.length > 0 && { profiles: values.profile }),
        ...(values.guest.length > 0 && { named: values.guest }),
      },
      ...(days !== undefined && { expiresAt: now + days * DAY_MS }),
    },
    now,
  );
  const link = pairingLink(pwa, url, code, hostIsSimulated(state.path));
  return print(describePairing(name, link, days, screen.isTTY ? screen.columns || 80 : undefined));
}

function parseDays(text: string): number | undefined {
  if (text === 'never') return undefined;
  const days = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > MAX_DAYS)
    throw usageError(`Write a number of days from 1 to ${MAX_DAYS}, or never.`, '--expires');
  return days;
}

function parseRelayAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['ws:', 'wss:'].includes(url.protocol) || url.search !== '' || url.hash !== '')
    throw usageError('Write an address that begins with ws:// or wss://.', '--relay');
  return url.href.replace(/\/$/, '');
}
