// The relay itself: a socket in front, the answers behind it, and the guests' changes told to everybody.
import { encodeNotification, PROTOCOL_VERSION } from '../../shared/relay-protocol.ts';
import { formatHostPort, type HostPort } from '../command/addresses.ts';
import { type Confirm, type Host, makeAnswers } from './answer.ts';
import { CLIENT_LIMITS, type ClientLimits } from './client.ts';
import { InjectionLedger } from './ledger.ts';
import type { Log } from './log.ts';
import { PairingGate, pairingCodeOf } from './pairing.ts';
import { openSocket } from './socket.ts';
import type { GuestSource, HostChecks, Launcher, PlatformSource } from '../sources/types.ts';
import type { StateFolder } from '../state/state.ts';
import { VERSION } from '../../shared/version.ts';

export interface RelayOptions {
  readonly listen: HostPort;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly origins: readonly string[];
  readonly pwa: URL;
  readonly state: StateFolder;
  readonly log: Log;
  readonly limits?: Partial<ClientLimits>;
  readonly maxClients?: number;
}

export interface Sources {
  readonly platform: PlatformSource;
  /** Launchers included. */
  readonly guests: readonly GuestSource[];
  readonly launchers: readonly Launcher[];
  readonly checks: HostChecks;
  readonly confirmOwnership?: Confirm | undefined;
}

export interface Relay {
  readonly url: string;
  /** Opens the verifier already pointed at this relay; the code stands in the fragment, which no server sees. */
  readonly pairingLink: string;
  close(): Promise<void>;
}

/** @throws SevError RELAY_LISTEN, RELAY_STATE, RELAY_FILE */
export async function start(options: RelayOptions, sources: Sources): Promise<Relay> {
  const { log, state } = options;
  const code = pairingCodeOf(state);
  const gate = new PairingGate(code);
  const host: Host = { ...sources, ledger: new InjectionLedger(state), log };
  const answering = makeAnswers(host);
  const hello = {
    relay: `sev-relay ${VERSION}`,
    protocol: PROTOCOL_VERSION,
    simulated: sources.platform.simulated,
    capabilities: answering.methods,
  };
  const socket = await openSocket(
    { listen: options.listen, tls: options.tls, origins: options.origins, maxClients: options.maxClients ?? 256 },
    {
      log,
      limits: { ...CLIENT_LIMITS, ...options.limits },
      admit(token, address) {
        gate.admit(token, address);
        return hello;
      },
      answer: answering.answer,
    },
  );
  const endings = sources.guests.map((source) =>
    source.onChange((change) => {
      log.info(`${change.id} is ${change.state}`);
      socket.broadcast(encodeNotification('guest.changed', change));
    }),
  );
  const url = `${options.tls ? 'wss' : 'ws'}://${formatHostPort(socket.reachable)}`;
  return {
    url,
    pairingLink: pairingLink(options.pwa, url, code),
    async close() {
      endings.forEach((end) => end());
      await socket.close();
      await Promise.allSettled([...sources.guests.map((source) => source.close()), sources.platform.close()]);
    },
  };
}

function pairingLink(pwa: URL, url: string, code: string): string {
  const link = new URL(pwa);
  link.hash = `relay=${url}&code=${code}`;
  return link.href;
}
